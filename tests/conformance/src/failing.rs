//! A store for tests that fails when it is told to, and otherwise does what the one behind it does.

use core::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use core::time::Duration;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use cache_core::protocol::notes::{Notes, Remark};
use cache_core::store::{
    Beginning, Begun, ComparingStore, Exchange, Exchanged, Lease, LookUp, NoteStore, Operation, PipeliningStore,
    Placing, Put, Release, Released, Releasing, Seeded, Sharding, SharedStore, Slot, SlotStore, Slots, Started,
    Starting, Store, Stored, Usage, Wanted, Writer,
};
use cache_core::{
    CacheKey, Error, ErrorKind, Fingerprint, Life, NearCounts, Result, TableTags, Tag, Timestamp, Token, Value,
};

use crate::in_steps;

/// A store that fails when a test says so. Clones share the switches and the store behind.
#[derive(Clone, Debug)]
pub struct FailingStore {
    inner: Arc<dyn Store>,
    is_local: bool,
    switches: Arc<Switches>,
}

#[derive(Debug, Default)]
struct Switches {
    fails: [AtomicBool; Operation::ALL.len()],
    calls: [AtomicU64; Operation::ALL.len()],
    delay_nanos: AtomicU64,
    inside: AtomicUsize,
    most_inside: AtomicUsize,
    /// Those of a store in memory, which has none of its own.
    leases: Mutex<HashMap<Lease, (Writer, Instant)>>,
}

impl FailingStore {
    /// A store that passes everything on to `inner`.
    pub fn new(inner: impl Store) -> Self {
        let is_local = inner.shared().is_none();
        Self { inner: Arc::new(inner), is_local, switches: Arc::default() }
    }

    /// The same, and it is taken for a store outside of this process; clones are what several processes have of it.
    pub fn elsewhere(inner: impl Store) -> Self {
        Self { is_local: false, ..Self::new(inner) }
    }

    /// Lets reads fail from now on, or no longer.
    pub fn fail_reads(&self, fail: bool) {
        self.fail(Operation::Get, fail);
    }

    /// Lets everything that changes the store fail from now on, or no longer.
    pub fn fail_writes(&self, fail: bool) {
        let writes = Operation::ALL.into_iter().filter(|operation| *operation != Operation::Get);
        writes.for_each(|operation| self.fail(operation, fail));
    }

    /// Lets `operation` fail from now on, or no longer.
    pub fn fail(&self, operation: Operation, fail: bool) {
        self.switches.fails[operation as usize].store(fail, Ordering::SeqCst);
    }

    /// Lets every call take so long from now on, before it fails or does not.
    pub fn delay(&self, delay: Duration) {
        self.switches.delay_nanos.store(u64::try_from(delay.as_nanos()).unwrap_or(u64::MAX), Ordering::SeqCst);
    }

    /// How often `operation` was asked for.
    #[must_use]
    pub fn call_count(&self, operation: Operation) -> u64 {
        self.switches.calls[operation as usize].load(Ordering::SeqCst)
    }

    /// How many calls were under way at once, at most.
    #[must_use]
    pub fn most_inside(&self) -> usize {
        self.switches.most_inside.load(Ordering::SeqCst)
    }

    fn enter(&self, operation: Operation) -> Result<()> {
        let switches = &*self.switches;
        switches.calls[operation as usize].fetch_add(1, Ordering::SeqCst);
        let inside = switches.inside.fetch_add(1, Ordering::SeqCst) + 1;
        switches.most_inside.fetch_max(inside, Ordering::SeqCst);
        let delay = Duration::from_nanos(switches.delay_nanos.load(Ordering::SeqCst));
        if !delay.is_zero() {
            thread::sleep(delay);
        }
        switches.inside.fetch_sub(1, Ordering::SeqCst);
        if switches.fails[operation as usize].load(Ordering::SeqCst) {
            return Err(Error::new(ErrorKind::Store, doing(operation)).with_source("told to fail"));
        }
        Ok(())
    }
}

fn doing(operation: Operation) -> &'static str {
    match operation {
        Operation::EndLease => "ending a lease",
        Operation::Exchange => "changing values",
        Operation::Get => "reading entries",
        Operation::Lease => "taking a lease",
        Operation::Open => "opening slots",
        Operation::Place => "placing intents",
        Operation::Put => "storing entries",
        Operation::Reclaim => "reclaiming room",
        Operation::Release => "releasing intents",
        Operation::Remove => "removing entries",
        Operation::Seed => "seeding tags",
        _ => "calling the store",
    }
}

impl FailingStore {
    /// What the store behind does as a shared one; `None`: it is in memory, and has no leases of its own.
    fn shared_inner(&self) -> Option<&dyn SharedStore> {
        self.inner.shared()
    }

    fn slots_inner(&self) -> &dyn SlotStore {
        self.inner.slots().expect("a store that keeps values")
    }

    fn notes_inner(&self) -> &dyn NoteStore {
        self.shared_inner().and_then(SharedStore::notes).expect("a store with notes")
    }

