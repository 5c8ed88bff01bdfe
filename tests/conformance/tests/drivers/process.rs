//! One process: how it reads and writes through its cache.

use std::slice;
use std::sync::Arc;

use cache_core::protocol::read::Subject;
use cache_core::protocol::write::{Change, ChangeSet};
use cache_core::store::{Seed, Wanted};
use cache_core::tables::{Declaration, Declared, LookupDeclaration, NamedType, Tables};
use cache_core::{
    Cache, CacheKey, Cause, Ending, Fill, Fingerprint, Invalidation, KeyBytes, Kind, Loaded, ManagerTags, Miss, Missed,
    Reader, Result, Sought, Start, Tag, Timeout, Value,
};
use conformance::simulation::SimulatedLink;
use conformance::{bytes_of, codec, shared};

use crate::city::{Database, Rows};

const TABLE: &str = "products";
const SHELF: &[&str] = &["shelf"];

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

    /// What the answer depends on; `is_found`: whether there is such a row. Before that is known, it may not be. And what
    /// `build` declares of it.
    fn tags(self, build: &Build, is_found: bool) -> (Vec<Tag>, Vec<Declared>) {
        let named = [TABLE.to_owned()];
        let manager = ManagerTags::of(Fingerprint::of(&[b"product"]));
        let tables = &build.tables;
        let subject = Subject { database: database(), manager, table: TABLE, named: &named, tables };
        let tags = match self {
            Self::Row(row) if is_found => subject.found_row(KeyBytes::of(&row)),
            Self::Row(row) => subject.absent_row(KeyBytes::of(&row)),
            Self::All => subject.list(None),
            Self::Shelf(shelf) => subject.scope(Some(shelf_tag(shelf))),
            Self::Value(_) => subject.absent_unique(),
        };
        let declared = subject.declared(&tags);
        (tags, declared)
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

/// What the program of a process declares of the table.
#[derive(Clone, Debug, Default)]
pub struct Build {
    tables: Arc<Tables>,
    lookups: Vec<LookupDeclaration>,
}

impl Build {
    /// One that declares nothing is the default.
    pub fn declaring(lookups: &[LookupDeclaration]) -> Self {
        let key = ("id".to_owned(), NamedType::of::<u64>());
        let declaration = Declaration { table: TABLE.into(), key, lookups: lookups.to_vec(), dependencies: vec![] };
        Self { tables: Arc::new(Tables::new([declaration])), lookups: lookups.to_vec() }
    }

    /// Whether shelves may be asked for: whoever does declares them.
    pub fn reads_shelves(&self) -> bool {
        self.lookups.iter().any(|lookup| !lookup.is_unique)
    }

    /// What a manager's save of `row` changes.
    fn save(&self, row: u64) -> Change {
        let keeps_scopes = self.tables.keeps_scopes(TABLE, &self.lookups);
        Change::Saved { row: Some(KeyBytes::of(&row)), scopes: keeps_scopes.then(|| self.scopes(row)) }
    }

    /// What a manager's insert of `row` changes.
    fn insert(&self, row: u64) -> Change {
        let knows_scopes = self.tables.knows_all_scopes(TABLE, &self.lookups);
        Change::Inserted { row: Some(KeyBytes::of(&row)), scopes: knows_scopes.then(|| self.scopes(row)) }
    }

    fn scopes(&self, row: u64) -> Vec<Tag> {
        self.lookups.iter().filter(|lookup| !lookup.is_unique).map(|_| shelf_tag(row % 2)).collect()
    }

    fn changes(&self, change: &Change) -> ChangeSet {
        let mut changes = ChangeSet::new();
        changes.add(TABLE, change, &self.tables);
        changes
    }
}

/// The scope of the shelves.
pub fn shelf(is_fixed: bool) -> LookupDeclaration {
    let value = NamedType::of::<u64>();
    LookupDeclaration { columns: SHELF, is_exact: true, is_fixed, is_unique: false, normalizer: None, value }
}

/// The unique look-up of the values.
pub fn unique_value() -> LookupDeclaration {
    LookupDeclaration { columns: &["value"], is_unique: true, ..shelf(false) }
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
            let hit = |rows: Rows| {
                reader.hit();
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

    /// Places the intents of an update of `row` in two caches: this one, and that of `other`.
    pub fn place_in_both(&self, other: &Self, row: u64) -> Write {
        let changes = self.build.changes(&self.build.save(row));
        let mut invalidation = Invalidation::of(database());
        invalidation.place(&changes, &[self.cache.clone(), other.cache.clone()]);
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

    /// Adds `row` through a manager, which gets it back from the database.
    pub fn add(&self, row: u64, value: u64) {
        let write = self.place_change(&self.build.insert(row));
        self.database.set(row, value);
        self.release(write, Ending::Over);
    }

    /// Updates `row` by a statement that names it by its key.
    pub fn update_by_key(&self, row: u64, value: u64) {
        let sets_unique = self.build.tables.has_unique(TABLE);
        let write = self.place_change(&Change::Update { row: KeyBytes::of(&row), sets_unique });
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

    fn start(&self, reader: &Reader<'_>, question: Question, seen: &[(Tag, Seed)]) -> Start {
        let (tags, declared) = question.tags(&self.build, false);
        reader.start(&Sought { seen, ..Sought::new(question.key(), &tags, &declared) })
    }

    fn look(&self, reader: &Reader<'_>, question: Question) -> core::result::Result<Rows, Missed> {
        // Of some rows only those tags are asked for that they depend on while they are there.
        let is_in_part = matches!(question, Question::Row(row) if row % 2 == 0);
        let tags = || question.tags(&self.build, is_in_part).0;
        let wanted = Wanted { key: question.key(), tags: &tags, codec: Some(codec()) };
        let (value, _) = reader.look_up(&wanted)?;
        Ok(unpacked(&value))
    }

    fn store(&self, reader: &Reader<'_>, fill: Fill, question: Question, rows: &Rows) {
        let lifetime = Timeout::from_secs(3_600).into();
        let loaded = Loaded { value: packed(rows), weight: 16, codec: Some(codec()), lifetime };
        let leads_to_a_row = matches!(question, Question::Value(_)) && !rows.is_empty();
        if fill.may_store() && !leads_to_a_row {
            fill.store(reader, loaded, question.tags(&self.build, !rows.is_empty()).0);
        }
    }
}

fn database() -> cache_core::Database {
    cache_core::Database::named("city")
}

fn shelf_tag(shelf: u64) -> Tag {
    database().table(TABLE).scope(SHELF, KeyBytes::of(&shelf))
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
