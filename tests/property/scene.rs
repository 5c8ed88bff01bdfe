//! The store of the test's one cache: each thread has its own behind it, and each program a new one.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use cache_core::protocol::notes::Notes;
use cache_core::store::{
    ComparingStore, Lease, LookUp, MemoryStore, Placing, Put, Release, Seeded, SharedStore, SlotStore, Store, Stored,
    Usage, Wanted, Writer,
};
use cache_core::{CacheKey, Clock, Life, Result, Tag, Timestamp, Value};
use diesel::result::QueryResult;

use crate::planted::{Defect, Flaw};
use crate::program::Conn;

thread_local! {
    /// The connection that is read on.
    static READ_ON: Cell<Option<Conn>> = const { Cell::new(None) };
    static SCENE: RefCell<Rc<Scene>> = RefCell::new(Rc::new(Scene::new(false, None)));
}

/// Reads on the connection `name`; others may be in the middle of it.
pub fn at<T>(name: Conn, work: impl FnOnce() -> T) -> T {
    let outer = READ_ON.replace(Some(name));
    let result = work();
    READ_ON.set(outer);
    result
}

pub fn read_on() -> Option<Conn> {
    READ_ON.get()
}

/// What one program's cache is kept in.
pub struct Scene {
    pub store: MemoryStore,
    flaw: Flaw,
    /// Lets entries weigh so much that the store has room for few.
    weight: usize,
    seconds: Cell<u64>,
    /// Everything that was put, in order.
    put: RefCell<Vec<CacheKey>>,
    evicted: RefCell<Vec<CacheKey>>,
}

impl Scene {
    const SMALLEST: u64 = 64 * 1024;

    pub fn new(is_small: bool, defect: Option<Defect>) -> Self {
        Self {
            store: MemoryStore::with_capacity(if is_small { Self::SMALLEST } else { 16 * Self::SMALLEST }).unwrap(),
            flaw: Flaw::new(defect),
            weight: if is_small { 3_000 } else { 0 },
            seconds: Cell::new(1),
            put: RefCell::default(),
            evicted: RefCell::default(),
        }
    }

    /// Gives this thread's cache a new store.
    pub fn set(self) {
        SCENE.set(Rc::new(self));
    }

    pub fn current() -> Rc<Self> {
        SCENE.with_borrow(Rc::clone)
    }

    pub fn seconds(&self) -> u64 {
        self.seconds.get()
    }

    pub fn advance(&self, seconds: u64) {
        self.seconds.set(self.seconds.get() + seconds);
    }

    /// Drops each entry whose number leaves `remainder` when divided by three.
    pub fn evict(&self, remainder: usize) {
        let put = self.put.borrow();
        self.evicted.borrow_mut().extend(put.iter().skip(remainder).step_by(3));
    }

    /// A write is over.
    pub fn note_end<T>(&self, result: &QueryResult<T>) {
        for (writer, releases) in self.flaw.ended(result.is_err()) {
            self.store.release(writer, &releases, &[], ClockOfThread.now()).unwrap();
        }
    }

    fn note_put(&self, key: CacheKey) {
        self.evicted.borrow_mut().retain(|evicted| *evicted != key);
        let mut put = self.put.borrow_mut();
        if !put.contains(&key) {
            put.push(key);
        }
    }
}

/// Hands everything to the store of the program that runs on this thread.
#[derive(Debug)]
pub struct StoreOfThread;

impl Store for StoreOfThread {
    /// Every hit is a look, which a flaw may change.
    fn find(&self, _key: &CacheKey, _at: Timestamp) -> Option<(Value, Life)> {
        None
    }

    fn look(&self, wanted: &[Wanted<'_>], now: Timestamp) -> Result<Vec<LookUp>> {
        let scene = Scene::current();
        let look = |wanted: &Wanted<'_>| {
            let wanted = Wanted { key: scene.flaw.key(wanted.key), ..*wanted };
            if scene.evicted.borrow().contains(&wanted.key) {
                return Ok(LookUp::unseen(None));
            }
            let found = scene.store.look(&[wanted], now)?.remove(0).found;
            Ok(LookUp::unseen(found.map(|found| scene.flaw.judged(found))))
        };
        wanted.iter().map(look).collect()
    }

    fn seed(&self, tags: &[Tag], tables: &[Tag], now: Timestamp) -> Result<Seeded> {
        Scene::current().store.seed(tags, tables, now)
    }

    fn put(&self, entries: Vec<Put>, lease: Option<(Lease, Writer)>, now: Timestamp) -> Result<Vec<Stored>> {
        let scene = Scene::current();
        let heavy = |mut put: Put| {
            put.key = scene.flaw.key(put.key);
            put.weight += scene.weight;
            scene.note_put(put.key);
            scene.flaw.under_tokens(put, &scene.store, now)
        };
        scene.store.put(entries.into_iter().map(heavy).collect(), lease, now)
    }

    fn remove(&self, keys: &[CacheKey], now: Timestamp) -> Result<()> {
        let scene = Scene::current();
        if scene.flaw.removes_nothing() {
            return Ok(());
        }
        let keys: Vec<CacheKey> = keys.iter().map(|key| scene.flaw.key(*key)).collect();
        scene.store.remove(&keys, now)
    }

    fn place(&self, placing: &Placing<'_>, now: Timestamp) -> Result<Vec<Option<Notes>>> {
        let scene = Scene::current();
        scene.flaw.on_place(placing.writer, placing.tags, &scene.store, now)?;
        scene.store.place(placing, now)
    }

    fn release(
        &self,
        writer: Writer,
        releases: &[Release],
        tables: &[Tag],
        now: Timestamp,
    ) -> Result<Vec<Option<Notes>>> {
        let scene = Scene::current();
        scene.store.release(writer, &scene.flaw.released(writer, releases), tables, now)
    }

    fn comparer(&self) -> Option<&dyn ComparingStore> {
        None
    }

    fn reclaim(&self) -> Result<()> {
        let scene = Scene::current();
        if scene.flaw.reclaims() { scene.store.reclaim() } else { Ok(()) }
    }

    fn usage(&self) -> Usage {
        Scene::current().store.usage()
    }

    /// It must be called on the program's thread only, as one in memory is.
    fn shared(&self) -> Option<&dyn SharedStore> {
        None
    }

    fn slots(&self) -> Option<&dyn SlotStore> {
        None
    }
}

/// A clock that stands still between the steps of a program.
#[derive(Debug)]
pub struct ClockOfThread;

impl Clock for ClockOfThread {
    fn now(&self) -> Timestamp {
        Timestamp::from_nanos(Scene::current().seconds.get() * 1_000_000_000)
    }
}
