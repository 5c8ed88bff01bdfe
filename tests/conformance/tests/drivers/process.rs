//! One process: how it reads and writes through its cache.

use std::slice;
use std::sync::Arc;

use cache_core::protocol::fill::{SeededTag, row_seeds, second_look};
use cache_core::protocol::read::Subject;
use cache_core::protocol::settle::Former;
use cache_core::protocol::sharding::Sharding;
use cache_core::protocol::write::{Change, ChangeSet};
use cache_core::store::{Link, Outcome, Seed, TagName, Wanted, Writer};
use cache_core::tables::TableDeclaration;
use cache_core::{
    Cache, CacheKey, Cause, Conclusion, Fill, Fingerprint, Invalidation, KeyBytes, Kind, Loaded, Loaders, ManagerTags,
    Miss, Missed, Reader, Result, Settlement, Sought, Start, Tag, Timeout, Value, WriteEnd,
};
use conformance::simulation::SimulatedLink;
use conformance::{bytes_of, codec, shared};

use crate::build::{Build, TABLE, database, shelf_tag};
use crate::city::{Database, INTENT_LIFE, Rows};

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// One row, which need not exist.
    Row(u64),
    /// All rows.
    All,
    /// The rows on a shelf: those whose number leaves so much when it is halved.
    Shelf(u64),
    /// Rows of this value, which one row has at most: it is kept that there are none.
    Value(u64),
}

/// A process of the city.
#[derive(Clone, Debug)]
pub struct Process {
    pub build: Build,
    pub cache: Cache,
    pub link: SimulatedLink,
    pub database: Database,
    /// Who asks the database for what is not a list: each process that misses it, as managers have it.
    pub loaders: Loaders,
}

impl Question {
    fn kind(self) -> Kind {
        match self {
            Self::Row(_) => Kind::Detail,
            Self::All => Kind::List,
            Self::Shelf(_) => Kind::Scope,
            Self::Value(_) => Kind::Unique,
        }
    }

    pub fn key(self) -> CacheKey {
        let part = Fingerprint::of(&[b"city"]);
        let id = match self {
            Self::Row(number) | Self::Shelf(number) | Self::Value(number) => KeyBytes::of(&number),
            Self::All => KeyBytes::EMPTY,
        };
        CacheKey { space: part, manager: part, kind: self.kind(), id }
    }

    /// What the answer depends on; `is_found`: whether there is such a row, if that is known. And what `build` declares of
    /// it.
    pub fn tags(self, build: &Build, is_found: Option<bool>) -> (Vec<Tag>, Vec<TableDeclaration>) {
        self.with_subject(build, |subject| {
            let tags = match self {
                Self::Row(row) if is_found == Some(true) => subject.found_row(build.row_key(row)),
                Self::Row(row) => subject.absent_row(build.row_key(row)),
                Self::All => subject.list(None),
                Self::Shelf(shelf) => subject.scope(Some(shelf_tag(shelf))),
                Self::Value(_) if is_found.is_none() => subject.unique(),
                Self::Value(_) => subject.absent_unique(),
            };
            let declared = subject.declared(&tags);
            (tags, declared)
        })
    }

    /// Works with what is read, by what `build` declares.
    pub fn with_subject<T>(self, build: &Build, work: impl FnOnce(&Subject<'_>) -> T) -> T {
        let named = [TABLE.to_owned()];
        let manager = ManagerTags::of(Fingerprint::of(&[b"product"]));
        let tables = &build.tables;
        let space = Fingerprint::of(&[b"shop"]);
        work(&Subject {
            database: database(),
            space,
            manager,
            table: TABLE,
            named: &named,
            tables,
            sharding: Sharding::Whole,
        })
    }

    /// Whether `row`, which has `value`, belongs to the answer.
    pub fn asks_for(self, row: u64, value: u64) -> bool {
        match self {
            Self::Row(asked) => row == asked,
            Self::All => true,
            Self::Shelf(shelf) => row % 2 == shelf,
            Self::Value(asked) => value == asked,
        }
    }

    /// The answer, as the database has it.
    pub fn answer(self, rows: &Rows) -> Rows {
        rows.iter().filter(|(row, value)| self.asks_for(**row, **value)).map(|(row, value)| (*row, *value)).collect()
    }
}

/// Whether an answer may be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeping {
    Dropped,
    Stored,
}

/// A write on its way.
#[derive(Debug)]
pub struct Write {
    invalidation: Invalidation,
    changes: ChangeSet,
}

impl Write {
    pub fn into_parts(self) -> (Invalidation, ChangeSet) {
        (self.invalidation, self.changes)
    }
}

impl Process {
    /// Reads through the cache, and stores what was not there.
    pub fn read(&self, question: Question) -> Rows {
        self.read_while(question, || {})
    }

