//! A store outside of the process of which a test does what it likes, and reads and writes over it.

use std::fmt;
use std::slice;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cache_core::protocol::notes::Notes;
use cache_core::protocol::write::{Change, ChangeSet};
use cache_core::store::{
    Beginning, Begun, ComparingStore, Lease, LookUp, MemoryStore, NoteStore, Operation, PipeliningStore, Placing, Put,
    Release, Seeded, Sharding, SharedStore, SlotStore, Started, Starting, Store, Stored, Usage, Wanted, Writer,
};
use cache_core::tables::Tables;
use cache_core::{
    Cache, CacheKey, Cause, Database, Error, ErrorKind, Fill, Fingerprint, Invalidation, KeyBytes, Kind, Life, Loaded,
    Miss, NearCounts, Reader, Result, Sought, Start, Tag, TagKind, Timeout, Timestamp, Token, Value, WriteEnd,
};
use conformance::in_steps;

type Hook = Arc<dyn Fn(Operation) -> Result<()> + Send + Sync>;

/// Before each call the hook is called, and fails it; `surplus` answers more are given than were asked for, or fewer.
#[derive(Clone)]
pub struct Hooked {
    inner: Arc<MemoryStore>,
    hook: Arc<Mutex<Option<Hook>>>,
    surplus: Arc<Mutex<isize>>,
}

impl fmt::Debug for Hooked {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Hooked")
    }
}

impl Hooked {
    pub fn new() -> Self {
        let inner = Arc::new(MemoryStore::with_capacity(1 << 20).unwrap());
        Self { inner, hook: Arc::default(), surplus: Arc::default() }
    }

    pub fn hook(&self, hook: impl Fn(Operation) -> Result<()> + Send + Sync + 'static) {
        *self.hook.lock().unwrap() = Some(Arc::new(hook));
    }

    pub fn unhook(&self) {
        *self.hook.lock().unwrap() = None;
    }

    pub fn answer_with_surplus(&self, surplus: isize) {
        *self.surplus.lock().unwrap() = surplus;
    }

    fn enter(&self, operation: Operation) -> Result<()> {
        let hook = self.hook.lock().unwrap().clone();
        hook.map_or(Ok(()), |hook| hook(operation))
    }

    fn answers<T: Clone>(&self, mut answers: Vec<T>) -> Vec<T> {
        let surplus = *self.surplus.lock().unwrap();
        let length = answers.len().saturating_add_signed(surplus);
        if let Some(last) = answers.last().cloned() {
            answers.resize(length, last);
        }
        answers
    }
}

impl Store for Hooked {
    /// What is in memory is looked up: the hook sees each look.
    fn find(&self, _key: &CacheKey, _at: Timestamp) -> Option<(Value, Life)> {
        None
    }

    fn look(&self, wanted: &[Wanted<'_>], now: Timestamp) -> Result<Vec<LookUp>> {
        self.enter(Operation::Get)?;
        self.inner.look(wanted, now).map(|found| self.answers(found))
    }

    fn seed(&self, tags: &[Tag], tables: &[Tag], now: Timestamp) -> Result<Seeded> {
        self.enter(Operation::Seed)?;
        let seeded = self.inner.seed(tags, tables, now)?;
        Ok(Seeded { seeds: self.answers(seeded.seeds), ..seeded })
    }

    fn put(&self, entries: Vec<Put>, lease: Option<(Lease, Writer)>, now: Timestamp) -> Result<Vec<Stored>> {
        self.enter(Operation::Put)?;
        let stored = self.inner.put(entries, None, now)?;
        if let Some((name, holder)) = lease {
            drop(self.give_up(name, holder, &[]));
        }
        Ok(stored)
    }

    fn remove(&self, keys: &[CacheKey], now: Timestamp) -> Result<()> {
        self.enter(Operation::Remove)?;
        self.inner.remove(keys, now)
    }

    fn place(&self, placing: &Placing<'_>, now: Timestamp) -> Result<Vec<Option<Notes>>> {
        self.enter(Operation::Place)?;
        self.inner.place(placing, now)
    }

    fn release(
        &self,
        writer: Writer,
        releases: &[Release],
        tables: &[Tag],
        now: Timestamp,
    ) -> Result<Vec<Option<Notes>>> {
        self.enter(Operation::Release)?;
        self.inner.release(writer, releases, tables, now)
    }

    fn comparer(&self) -> Option<&dyn ComparingStore> {
        None
    }

    fn reclaim(&self) -> Result<()> {
        self.enter(Operation::Reclaim)?;
        self.inner.reclaim()
    }

    fn usage(&self) -> Usage {
        self.inner.usage()
    }

    fn shared(&self) -> Option<&dyn SharedStore> {
        Some(self)
    }

    fn slots(&self) -> Option<&dyn SlotStore> {
        None
    }
}

impl SharedStore for Hooked {
    fn set_operation_timeout(&self, _timeout: Duration) {}

