//! A store for tests that fails when it is told to, and otherwise does what the one behind it does.

use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::sync::Arc;

use crate::clock::Timestamp;
use crate::error::{Error, ErrorKind, Result};
use crate::store::{Found, Lease, Put, Release, Seed, Store, Stored, Usage, Wanted, Writer};
use crate::tag::Tag;

/// A store that fails when a test says so. Clones share the switches and the store behind.
#[derive(Clone, Debug)]
pub struct FailingStore {
    inner: Arc<dyn Store>,
    switches: Arc<Switches>,
}

#[derive(Debug, Default)]
struct Switches {
    reads_fail: AtomicBool,
    writes_fail: AtomicBool,
}

impl FailingStore {
    /// A store that passes everything on to `inner`.
    pub fn new(inner: impl Store) -> Self {
        Self { inner: Arc::new(inner), switches: Arc::default() }
    }

    /// Lets reads fail from now on, or no longer.
    pub fn fail_reads(&self, fail: bool) {
        self.switches.reads_fail.store(fail, Ordering::SeqCst);
    }

    /// Lets everything that changes the store fail from now on, or no longer.
    pub fn fail_writes(&self, fail: bool) {
        self.switches.writes_fail.store(fail, Ordering::SeqCst);
    }

    fn check(switch: &AtomicBool, doing: &str) -> Result<()> {
        if switch.load(Ordering::SeqCst) {
            return Err(Error::new(ErrorKind::Store, doing).with_source("told to fail"));
        }
        Ok(())
    }
}

impl Store for FailingStore {
    fn get_many(&self, wanted: &[Wanted<'_>], now: Timestamp) -> Result<Vec<Option<Found>>> {
        Self::check(&self.switches.reads_fail, "reading entries")?;
        self.inner.get_many(wanted, now)
    }

    fn seed(&self, tags: &[Tag], now: Timestamp) -> Result<Vec<Seed>> {
        Self::check(&self.switches.writes_fail, "seeding tags")?;
        self.inner.seed(tags, now)
    }

    fn put_many(&self, entries: Vec<Put>, now: Timestamp) -> Result<Vec<Stored>> {
        Self::check(&self.switches.writes_fail, "storing entries")?;
        self.inner.put_many(entries, now)
    }

    fn place(&self, writer: Writer, tags: &[Tag], life: Duration, now: Timestamp) -> Result<()> {
        Self::check(&self.switches.writes_fail, "placing intents")?;
        self.inner.place(writer, tags, life, now)
    }

    fn release(&self, writer: Writer, releases: &[Release], now: Timestamp) -> Result<()> {
        Self::check(&self.switches.writes_fail, "releasing intents")?;
        self.inner.release(writer, releases, now)
    }

    fn is_local(&self) -> bool {
        self.inner.is_local()
    }

    fn lease(&self, name: Lease, holder: Writer, life: Duration) -> Result<bool> {
        Self::check(&self.switches.writes_fail, "taking a lease")?;
        self.inner.lease(name, holder, life)
    }

    fn end_lease(&self, name: Lease, holder: Writer) -> Result<()> {
        Self::check(&self.switches.writes_fail, "ending a lease")?;
        self.inner.end_lease(name, holder)
    }

    fn reclaim(&self) -> Result<()> {
        Self::check(&self.switches.writes_fail, "reclaiming room")?;
        self.inner.reclaim()
    }

    fn usage(&self) -> Usage {
        self.inner.usage()
    }
}