    /// The same; if the database has to be asked, `work` is done after it has answered and before that is stored.
    pub fn read_while(&self, question: Question, work: impl FnOnce()) -> Rows {
        self.reading(question, |reader| {
            let hit = |rows: Rows| {
                reader.hit(|| question.key().id);
                rows
            };
            let missed = match self.look(reader, question) {
                Ok(rows) => return hit(rows),
                Err(missed) => missed,
            };
            let mut fill = match self.start(reader, question, &missed.seen) {
                Start::Lead(fill) => fill,
                _ => return question.answer(&self.database.rows()),
            };
            let again = |value: Value, _| Some(unpacked(&value));
            if let Some(rows) = fill.approach(reader, reader.lease_wait(), Some(codec()), again) {
                return hit(rows);
            }
            let rows = question.answer(&self.database.rows());
            work();
            self.store(reader, *fill, question, &rows);
            rows
        })
    }

    /// Asks the database without looking, or because what is cached is stale. The answer is stored, if it `may` be.
    pub fn refresh(&self, question: Question, former: Former, may: Keeping) -> Rows {
        self.reading(question, |reader| {
            let start = self.start(reader, question, &[]);
            let rows = question.answer(&self.database.rows());
            match start {
                Start::Lead(fill) if may == Keeping::Stored => self.conclude(reader, *fill, (question, former), &rows),
                _ => {
                    let verdict = Settlement { key: question.key(), former, keep: None };
                    reader.settle(None, vec![verdict]);
                }
            }
            rows
        })
    }

    /// What the cache has, or why it has nothing.
    pub fn look_up(&self, question: Question) -> core::result::Result<Rows, Miss> {
        self.reading(question, |reader| self.look(reader, question).map_err(|missed| missed.cause))
    }

    /// Takes tokens and queries; what was read is stored by [`end_fill`](Self::end_fill).
    pub fn begin_fill(&self, question: Question) -> Option<(Box<Fill>, Rows)> {
        self.reading(question, |reader| match self.start(reader, question, &[]) {
            Start::Lead(fill) => Some((fill, question.answer(&self.database.rows()))),
            _ => None,
        })
    }

    /// Stores what was read after [`begin_fill`](Self::begin_fill).
    pub fn end_fill(&self, question: Question, (fill, rows): (Box<Fill>, Rows)) {
        self.reading(question, |reader| self.store(reader, *fill, question, &rows));
    }

    /// Places the intents of an update of `row`.
    pub fn place(&self, row: u64) -> Write {
        self.place_change(&self.build.save(row))
    }

    /// Places the intents of an insert of a row that somebody else may insert too.
    pub fn place_new(&self) -> Write {
        self.place_change(&Change::Upsert)
    }

    /// Places the intents of an insert of `row` through a manager.
    pub fn place_inserted(&self, row: u64) -> Write {
        self.place_change(&self.build.insert(row))
    }

    /// Places the intents of an update of `row`, or refuses it.
    pub fn ensure(&self, row: u64) -> Result<Write> {
        let changes = self.build.changes(&self.build.save(row));
        let mut invalidation = Invalidation::of(database());
        invalidation.ensure(&changes, slice::from_ref(&self.cache))?;
        Ok(Write { invalidation, changes })
    }

    fn place_change(&self, change: &Change) -> Write {
        let changes = self.build.changes(change);
        let mut invalidation = Invalidation::of(database());
        invalidation.place(&changes, slice::from_ref(&self.cache));
        Write { invalidation, changes }
    }

    /// Places intents beside each tag that an update of `row` changes, as programs of earlier versions do, which keep no
    /// intent beside the table.
    pub fn place_beside_each(&self, row: u64) -> (Writer, Vec<TagName>) {
        let tags = self.build.changes(&self.build.save(row)).tags(&database());
        let names: Vec<TagName> = tags.iter().map(|tag| self.link.names().tag(tag)).collect();
        let writer = Writer::fresh();
        self.link.place(writer, &names, INTENT_LIFE, &[]).unwrap();
        (writer, names)
    }

    /// Releases them, as those programs do.
    pub fn release_each(&self, (writer, names): (Writer, Vec<TagName>)) {
        let releases: Vec<_> = names.into_iter().map(|name| (name, Outcome::Changed)).collect();
        self.link.release(writer, &releases, &[]).unwrap();
    }

    /// Places the intents of an update of `row` in two caches: this one, and that of `other`.
    pub fn place_in_both(&self, other: &Self, row: u64) -> Write {
        let changes = self.build.changes(&self.build.save(row));
        let mut invalidation = Invalidation::of(database());
        invalidation.place(&changes, &[self.cache.clone(), other.cache.clone()]);
        Write { invalidation, changes }
    }

