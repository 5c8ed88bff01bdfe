//! One process: how it reads and writes through its cache.

use std::slice;
use std::sync::Arc;

use cache_core::protocol::read::Subject;
use cache_core::protocol::write::{Change, ChangeSet};
use cache_core::store::Wanted;
use cache_core::tables::Tables;
use cache_core::{
    Cache, CacheKey, Cause, Ending, Fill, Fingerprint, Invalidation, KeyBytes, Kind, Loaded, ManagerTags, Miss, Reader,
    Result, Start, Tag, Timeout, Value,
};
use conformance::simulation::SimulatedLink;
use conformance::{bytes_of, codec, shared};

use crate::city::{Database, Rows};

const TABLE: &str = "products";

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// One row, which need not exist.
    Row(u64),
    /// All rows.
    All,
}

/// A process of the city.
#[derive(Clone, Debug)]
pub struct Process {
    pub cache: Cache,
    pub link: SimulatedLink,
    pub database: Database,
}

impl Question {
    fn kind(self) -> Kind {
        match self {
            Self::Row(_) => Kind::Detail,
            Self::All => Kind::List,
        }
    }

    pub fn key(self) -> CacheKey {
        let part = Fingerprint::of(&[b"city"]);
        let id = match self {
            Self::Row(row) => KeyBytes::of(&row),
            Self::All => KeyBytes::EMPTY,
        };
        CacheKey { space: part, manager: part, kind: self.kind(), id }
    }

    /// What the answer depends on; `is_found`: whether there is such a row. Before that is known, it may not be.
    fn tags(self, is_found: bool) -> Vec<Tag> {
        let (named, tables) = ([TABLE.to_owned()], Tables::default());
        let manager = ManagerTags::of(Fingerprint::of(&[b"product"]));
        let subject = Subject { database: database(), manager, table: TABLE, named: &named, tables: &tables };
        match self {
            Self::Row(row) if is_found => subject.found_row(KeyBytes::of(&row)),
            Self::Row(row) => subject.absent_row(KeyBytes::of(&row)),
            Self::All => subject.list(None),
        }
    }

    /// The answer, as the database has it.
    pub fn answer(self, rows: &Rows) -> Rows {
        rows.iter()
            .filter(|(row, _)| self == Self::All || self == Self::Row(**row))
            .map(|(row, at)| (*row, *at))
            .collect()
    }
}

/// A write on its way.
#[derive(Debug)]
pub struct Write {
    invalidation: Invalidation,
    changes: ChangeSet,
}

impl Process {
    /// Reads through the cache, and stores what was not there.
    pub fn read(&self, question: Question) -> Rows {
        self.read_while(question, || {})
    }

    /// The same; if the database has to be asked, `work` is done after it has answered and before that is stored.
    pub fn read_while(&self, question: Question, work: impl FnOnce()) -> Rows {
        self.reading(question, |reader| {
            let hit = || look(reader, question).inspect(|_| reader.hit()).ok();
            if let Some(rows) = hit() {
                return rows;
            }
            let mut fill = match reader.start(question.key(), &question.tags(false)) {
                Start::Lead(fill) => fill,
                _ => return question.answer(&self.database.rows()),
            };
            if let Some(rows) = fill.approach(reader, reader.lease_wait(), hit) {
                return rows;
            }
            let rows = question.answer(&self.database.rows());
            work();
            store(reader, *fill, question, &rows);
            rows
        })
    }

    /// What the cache has, or why it has nothing.
    pub fn look_up(&self, question: Question) -> core::result::Result<Rows, Miss> {
        self.reading(question, |reader| look(reader, question))
    }

    /// Takes tokens and queries; what was read is stored by [`end_fill`](Self::end_fill).
    pub fn begin_fill(&self, question: Question) -> Option<(Box<Fill>, Rows)> {
        self.reading(question, |reader| match reader.start(question.key(), &question.tags(false)) {
            Start::Lead(fill) => Some((fill, question.answer(&self.database.rows()))),
            _ => None,
        })
    }

    /// Stores what was read after [`begin_fill`](Self::begin_fill).
    pub fn end_fill(&self, question: Question, (fill, rows): (Box<Fill>, Rows)) {
        self.reading(question, |reader| store(reader, *fill, question, &rows));
    }

