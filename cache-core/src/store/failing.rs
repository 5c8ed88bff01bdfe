//! A store for tests that fails when it is told to, and otherwise does what the one behind it does.

use core::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use core::time::Duration;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use crate::clock::Timestamp;
use crate::error::{Error, ErrorKind, Result};
use crate::key::CacheKey;
use crate::protocol::notes::{Notes, Remark};
use crate::statistics::NearCounts;
use crate::store::{
    Exchange, Exchanged, Found, Lease, Operation, Put, Release, Seed, Slot, Slots, Store, Stored, Usage, Wanted, Writer,
};
use crate::tag::Tag;

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
        let is_local = inner.is_local();
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
    }
}

impl Store for FailingStore {
    fn get_many(&self, wanted: &[Wanted<'_>], now: Timestamp) -> Result<Vec<Option<Found>>> {
        self.enter(Operation::Get)?;
        self.inner.get_many(wanted, now)
    }

    fn seed(&self, tags: &[Tag], now: Timestamp) -> Result<Vec<Seed>> {
        self.enter(Operation::Seed)?;
        self.inner.seed(tags, now)
    }

    fn put_many(&self, entries: Vec<Put>, now: Timestamp) -> Result<Vec<Stored>> {
        self.enter(Operation::Put)?;
        self.inner.put_many(entries, now)
    }

    fn remove(&self, keys: &[CacheKey], now: Timestamp) -> Result<()> {
        self.enter(Operation::Remove)?;
        self.inner.remove(keys, now)
    }

    fn place(&self, writer: Writer, tags: &[Tag], life: Duration, now: Timestamp) -> Result<()> {
        self.enter(Operation::Place)?;
        self.inner.place(writer, tags, life, now)
    }

    fn release(&self, writer: Writer, releases: &[Release], now: Timestamp) -> Result<()> {
        self.enter(Operation::Release)?;
        self.inner.release(writer, releases, now)
    }

    fn keeps_notes(&self) -> bool {
        self.inner.keeps_notes()
    }

    fn seed_noted(&self, tags: &[Tag], tables: &[Tag], now: Timestamp) -> Result<(Vec<Seed>, Vec<Option<Notes>>)> {
        self.enter(Operation::Seed)?;
        self.inner.seed_noted(tags, tables, now)
    }

    fn place_noted(&self, writer: Writer, tags: &[Tag], life: Duration, now: Timestamp) -> Result<Vec<Option<Notes>>> {
        self.enter(Operation::Place)?;
        self.inner.place_noted(writer, tags, life, now)
    }

    fn release_noted(&self, writer: Writer, releases: &[Release], now: Timestamp) -> Result<Vec<Option<Notes>>> {
        self.enter(Operation::Release)?;
        self.inner.release_noted(writer, releases, now)
    }

    fn remark(&self, table: &Tag, remark: Remark, now: Timestamp) -> Result<bool> {
        self.enter(if let Remark::Note(_) = remark { Operation::Seed } else { Operation::Release })?;
        self.inner.remark(table, remark, now)
    }

    fn is_local(&self) -> bool {
        self.is_local
    }

    /// Asks nobody, so that nothing fails.
    fn recall(&self, wanted: &Wanted<'_>, now: Timestamp) -> Option<Found> {
        self.inner.recall(wanted, now)
    }

    fn near_counts(&self, now: Timestamp) -> Option<NearCounts> {
        self.inner.near_counts(now)
    }

    fn shut_down(&self) {
        self.inner.shut_down();
    }

    fn keeps_bytes_only(&self) -> bool {
        self.inner.keeps_bytes_only()
    }

    fn peek(&self, keys: &[CacheKey], tags: &[Tag], now: Timestamp) -> Result<Slots> {
        self.enter(Operation::Get)?;
        self.inner.peek(keys, tags, now)
    }

    fn peek_one(&self, key: &CacheKey, tags: &[Tag], now: Timestamp) -> Result<Option<Slot>> {
        self.enter(Operation::Get)?;
        self.inner.peek_one(key, tags, now)
    }

    fn open(&self, keys: &[CacheKey], tags: &[Tag], now: Timestamp) -> Result<Slots> {
        self.enter(Operation::Open)?;
        self.inner.open(keys, tags, now)
    }

    fn exchange(&self, exchanges: Vec<Exchange>, now: Timestamp) -> Result<Vec<Exchanged>> {
        self.enter(Operation::Exchange)?;
        self.inner.exchange(exchanges, now)
    }

    fn set_operation_timeout(&self, timeout: Duration) {
        self.inner.set_operation_timeout(timeout);
    }

    fn lease(&self, name: Lease, holder: Writer, life: Duration) -> Result<bool> {
        self.enter(Operation::Lease)?;
        if !self.inner.is_local() {
            return self.inner.lease(name, holder, life);
        }
        let mut leases = self.switches.leases.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        leases.retain(|_, (_, until)| *until > now);
        Ok(leases.entry(name).or_insert((holder, now + life)).0 == holder)
    }

    fn end_lease(&self, name: Lease, holder: Writer) -> Result<()> {
        self.enter(Operation::EndLease)?;
        if !self.inner.is_local() {
            return self.inner.end_lease(name, holder);
        }
        let mut leases = self.switches.leases.lock().unwrap_or_else(PoisonError::into_inner);
        leases.retain(|other, (by, _)| *other != name || *by != holder);
        Ok(())
    }

    fn reclaim(&self) -> Result<()> {
        self.enter(Operation::Reclaim)?;
        self.inner.reclaim()
    }

    fn usage(&self) -> Usage {
        self.inner.usage()
    }
}