    /// The write is over, which was placed in two caches.
    pub fn release_in_both(&self, other: &Self, write: Write) {
        let caches = [self.cache.clone(), other.cache.clone()];
        write.invalidation.release(&write.changes, WriteEnd::Over, Cause::Statement, &caches);
    }

    /// The write is over, or its end is not known.
    pub fn release(&self, write: Write, ending: WriteEnd) {
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
        self.release(write, WriteEnd::Over);
    }

    /// Adds `row`.
    pub fn insert(&self, row: u64, value: u64) {
        let write = self.place_change(&Change::Insert);
        self.database.set(row, value);
        self.release(write, WriteEnd::Over);
    }

    /// Adds `row` through a manager, which gets it back from the database.
    pub fn add(&self, row: u64, value: u64) {
        let write = self.place_change(&self.build.insert(row));
        self.database.set(row, value);
        self.release(write, WriteEnd::Over);
    }

    /// Updates `row` by a statement that names it by its key.
    pub fn update_by_key(&self, row: u64, value: u64) {
        let write = self.place_change(&self.build.update(row));
        self.database.set(row, value);
        self.release(write, WriteEnd::Over);
    }

    /// Removes `row`.
    pub fn delete(&self, row: u64) {
        let write = self.place_change(&Change::Delete(Some(self.build.row_key(row))));
        self.database.delete(row);
        self.release(write, WriteEnd::Over);
    }

    /// How many writes the server has not heard of.
    pub fn dirty_count(&self) -> u64 {
        self.cache.statistics().store.dirty_tag_count
    }

    /// How often the server did not take what a write told it.
    pub fn failures(&self) -> u64 {
        self.cache.statistics().invalidation_failure_count
    }

    pub fn reading<T>(&self, question: Question, read: impl FnOnce(&Reader<'_>) -> T) -> T {
        let kind = question.kind();
        let counters = self.cache.counters("product", kind);
        read(&Reader { cache: &self.cache, manager: "product", kind, counters: &counters })
    }

    fn start(&self, reader: &Reader<'_>, question: Question, seen: &[(Tag, Option<Seed>)]) -> Start {
        let (tags, declared) = question.tags(&self.build, None);
        let loaders = match question {
            Question::Row(_) | Question::Value(_) => self.loaders,
            Question::All | Question::Shelf(_) => Loaders::OneProcess,
        };
        reader.start(&Sought { seen, loaders, ..Sought::new(question.key(), &tags, &declared) })
    }

    fn look(&self, reader: &Reader<'_>, question: Question) -> core::result::Result<Rows, Missed> {
        // Of some rows only those tags are asked for that they depend on while they are there.
        let is_found = matches!(question, Question::Row(row) if row % 2 == 0).then_some(true);
        let tags = || question.tags(&self.build, is_found).0;
        let wanted = Wanted { key: question.key(), tags: &tags, codec: Some(codec()) };
        let (value, _) = reader.look_up(&wanted)?;
        Ok(unpacked(&value))
    }

    fn store(&self, reader: &Reader<'_>, fill: Fill, question: Question, rows: &Rows) {
        if fill.may_store() {
            self.conclude(reader, fill, (question, Former::Unserved), rows);
        }
    }

    /// Stores an answer, or removes what was there before if it may not be stored.
    fn conclude(&self, reader: &Reader<'_>, fill: Fill, (question, former): (Question, Former), rows: &Rows) {
        let (mut late, mut verdicts) = (Vec::new(), Vec::new());
        let mut keep = |question: Question, is_found| {
            let keep = Some((loaded(rows), question.tags(&self.build, is_found).0));
            verdicts.push(Settlement { key: question.key(), former, keep });
        };
        match (question, rows.keys().next()) {
            (Question::Value(_), Some(row)) if rows.len() == 1 => {
                // A row that was not asked for by its key is stored if nobody wrote meanwhile.
                if let Some(seed) = self.row_seed(reader, &fill, *row) {
                    late.push(seed);
                    keep(Question::Row(*row), Some(true));
                }
            }
            (Question::Value(_), Some(_)) => {}
            (_, first) => keep(question, Some(first.is_some())),
        }
        let shared = (packed(rows), Timeout::from_secs(3_600).into());
        fill.conclude(reader, Conclusion { shared, late, verdicts });
    }

    fn row_seed(&self, reader: &Reader<'_>, fill: &Fill, row: u64) -> Option<SeededTag> {
        let late = second_look(database().table(TABLE), self.build.row_key(row));
        row_seeds(fill.seeds(), &reader.seed(&late)?)?.pop()
    }
}

pub fn loaded(rows: &Rows) -> Loaded {
    let lifetime = Timeout::from_secs(3_600).into();
    Loaded { value: packed(rows), weight: 16, codec: Some(codec()), lifetime, begins_at: None }
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
