//! Stores that a test can look into or interrupt.

use core::fmt;
use core::time::Duration;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, ThreadId};

use cache_core::store::{Found, Lease, Put, Release, Seed, Store, Stored, Usage, Wanted, Writer};
use cache_core::{CacheKey, Result, Tag, Timestamp};

/// A store that counts its calls, and lets something happen in the middle of a fill or of a write.
#[derive(Clone)]
pub struct SpyStore(Arc<Spy>);

/// What happens in the middle of something.
type Work = Box<dyn FnOnce() + Send>;

struct Spy {
    inner: Arc<dyn Store>,
    reads: AtomicUsize,
    seeds: AtomicUsize,
    writes: AtomicUsize,
    after_seed: Mutex<Option<Work>>,
    before_put: Mutex<Option<Work>>,
    before_release: Mutex<Option<(ThreadId, Work)>>,
}

impl SpyStore {
    pub fn new() -> Self {
        Self::over(crate::kept::store())
    }

    pub fn over(inner: Arc<dyn Store>) -> Self {
        Self(Arc::new(Spy {
            inner,
            reads: AtomicUsize::new(0),
            seeds: AtomicUsize::new(0),
            writes: AtomicUsize::new(0),
            after_seed: Mutex::new(None),
            before_put: Mutex::new(None),
            before_release: Mutex::new(None),
        }))
    }

    /// Runs `work` when the next reader has been given its tokens and does not know yet.
    pub fn after_next_seed(&self, work: impl FnOnce() + Send + 'static) {
        *self.0.after_seed.lock().unwrap() = Some(Box::new(work));
    }

    /// Runs `work` when the next entry has been loaded and is about to be stored.
    pub fn before_next_put(&self, work: impl FnOnce() + Send + 'static) {
        *self.0.before_put.lock().unwrap() = Some(Box::new(work));
    }

    /// Runs `work` when the next write of this thread has been committed and is about to change tokens. Writes of other tests
    /// concern every store of the process.
    pub fn before_next_release(&self, work: impl FnOnce() + Send + 'static) {
        *self.0.before_release.lock().unwrap() = Some((thread::current().id(), Box::new(work)));
    }

    /// Round trips that looked for entries.
    pub fn read_count(&self) -> usize {
        self.0.reads.load(Ordering::SeqCst)
    }

    /// Round trips that asked for tokens before a load.
    pub fn seed_count(&self) -> usize {
        self.0.seeds.load(Ordering::SeqCst)
    }

    /// Round trips of reads, all kinds together.
    pub fn call_count(&self) -> usize {
        self.read_count() + self.seed_count() + self.0.writes.load(Ordering::SeqCst)
    }
}

impl fmt::Debug for SpyStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SpyStore").finish_non_exhaustive()
    }
}

impl Store for SpyStore {
    fn get_many(&self, wanted: &[Wanted<'_>], now: Timestamp) -> Result<Vec<Option<Found>>> {
        self.0.reads.fetch_add(1, Ordering::SeqCst);
        self.0.inner.get_many(wanted, now)
    }

    fn seed(&self, tags: &[Tag], now: Timestamp) -> Result<Vec<Seed>> {
        self.0.seeds.fetch_add(1, Ordering::SeqCst);
        let seeds = self.0.inner.seed(tags, now);
        let work = self.0.after_seed.lock().unwrap().take();
        if let Some(work) = work {
            work();
        }
        seeds
    }

    fn put_many(&self, entries: Vec<Put>, now: Timestamp) -> Result<Vec<Stored>> {
        self.0.writes.fetch_add(1, Ordering::SeqCst);
        let work = self.0.before_put.lock().unwrap().take();
        if let Some(work) = work {
            work();
        }
        self.0.inner.put_many(entries, now)
    }

    fn remove(&self, keys: &[CacheKey], now: Timestamp) -> Result<()> {
        self.0.inner.remove(keys, now)
    }

    fn place(&self, writer: Writer, tags: &[Tag], life: Duration, now: Timestamp) -> Result<()> {
        self.0.inner.place(writer, tags, life, now)
    }

    fn release(&self, writer: Writer, releases: &[Release], now: Timestamp) -> Result<()> {
        let work = self.0.before_release.lock().unwrap().take_if(|(thread, _)| *thread == thread::current().id());
        if let Some((_, work)) = work {
            work();
        }
        self.0.inner.release(writer, releases, now)
    }

    fn is_local(&self) -> bool {
        self.0.inner.is_local()
    }

    fn lease(&self, name: Lease, holder: Writer, life: Duration) -> Result<bool> {
        self.0.inner.lease(name, holder, life)
    }

    fn end_lease(&self, name: Lease, holder: Writer) -> Result<()> {
        self.0.inner.end_lease(name, holder)
    }

    fn reclaim(&self) -> Result<()> {
        self.0.inner.reclaim()
    }

    fn usage(&self) -> Usage {
        self.0.inner.usage()
    }
}