    fn leases(&self) -> MutexGuard<'_, HashMap<Lease, (Writer, Instant)>> {
        self.switches.leases.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for FailingStore {
    /// Of memory in front of a server, which asks nobody: nothing fails. What is in memory alone is looked up, and may fail.
    fn find(&self, key: &CacheKey, at: Timestamp) -> Option<(Value, Life)> {
        self.shared_inner()?;
        self.inner.find(key, at)
    }

    fn look(&self, wanted: &[Wanted<'_>], now: Timestamp) -> Result<Vec<LookUp>> {
        self.enter(Operation::Get)?;
        self.inner.look(wanted, now)
    }

    fn seed(&self, tags: &[Tag], tables: &[Tag], now: Timestamp) -> Result<Seeded> {
        self.enter(Operation::Seed)?;
        self.inner.seed(tags, tables, now)
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
        self.inner.comparer().map(|_| self as _)
    }

    fn reclaim(&self) -> Result<()> {
        self.enter(Operation::Reclaim)?;
        self.inner.reclaim()
    }

    fn usage(&self) -> Usage {
        self.inner.usage()
    }

    fn shared(&self) -> Option<&dyn SharedStore> {
        if self.is_local { None } else { Some(self) }
    }

    fn slots(&self) -> Option<&dyn SlotStore> {
        self.inner.slots()?;
        Some(self)
    }
}

impl ComparingStore for FailingStore {
    fn release_comparing(&self, releasing: &Releasing<'_>, now: Timestamp) -> Result<Released> {
        self.enter(Operation::Release)?;
        let inner = self.inner.comparer().expect("only a store that compares says so");
        inner.release_comparing(releasing, now)
    }
}

impl SharedStore for FailingStore {
    fn set_operation_timeout(&self, timeout: Duration) {
        if let Some(inner) = self.shared_inner() {
            inner.set_operation_timeout(timeout);
        }
    }

    fn keeps_bytes_only(&self) -> bool {
        self.shared_inner().is_some_and(SharedStore::keeps_bytes_only)
    }

    fn sharding(&self) -> Sharding {
        self.shared_inner().map_or(Sharding::Whole, SharedStore::sharding)
    }

    fn lease(&self, name: Lease, holder: Writer, life: Duration) -> Result<bool> {
        self.enter(Operation::Lease)?;
        if let Some(inner) = self.shared_inner() {
            return inner.lease(name, holder, life);
        }
        let (mut leases, now) = (self.leases(), Instant::now());
        leases.retain(|_, (_, until)| *until > now);
        Ok(leases.entry(name).or_insert((holder, now + life)).0 == holder)
    }

    fn start(&self, starting: &Starting<'_>, now: Timestamp) -> Result<Started> {
        in_steps::start(self, starting, now)
    }

    fn begin(&self, beginning: &Beginning<'_>, now: Timestamp) -> Result<Begun> {
        in_steps::begin(self, beginning, now)
    }

    fn give_up(&self, name: Lease, holder: Writer, unused: &[(Tag, Token)]) -> Result<()> {
        self.enter(Operation::EndLease)?;
        if let Some(inner) = self.shared_inner() {
            return inner.give_up(name, holder, unused);
        }
        self.leases().retain(|other, (by, _)| *other != name || *by != holder);
        Ok(())
    }

    fn pipelining(&self) -> Option<&dyn PipeliningStore> {
        None
    }

    fn notes(&self) -> Option<&dyn NoteStore> {
        self.shared_inner()?.notes()?;
        Some(self)
    }

    fn near_counts(&self, now: Timestamp) -> Option<NearCounts> {
        self.shared_inner()?.near_counts(now)
    }

    fn incarnations_met(&self) -> u64 {
        self.shared_inner().map_or(1, SharedStore::incarnations_met)
    }

    fn shut_down(&self) {
        if let Some(inner) = self.shared_inner() {
            inner.shut_down();
        }
    }
}

impl NoteStore for FailingStore {
    fn remark(&self, table: &Tag, remark: Remark, now: Timestamp) -> Result<bool> {
        self.enter(if let Remark::Note(_) = remark { Operation::Seed } else { Operation::Release })?;
        self.notes_inner().remark(table, remark, now)
    }

    fn restore(&self, table: &TableTags, own: Fingerprint, now: Timestamp) -> Result<bool> {
        self.enter(Operation::Seed)?;
        self.notes_inner().restore(table, own, now)
    }
}

impl SlotStore for FailingStore {
    fn find_slot(&self, _key: &CacheKey, _now: Timestamp) -> Option<Slot> {
        None
    }

    fn peek(&self, keys: &[CacheKey], tags: &[Tag], now: Timestamp) -> Result<Slots> {
        self.enter(Operation::Get)?;
        self.slots_inner().peek(keys, tags, now)
    }

    fn open(&self, keys: &[CacheKey], tags: &[Tag], now: Timestamp) -> Result<Slots> {
        self.enter(Operation::Open)?;
        self.slots_inner().open(keys, tags, now)
    }

    fn exchange(&self, exchanges: Vec<Exchange>, now: Timestamp) -> Result<Vec<Exchanged>> {
        self.enter(Operation::Exchange)?;
        self.slots_inner().exchange(exchanges, now)
    }
}
