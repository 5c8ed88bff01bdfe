//! Stores that a test can look into or interrupt.

use core::fmt;
use core::time::Duration;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, ThreadId};

use cache_core::protocol::notes::Notes;
use cache_core::store::{
    Beginning, Begun, ComparingStore, Lease, LookUp, NoteStore, PipeliningStore, Placing, Put, Release, Released,
    Releasing, Seeded, Sharding, SharedStore, SlotStore, Started, Starting, Store, Stored, Usage, Wanted, Writer,
};
use cache_core::{CacheKey, Life, NearCounts, Result, Tag, Timestamp, Token, Value};
use conformance::in_steps;

/// A store that counts its calls, and lets something happen in the middle of a fill or of a write.
#[derive(Clone)]
pub struct SpyStore(Arc<Spy>);

/// What happens in the middle of something.
type Work = Box<dyn FnOnce() + Send>;

/// Which write is interrupted. Writes of other tests concern every store of the process.
enum Interrupted {
    /// The next one of this thread.
    OfThread(ThreadId),
    /// The next one that changes what was read here, on whatever thread its release is sent.
    OfWhatWasRead,
}

struct Spy {
    inner: Arc<dyn Store>,
    reads: AtomicUsize,
    seeds: AtomicUsize,
    writes: AtomicUsize,
    after_seed: Mutex<Option<Work>>,
    before_put: Mutex<Option<Work>>,
    before_release: Mutex<Option<(Interrupted, Work)>>,
    seeded: Mutex<Vec<Tag>>,
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
            seeded: Mutex::default(),
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

    /// Runs `work` when the next write of this thread has been committed and is about to change tokens.
    pub fn before_next_release(&self, work: impl FnOnce() + Send + 'static) {
        self.interrupt(Interrupted::OfThread(thread::current().id()), work);
    }

    /// Runs `work` when the next write has been committed that is about to change tokens of what was read here.
    pub fn before_release_of_what_was_read(&self, work: impl FnOnce() + Send + 'static) {
        self.interrupt(Interrupted::OfWhatWasRead, work);
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

impl SpyStore {
    fn interrupt(&self, which: Interrupted, work: impl FnOnce() + Send + 'static) {
        *self.0.before_release.lock().unwrap() = Some((which, Box::new(work)));
    }

    fn before_release(&self, releases: &[Release]) {
        let is_it = |(which, _): &mut (Interrupted, Work)| match which {
            Interrupted::OfThread(thread) => *thread == thread::current().id(),
            Interrupted::OfWhatWasRead => {
                let seeded = self.0.seeded.lock().unwrap();
                releases.iter().any(|release| seeded.contains(&release.tag))
            }
        };
        let work = self.0.before_release.lock().unwrap().take_if(is_it);
        if let Some((_, work)) = work {
            work();
        }
    }

    /// What the store behind does as a shared one.
    fn shared_inner(&self) -> &dyn SharedStore {
        self.0.inner.shared().expect("a shared store")
    }
}

impl Store for SpyStore {
    /// Every hit is a look that is counted.
    fn find(&self, _key: &CacheKey, _at: Timestamp) -> Option<(Value, Life)> {
        None
    }

    fn look(&self, wanted: &[Wanted<'_>], now: Timestamp) -> Result<Vec<LookUp>> {
        self.0.reads.fetch_add(1, Ordering::SeqCst);
        let looked = self.0.inner.look(wanted, now)?;
        // What it has seen of tags is not told: each load asks for its tokens.
        Ok(looked.into_iter().map(|looked| LookUp::unseen(looked.found)).collect())
    }

    fn seed(&self, tags: &[Tag], tables: &[Tag], now: Timestamp) -> Result<Seeded> {
        self.0.seeds.fetch_add(1, Ordering::SeqCst);
        self.0.seeded.lock().unwrap().extend(tags.iter().filter(|tag| **tag != Tag::root()));
        let seeded = self.0.inner.seed(tags, tables, now);
        let work = self.0.after_seed.lock().unwrap().take();
        if let Some(work) = work {
            work();
        }
        seeded
    }

    fn put(&self, entries: Vec<Put>, lease: Option<(Lease, Writer)>, now: Timestamp) -> Result<Vec<Stored>> {
        self.0.writes.fetch_add(1, Ordering::SeqCst);
        let work = self.0.before_put.lock().unwrap().take();
        if let Some(work) = work {
            work();
        }
        self.0.inner.put(entries, lease, now)
    }

    fn remove(&self, keys: &[CacheKey], now: Timestamp) -> Result<()> {
        self.0.inner.remove(keys, now)
    }

    fn place(&self, placing: &Placing<'_>, now: Timestamp) -> Result<Vec<Option<Notes>>> {
        self.0.inner.place(placing, now)
    }

    fn release(
        &self,
        writer: Writer,
        releases: &[Release],
        tables: &[Tag],
        now: Timestamp,
    ) -> Result<Vec<Option<Notes>>> {
        self.before_release(releases);
        self.0.inner.release(writer, releases, tables, now)
    }

    fn comparer(&self) -> Option<&dyn ComparingStore> {
        self.0.inner.comparer().map(|_| self as _)
    }

    fn reclaim(&self) -> Result<()> {
        self.0.inner.reclaim()
    }

    fn usage(&self) -> Usage {
        self.0.inner.usage()
    }

    fn shared(&self) -> Option<&dyn SharedStore> {
        self.0.inner.shared()?;
        Some(self)
    }

    fn slots(&self) -> Option<&dyn SlotStore> {
        None
    }
}

impl ComparingStore for SpyStore {
    fn release_comparing(&self, releasing: &Releasing<'_>, now: Timestamp) -> Result<Released> {
        self.before_release(releasing.releases);
        self.0.inner.comparer().expect("only a store that compares says so").release_comparing(releasing, now)
    }
}

impl SharedStore for SpyStore {
    fn set_operation_timeout(&self, _timeout: Duration) {}

    fn keeps_bytes_only(&self) -> bool {
        false
    }

    fn sharding(&self) -> Sharding {
        self.shared_inner().sharding()
    }

    fn lease(&self, name: Lease, holder: Writer, life: Duration) -> Result<bool> {
        self.shared_inner().lease(name, holder, life)
    }

    fn start(&self, starting: &Starting<'_>, now: Timestamp) -> Result<Started> {
        in_steps::start(self, starting, now)
    }

    fn begin(&self, beginning: &Beginning<'_>, now: Timestamp) -> Result<Begun> {
        in_steps::begin(self, beginning, now)
    }

    fn give_up(&self, name: Lease, holder: Writer, unused: &[(Tag, Token)]) -> Result<()> {
        self.shared_inner().give_up(name, holder, unused)
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
