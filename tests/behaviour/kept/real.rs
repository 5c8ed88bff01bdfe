//! Entries in a real store outside of the process, which goes by the time of the world.
//!
//! A clock of a test's own says how old an entry is, and not when the store drops it.

use std::cell::RefCell;
use std::env;
use std::process;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

#[cfg(feature = "redis")]
use cache_core::policy::NearPolicy;
use cache_core::protocol::notes::{Notes, Remark};
use cache_core::store::{
    Beginning, Begun, ComparingStore, Lease, LookUp, NoteStore, PipeliningStore, Placing, Put, Release, Released,
    Releasing, Seed, Seeded, Sharding, SharedStore, SlotStore, Started, Starting, Store, Stored, Usage, Wanted, Writer,
};
use cache_core::{CacheKey, Fingerprint, Life, NearCounts, Result, TableTags, Tag, Timestamp, Token, Value};
use cache_diesel::{Cache, CacheBuilder, StoreConnection};
use diesel::r2d2::{ConnectionManager, Pool};

use super::Real;

/// A cache for which real time counts.
pub fn cache(real: Real) -> CacheBuilder {
    Cache::builder().store(OfShop::newest(real)).operation_timeout(Duration::from_secs(2))
}

/// A store of a test's own, for which real time counts.
pub fn store(real: Real) -> Arc<dyn Store> {
    Arc::new(OfShop::newest(real))
}

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
    store: Box<dyn Store>,
    is_closed: AtomicBool,
}

impl OfShop {
    fn newest(real: Real) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let second = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |age| age.as_secs());
        let shop = COUNT.fetch_add(1, Ordering::Relaxed);
        let store = open(real, &format!("test:{second:x}:{}:{shop}", process::id()));
        store.shared().expect("others share it").set_operation_timeout(PATIENCE);
        let shop = Arc::new(Shop { store, is_closed: AtomicBool::new(false) });
        NEWEST.set(Some(Arc::clone(&shop)));
        Self(shop)
    }

    /// What the store says while the shop is open; afterwards what costs nothing.
    fn or<T>(&self, closed: T, open: impl FnOnce(&dyn Store) -> Result<T>) -> Result<T> {
        if self.0.is_closed.load(Ordering::Relaxed) { Ok(closed) } else { open(&*self.0.store) }
    }
}

impl OfShop {
    fn shared(&self) -> &dyn SharedStore {
        self.0.store.shared().expect("others share it")
    }

    /// What it says of what others share, while the shop is open.
    fn shared_or<T>(&self, closed: T, open: impl FnOnce(&dyn SharedStore) -> Result<T>) -> Result<T> {
        if self.is_closed() { Ok(closed) } else { open(OfShop::shared(self)) }
    }

    fn is_closed(&self) -> bool {
        self.0.is_closed.load(Ordering::Relaxed)
    }
}

/// What the suite's process was told of the place.
fn told(variable: &str) -> String {
    env::var(variable).unwrap_or_else(|_| panic!("`{variable}` is not set: where entries are"))
}

fn open(real: Real, prefix: &str) -> Box<dyn Store> {
    match real {
        #[cfg(feature = "redis")]
        Real::Redis => Box::new(redis(prefix)),
        // The clock of a test may stand still: how long nothing was heard of the server goes by the wall's.
        #[cfg(feature = "redis")]
        Real::Near => {
            let clock = Arc::new(cache_core::SystemClock::new());
            Box::new(redis(prefix).near(NearPolicy::with_capacity(16 << 20), clock).unwrap())
        }
        #[cfg(feature = "memcached")]
        Real::Memcached => {
            // A server has room for a thousand connections, and closed shops would keep theirs.
            let url = format!("{}?prefix={prefix}&idle_connections=0", told(super::MEMCACHED));
            Box::new(cache_core::store::MemcachedStore::from_url(&url).unwrap())
        }
        #[cfg(feature = "sqlite-store")]
        Real::File => {
            let url = format!("sqlite://{}?prefix={prefix}", told(super::FILE));
            Box::new(cache_core::store::RemoteStore::new(cache_core::store::SqliteLink::from_url(&url).unwrap()))
        }
        Real::Tables => in_tables(&told(super::FILE), prefix),
    }
}

#[cfg(feature = "redis")]
fn redis(prefix: &str) -> cache_core::store::RedisStore {
    let url = match env::var(super::SERVERS) {
        Ok(servers) => servers.replace("PREFIX", prefix),
        Err(_) => format!("{}?prefix={prefix}", told("CACHE_DIESEL_REDIS_URL")),
    };
    cache_core::store::RedisStore::from_url(&url).unwrap()
}

/// Tables of the database at `url`: of SQLite, or on a server.
fn in_tables(url: &str, prefix: &str) -> Box<dyn Store> {
    #[cfg(feature = "postgres")]
    if url.starts_with("postgres://") {
        static POOL: OnceLock<Pool<ConnectionManager<diesel::PgConnection>>> = OnceLock::new();
        return over(POOL.get_or_init(|| pool(url)), prefix);
    }
    #[cfg(feature = "mysql")]
    if url.starts_with("mysql://") {
        static POOL: OnceLock<Pool<ConnectionManager<diesel::MysqlConnection>>> = OnceLock::new();
        return over(POOL.get_or_init(|| pool(url)), prefix);
    }
    static POOL: OnceLock<Pool<ConnectionManager<diesel::SqliteConnection>>> = OnceLock::new();
    over(POOL.get_or_init(|| pool(url)), prefix)
}

