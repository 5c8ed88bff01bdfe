//! Where entries are kept: on the Redis server of `CACHE_DIESEL_REDIS_URL`, which goes by the time of the world.
//!
//! A clock of a test's own says how old an entry is, and not when the server drops it.

use std::cell::RefCell;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cache_core::protocol::notes::{Notes, Remark};
use cache_core::store::{
    Beginning, Begun, Found, Lease, Looked, Outcome, Put, RedisStore, Release, Seed, Started, Starting, Store, Stored,
    Usage, Wanted, Writer,
};
use cache_core::{CacheKey, Fingerprint, NearCounts, Result, TableTags, Tag, TagKind, Timestamp, Token};
use cache_diesel::{Cache, CacheBuilder, ManualClock};

/// A cache for which real time counts.
pub fn cache() -> CacheBuilder {
    Cache::builder().store(OfShop::newest()).operation_timeout(Duration::from_secs(2))
}

/// A cache for which `clock` counts.
pub fn cache_at(clock: &ManualClock) -> CacheBuilder {
    cache().clock(clock.clone())
}

/// A store of a test's own, for which real time counts.
pub fn store() -> Arc<dyn Store> {
    Arc::new(OfShop::newest())
}

/// Lets so long pass for whoever keeps intents: the server has a clock of its own.
pub fn pass(clock: &ManualClock, duration: Duration) {
    clock.advance(duration);
    std::thread::sleep(duration);
}

/// What a look-up of an entry past its deadline finds: the server still has it.
pub const EXPIRED: &str = "Missed Expired";

/// Whether entries are kept outside of the process.
pub const IS_OUTSIDE: bool = true;

/// Many tests at once on one machine: a call may take longer than any service would wait, and its answer is taken.
const PATIENCE: Duration = Duration::from_secs(20);

thread_local! {
    static NEWEST: RefCell<Option<Arc<Shop>>> = const { RefCell::new(None) };
}

/// The store of a shop. Managers keep its cache when the shop is closed: what is done with it then has no effect.
#[derive(Debug)]
struct OfShop(Arc<Shop>);

#[derive(Debug)]
struct Shop {
    store: RedisStore,
    is_closed: AtomicBool,
}

impl OfShop {
    fn newest() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let variable = "CACHE_DIESEL_REDIS_URL";
        let url = std::env::var(variable).unwrap_or_else(|_| {
            panic!("`{variable}` is not set, the URL of a Redis server: run ./scripts/with-servers")
        });
        let second = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |age| age.as_secs());
        let shop = COUNT.fetch_add(1, Ordering::Relaxed);
        let store = RedisStore::from_url(&format!("{url}?prefix=test:{second:x}:{}:{shop}", process::id())).unwrap();
        store.set_operation_timeout(PATIENCE);
        // What each of the suites has over the server.
        let shop = Arc::new(Shop { store: super::complete(store), is_closed: AtomicBool::new(false) });
        NEWEST.set(Some(Arc::clone(&shop)));
        Self(shop)
    }

    /// What the store says while the shop is open; afterwards what costs nothing.
    fn or<T>(&self, closed: T, open: impl FnOnce(&RedisStore) -> Result<T>) -> Result<T> {
        if self.0.is_closed.load(Ordering::Relaxed) { Ok(closed) } else { open(&self.0.store) }
    }
}