    /// Places the intents of an update of `row`.
    pub fn place(&self, row: u64) -> Write {
        self.place_change(&Change::Save(Some(KeyBytes::of(&row))))
    }

    /// Places the intents of an insert of a row that somebody else may insert too.
    pub fn place_new(&self) -> Write {
        self.place_change(&Change::Upsert)
    }

    /// Places the intents of an update of `row`, or refuses it.
    pub fn ensure(&self, row: u64) -> Result<Write> {
        let changes = changes(&Change::Save(Some(KeyBytes::of(&row))));
        let mut invalidation = Invalidation::of(database());
        invalidation.ensure(&changes, slice::from_ref(&self.cache))?;
        Ok(Write { invalidation, changes })
    }

    fn place_change(&self, change: &Change) -> Write {
        let changes = changes(change);
        let mut invalidation = Invalidation::of(database());
        invalidation.place(&changes, slice::from_ref(&self.cache));
        Write { invalidation, changes }
    }

    /// The write is over, or its end is not known.
    pub fn release(&self, write: Write, ending: Ending) {
        write.invalidation.release(&write.changes, ending, Cause::Statement, slice::from_ref(&self.cache));
    }

    /// The write is rolled back.
    pub fn end(&self, write: Write) {
        write.invalidation.end(slice::from_ref(&self.cache));
    }

    /// Updates `row`.
    pub fn update(&self, row: u64, value: u64) {
        let write = self.place(row);
        self.database.set(row, value);
        self.release(write, Ending::Over);
    }

    /// Adds `row`.
    pub fn insert(&self, row: u64, value: u64) {
        let write = self.place_change(&Change::Insert);
        self.database.set(row, value);
        self.release(write, Ending::Over);
    }

    /// Removes `row`.
    pub fn delete(&self, row: u64) {
        let write = self.place_change(&Change::Delete(Some(KeyBytes::of(&row))));
        self.database.delete(row);
        self.release(write, Ending::Over);
    }

    /// How many writes the server has not heard of.
    pub fn dirty_count(&self) -> u64 {
        self.cache.statistics().store.dirty_tag_count
    }

    /// How often the server did not take what a write told it.
    pub fn failures(&self) -> u64 {
        self.cache.statistics().invalidation_failure_count
    }

    fn reading<T>(&self, question: Question, read: impl FnOnce(&Reader<'_>) -> T) -> T {
        let kind = question.kind();
        let counters = self.cache.counters("product", kind);
        read(&Reader { cache: &self.cache, manager: "product", kind, counters: &counters })
    }
}

fn database() -> cache_core::Database {
    cache_core::Database::named("city")
}

fn changes(change: &Change) -> ChangeSet {
    let mut changes = ChangeSet::new();
    changes.add(TABLE, change, &Tables::default());
    changes
}

fn look(reader: &Reader<'_>, question: Question) -> core::result::Result<Rows, Miss> {
    let wanted = Wanted { key: question.key(), tags: &|| question.tags(true), codec: Some(codec()) };
    let (value, _) = reader.look_up(&wanted)?;
    Ok(unpacked(&value))
}

fn store(reader: &Reader<'_>, fill: Fill, question: Question, rows: &Rows) {
    let loaded =
        Loaded { value: packed(rows), weight: 16, codec: Some(codec()), lifetime: Timeout::from_secs(3_600).into() };
    if fill.may_store() {
        fill.store(reader, loaded, question.tags(!rows.is_empty()));
    }
}

fn packed(rows: &Rows) -> Value {
    let bytes: Vec<u8> =
        rows.iter().flat_map(|(row, value)| [row.to_le_bytes(), value.to_le_bytes()]).flatten().collect();
    shared(&bytes)
}

fn unpacked(value: &Value) -> Rows {
    let bytes = Arc::new(bytes_of(value).unwrap());
    let number = |part: &[u8]| u64::from_le_bytes(part.try_into().unwrap());
    bytes.chunks(16).map(|pair| (number(&pair[..8]), number(&pair[8..]))).collect()
}