/// All shops share a pool, as the managers of a program do.
fn pool<C: StoreConnection>(url: &str) -> Pool<ConnectionManager<C>> {
    let pool = Pool::builder().max_size(16).min_idle(Some(0)).test_on_check_out(false);
    pool.build(ConnectionManager::new(url)).unwrap()
}

fn over<C: StoreConnection>(pool: &Pool<ConnectionManager<C>>, prefix: &str) -> Box<dyn Store> {
    Box::new(cache_diesel::database_store(pool.clone(), prefix).unwrap())
}

/// Tokens that nobody else has, and nothing noted.
fn nothing(tags: usize, tables: usize) -> Seeded {
    let seed = |_| Seed { token: Token::fresh(), is_intended: false };
    Seeded { seeds: (0..tags).map(seed).collect(), notes: vec![None; tables] }
}

impl Store for OfShop {
    fn find(&self, key: &CacheKey, at: Timestamp) -> Option<(Value, Life)> {
        if self.is_closed() { None } else { self.0.store.find(key, at) }
    }

    fn look(&self, wanted: &[Wanted<'_>], now: Timestamp) -> Result<Vec<LookUp>> {
        self.or(wanted.iter().map(|_| LookUp::unseen(None)).collect(), |store| store.look(wanted, now))
    }

    fn seed(&self, tags: &[Tag], tables: &[Tag], now: Timestamp) -> Result<Seeded> {
        self.or(nothing(tags.len(), tables.len()), |store| store.seed(tags, tables, now))
    }

    fn put(&self, entries: Vec<Put>, lease: Option<(Lease, Writer)>, now: Timestamp) -> Result<Vec<Stored>> {
        self.or(vec![Stored::Declined; entries.len()], |store| store.put(entries, lease, now))
    }

    fn remove(&self, keys: &[CacheKey], now: Timestamp) -> Result<()> {
        self.or((), |store| store.remove(keys, now))
    }

    fn place(&self, placing: &Placing<'_>, now: Timestamp) -> Result<Vec<Option<Notes>>> {
        self.or(vec![Some(Notes::default()); placing.tables.len()], |store| store.place(placing, now))
    }

    fn release(
        &self,
        writer: Writer,
        releases: &[Release],
        tables: &[Tag],
        now: Timestamp,
    ) -> Result<Vec<Option<Notes>>> {
        let closed = vec![Some(Notes::default()); tables.len()];
        self.or(closed, |store| store.release(writer, releases, tables, now))
    }

    fn comparer(&self) -> Option<&dyn ComparingStore> {
        self.0.store.comparer().map(|_| self as _)
    }

    fn reclaim(&self) -> Result<()> {
        self.or((), |store| store.reclaim())
    }

    fn usage(&self) -> Usage {
        self.0.store.usage()
    }

    fn shared(&self) -> Option<&dyn SharedStore> {
        Some(self)
    }

    fn slots(&self) -> Option<&dyn SlotStore> {
        None
    }
}

impl ComparingStore for OfShop {
    fn release_comparing(&self, releasing: &Releasing<'_>, now: Timestamp) -> Result<Released> {
        let notes = vec![Some(Notes::default()); releasing.tables.len()];
        let closed = Released { replaced: vec![None; releasing.held.len()], notes };
        self.or(closed, |store| store.comparer().expect("it compares").release_comparing(releasing, now))
    }
}

impl SharedStore for OfShop {
    /// The store goes by a timeout of its own.
    fn set_operation_timeout(&self, _timeout: Duration) {}

    fn keeps_bytes_only(&self) -> bool {
        false
    }

    fn sharding(&self) -> Sharding {
        OfShop::shared(self).sharding()
    }

    fn lease(&self, name: Lease, holder: Writer, life: Duration) -> Result<bool> {
        self.shared_or(true, |store| store.lease(name, holder, life))
    }

    fn start(&self, starting: &Starting<'_>, now: Timestamp) -> Result<Started> {
        let seeded = nothing(starting.seen.len(), starting.tables.len());
        self.shared_or(Started { seeded, is_leased: false }, |store| store.start(starting, now))
    }

    fn begin(&self, beginning: &Beginning<'_>, now: Timestamp) -> Result<Begun> {
        let seeded = nothing(beginning.tags.len(), beginning.tables.len());
        self.shared_or(Begun { is_taken: None, found: None, seeded }, |store| store.begin(beginning, now))
    }

    fn give_up(&self, name: Lease, holder: Writer, unused: &[(Tag, Token)]) -> Result<()> {
        self.shared_or((), |store| store.give_up(name, holder, unused))
    }

    fn pipelining(&self) -> Option<&dyn PipeliningStore> {
        None
    }

    fn notes(&self) -> Option<&dyn NoteStore> {
        if self.is_closed() { None } else { OfShop::shared(self).notes().map(|_| self as _) }
    }

    fn near_counts(&self, now: Timestamp) -> Option<NearCounts> {
        OfShop::shared(self).near_counts(now)
    }

    fn incarnations_met(&self) -> u64 {
        OfShop::shared(self).incarnations_met()
    }

    fn shut_down(&self) {}
}

impl NoteStore for OfShop {
    fn remark(&self, table: &Tag, remark: Remark, now: Timestamp) -> Result<bool> {
        self.shared_or(true, |store| store.notes().expect("it keeps notes").remark(table, remark, now))
    }

    fn restore(&self, table: &TableTags, own: Fingerprint, now: Timestamp) -> Result<bool> {
        self.shared_or(true, |store| store.notes().expect("it keeps notes").restore(table, own, now))
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
            shop.store.shared().expect("others share it").shut_down();
        }
    }
}