impl Store for OfShop {
    fn get_many(&self, wanted: &[Wanted<'_>], now: Timestamp) -> Result<Vec<Option<Found>>> {
        self.or(wanted.iter().map(|_| None).collect(), |store| store.get_many(wanted, now))
    }

    fn recall(&self, wanted: &Wanted<'_>, now: Timestamp) -> Option<Found> {
        if self.0.is_closed.load(Ordering::Relaxed) { None } else { self.0.store.recall(wanted, now) }
    }

    fn near_counts(&self, now: Timestamp) -> Option<NearCounts> {
        self.0.store.near_counts(now)
    }

    fn seed(&self, tags: &[Tag], now: Timestamp) -> Result<Vec<Seed>> {
        let fresh = tags.iter().map(|_| Seed { token: Token::fresh(), is_intended: false }).collect();
        self.or(fresh, |store| store.seed(tags, now))
    }

    fn put_many(&self, entries: Vec<Put>, now: Timestamp) -> Result<Vec<Stored>> {
        self.or(vec![Stored::Declined; entries.len()], |store| store.put_many(entries, now))
    }

    fn remove(&self, keys: &[CacheKey], now: Timestamp) -> Result<()> {
        self.or((), |store| store.remove(keys, now))
    }

    fn place(&self, writer: Writer, tags: &[Tag], life: Duration, now: Timestamp) -> Result<()> {
        self.or((), |store| store.place(writer, tags, life, now))
    }

    fn release(&self, writer: Writer, releases: &[Release], now: Timestamp) -> Result<()> {
        self.or((), |store| store.release(writer, releases, now))
    }

    fn keeps_notes(&self) -> bool {
        !self.0.is_closed.load(Ordering::Relaxed)
    }

    fn seed_noted(&self, tags: &[Tag], tables: &[Tag], now: Timestamp) -> Result<(Vec<Seed>, Vec<Option<Notes>>)> {
        let fresh = tags.iter().map(|_| Seed { token: Token::fresh(), is_intended: false }).collect();
        self.or((fresh, vec![None; tables.len()]), |store| store.seed_noted(tags, tables, now))
    }

    fn place_noted(&self, writer: Writer, tags: &[Tag], life: Duration, now: Timestamp) -> Result<Vec<Option<Notes>>> {
        let tables = tags.iter().filter(|tag| tag.kind() == TagKind::Any).count();
        self.or(vec![Some(Notes::default()); tables], |store| store.place_noted(writer, tags, life, now))
    }

    fn release_noted(&self, writer: Writer, releases: &[Release], now: Timestamp) -> Result<Vec<Option<Notes>>> {
        let is_table = |of: &&Release| of.tag.kind() == TagKind::Any && of.outcome != Outcome::Unchanged;
        let tables = releases.iter().filter(is_table).count();
        self.or(vec![Some(Notes::default()); tables], |store| store.release_noted(writer, releases, now))
    }

    fn remark(&self, table: &Tag, remark: Remark, now: Timestamp) -> Result<bool> {
        self.or(true, |store| store.remark(table, remark, now))
    }

    fn reclaim(&self) -> Result<()> {
        self.or((), |store| store.reclaim())
    }

    fn usage(&self) -> Usage {
        self.0.store.usage()
    }

    /// The store goes by a timeout of its own.
    fn set_operation_timeout(&self, _timeout: Duration) {}

    fn lease(&self, name: Lease, holder: Writer, life: Duration) -> Result<bool> {
        self.or(true, |store| store.lease(name, holder, life))
    }

    fn end_lease(&self, name: Lease, holder: Writer) -> Result<()> {
        self.or((), |store| store.end_lease(name, holder))
    }

    fn give_up(&self, name: Lease, holder: Writer, unused: &[(Tag, Token)]) -> Result<()> {
        self.or((), |store| store.give_up(name, holder, unused))
    }

    fn restore(&self, table: &TableTags, own: Fingerprint, now: Timestamp) -> Result<bool> {
        self.or(true, |store| store.restore(table, own, now))
    }

    fn look(&self, wanted: &Wanted<'_>, now: Timestamp) -> Result<Looked> {
        self.or(Looked { found: None, seen: vec![] }, |store| store.look(wanted, now))
    }

    fn start(&self, starting: &Starting<'_>, now: Timestamp) -> Result<Started> {
        let seed = || Seed { token: Token::fresh(), is_intended: false };
        let seeds = starting.seen.iter().map(|_| seed()).collect();
        let notes = vec![None; starting.tables.len()];
        self.or(Started { seeds, notes, is_leased: false }, |store| store.start(starting, now))
    }

    fn begin(&self, beginning: &Beginning<'_>, now: Timestamp) -> Result<Begun> {
        let seeds = beginning.tags.iter().map(|_| Seed { token: Token::fresh(), is_intended: false }).collect();
        let notes = vec![None; beginning.tables.len()];
        self.or(Begun { is_taken: None, found: None, seeds, notes }, |store| store.begin(beginning, now))
    }

    fn put_and_end(&self, entries: Vec<Put>, lease: (Lease, Writer), now: Timestamp) -> Result<Vec<Stored>> {
        self.or(vec![Stored::Declined; entries.len()], |store| store.put_and_end(entries, lease, now))
    }
}

/// A shop that is open.
pub struct Open(Option<Arc<Shop>>);

impl Open {
    /// The shop whose store was made last, if it was made for this one.
    pub fn newest() -> Self {
        Self(NEWEST.take())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if let Some(shop) = &self.0 {
            shop.is_closed.store(true, Ordering::Relaxed);
            shop.store.shut_down();
        }
    }
}