    fn keeps_bytes_only(&self) -> bool {
        false
    }

    fn sharding(&self) -> Sharding {
        Sharding::Whole
    }

    fn lease(&self, _name: Lease, _holder: Writer, _life: Duration) -> Result<bool> {
        self.enter(Operation::Lease)?;
        Ok(true)
    }

    fn start(&self, starting: &Starting<'_>, now: Timestamp) -> Result<Started> {
        in_steps::start(self, starting, now)
    }

    fn begin(&self, beginning: &Beginning<'_>, now: Timestamp) -> Result<Begun> {
        in_steps::begin(self, beginning, now)
    }

    fn give_up(&self, _name: Lease, _holder: Writer, _unused: &[(Tag, Token)]) -> Result<()> {
        self.enter(Operation::EndLease)
    }

    fn pipelining(&self) -> Option<&dyn PipeliningStore> {
        None
    }

    fn notes(&self) -> Option<&dyn NoteStore> {
        None
    }

    fn near_counts(&self, _now: Timestamp) -> Option<NearCounts> {
        None
    }

    fn incarnations_met(&self) -> u64 {
        1
    }

    fn shut_down(&self) {}
}

pub fn failed() -> Error {
    Error::new(ErrorKind::Store, "told to fail")
}

pub fn database() -> Database {
    Database::named("shop")
}

pub fn any() -> Tag {
    database().table("products").whole(TagKind::Any)
}

pub fn key(id: i32) -> CacheKey {
    let part = Fingerprint::of(&[b"test"]);
    CacheKey { space: part, manager: part, kind: Kind::List, id: KeyBytes::of(&id) }
}

pub fn reading<T>(cache: &Cache, read: impl FnOnce(&Reader<'_>) -> T) -> T {
    let counters = cache.counters("product", Kind::List);
    read(&Reader { cache, manager: "product", kind: Kind::List, counters: &counters })
}

pub fn look_up(cache: &Cache, id: i32) -> std::result::Result<i32, Miss> {
    let wanted = Wanted { key: key(id), tags: &Vec::new, codec: None };
    reading(cache, |reader| reader.look_up(&wanted).map(|(value, _)| number(&value)).map_err(|missed| missed.cause))
}

pub fn number(value: &Value) -> i32 {
    match value {
        Value::Shared(number) => *number.downcast_ref().unwrap(),
        _ => panic!("no number"),
    }
}

pub fn start(cache: &Cache, id: i32) -> Start {
    reading(cache, |reader| reader.start(&Sought::new(key(id), &[any()], &[])))
}

pub fn end(cache: &Cache, fill: Fill, value: i32) {
    reading(cache, |reader| fill.store(reader, loaded(value), vec![any()]));
}

pub fn loaded(value: i32) -> Loaded {
    Loaded {
        value: Value::Shared(Arc::new(value)),
        weight: 8,
        codec: None,
        lifetime: Timeout::from_secs(3_600).into(),
        begins_at: None,
    }
}

pub fn fill(cache: &Cache, id: i32, value: i32) {
    let Start::Lead(fill) = start(cache, id) else { panic!("nobody else loads") };
    end(cache, *fill, value);
}

pub fn changes() -> ChangeSet {
    let mut changes = ChangeSet::new();
    changes.add("products", &Change::Change, &Tables::default());
    changes
}

pub fn place(caches: &[Cache]) -> Invalidation {
    let mut invalidation = Invalidation::of(database());
    invalidation.place(&changes(), caches);
    invalidation
}

pub fn release(invalidation: Invalidation, caches: &[Cache]) {
    invalidation.release(&changes(), WriteEnd::Over, Cause::Statement, caches);
}

pub fn write(cache: &Cache) {
    release(place(slice::from_ref(cache)), slice::from_ref(cache));
}
