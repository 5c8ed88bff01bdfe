//! Builds a cache from its settings, and refuses wrong ones by name.

use core::time::Duration;
use std::sync::Arc;

use crate::cache::Cache;
use crate::clock::Clock;
use crate::error::Result;
use crate::observe::audit::AuditSettings;
use crate::observe::journal::JournalSettings;
use crate::setting::policy::Policy;
use crate::setting::quantity::MIB;
use crate::setting::secret::Secret;
use crate::store::Store;

mod build;
mod limits;
mod near;
mod url;

impl Cache {
    /// A cache of 64 MiB in the memory of this process.
    ///
    /// # Examples
    ///
    /// ```
    /// let cache = cache_core::Cache::memory();
    /// assert_eq!(cache.statistics().total().hit_count, 0);
    /// ```
    #[must_use]
    pub fn memory() -> Self {
        CacheBuilder::default_memory()
    }

    /// A cache that keeps nothing: every read asks the database.
    #[must_use]
    pub fn none() -> Self {
        CacheBuilder::nothing()
    }

    /// Sets a cache up step by step.
    pub fn builder() -> CacheBuilder {
        CacheBuilder::new()
    }

    /// A cache as a URL describes it: `memory:`, `memory:?capacity=16mb&prefix=shop`, `none:`, or with the feature `redis`
    /// `redis://user:password@host:port/db?prefix=shop`, `rediss://..` (with `redis-tls`) and `unix://..`, or with
    /// the feature `sqlite-store` `sqlite:///dev/shm/shop.cache` and `file:///var/cache/shop`; with
    /// `near=64mb&max_staleness=500ms` behind the question mark as [`CacheBuilder::near`] does it. With the feature
    /// `memcached` also `memcached://a,b?prefix=shop`, `memcacheds://..` (with `memcached-tls`) and `memcached+unix://..`.
    ///
    /// # Errors
    ///
    /// Returns an error of [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) that names the part of
    /// the URL that is not understood and what is. A password is never shown. A server that is not there is no error.
    ///
    /// # Examples
    ///
    /// ```
    /// use cache_core::Cache;
    /// Cache::from_url("memory:?capacity=16mb")?;
    /// assert!(Cache::from_url("memroy:").is_err());
    /// # Ok::<(), cache_core::Error>(())
    /// ```
    pub fn from_url(url: &str) -> Result<Self> {
        CacheBuilder::from_url(url)?.build()
    }
}

/// Sets a [`Cache`] up.
///
/// # Examples
///
/// ```
/// use cache_core::{Cache, MIB};
/// let cache = Cache::builder().memory(16 * MIB).build()?;
/// # Ok::<(), cache_core::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is built until `.build()` is called"]
pub struct CacheBuilder {
    store: Choice,
    clock: Option<Arc<dyn Clock>>,
    policy: Policy,
    database_url: Option<Secret>,
    near: Option<u64>,
    max_staleness: Option<Duration>,
    prefix: Option<String>,
    version: u32,
    audit: Option<AuditSettings>,
    journal: Option<JournalSettings>,
    is_shadow: bool,
}

#[derive(Clone, Debug)]
enum Choice {
    Given(Arc<dyn Store>),
    Memory(u64),
    Nothing,
    #[cfg(feature = "memcached")]
    Memcached(Secret),
    #[cfg(feature = "redis")]
    Redis(Secret),
    #[cfg(feature = "sqlite-store")]
    Sqlite(Secret),
}

impl CacheBuilder {
    const DEFAULT_CAPACITY: u64 = 64 * MIB;

    pub(crate) fn new() -> Self {
        let store = Choice::Memory(Self::DEFAULT_CAPACITY);
        Self {
            store,
            clock: None,
            policy: Policy::DEFAULT,
            database_url: None,
            near: None,
            max_staleness: None,
            prefix: None,
            version: 1,
            audit: None,
            journal: None,
            is_shadow: false,
        }
    }

    /// Keeps entries in the memory of this process, up to `capacity` bytes.
    pub fn memory(mut self, capacity: u64) -> Self {
        self.store = Choice::Memory(capacity);
        self
    }

    /// Keeps nothing: every read asks the database.
    pub fn none(mut self) -> Self {
        self.store = Choice::Nothing;
        self
    }

    /// Keeps entries on a server of Redis or Valkey: `redis://user:password@host:port/db?prefix=shop`.
    /// [`RedisLink::from_url`](crate::store::RedisLink::from_url) has all that a URL can say.
    ///
    /// A URL that is wrong is an error of [`build`](Self::build), and so is a server of another kind than the URL says (a part
    /// of a cluster, a sentinel). One that is not there is no error.
    #[cfg(feature = "redis")]
    pub fn redis(mut self, url: impl Into<String>) -> Self {
        self.store = Choice::Redis(Secret(url.into()));
        self
    }

    /// Keeps entries on servers of memcached: `memcached://a:11211,b:11211?prefix=shop`.
    /// [`MemcachedLink::from_url`](crate::store::MemcachedLink::from_url) has all that a URL can say.
    ///
    /// A URL that is wrong is an error of [`build`](Self::build), and so is a server that
    /// [cannot be used](crate::store::MemcachedLink::check). One that is not there is no error.
    #[cfg(feature = "memcached")]
    pub fn memcached(mut self, url: impl Into<String>) -> Self {
        self.store = Choice::Memcached(Secret(url.into()));
        self
    }

    /// Keeps entries in a file of SQLite that the processes of this host share: `sqlite:///dev/shm/shop.cache?prefix=shop`,
    /// or `file:///var/cache/shop` for a directory in which they are kept over restarts of the machine.
    /// [`SqliteLink::from_url`](crate::store::SqliteLink::from_url) has all that a URL can say.
    ///
    /// A URL that is wrong, and a file that cannot be used, are errors of [`build`](Self::build).
    #[cfg(feature = "sqlite-store")]
    pub fn sqlite(mut self, url: impl Into<String>) -> Self {
        self.store = Choice::Sqlite(Secret(url.into()));
        self
    }

    /// Keeps entries in `store`.
    pub fn store(mut self, store: impl Store) -> Self {
        self.store = Choice::Given(Arc::new(store));
        self
    }

    /// Names the database that reads without a connection are about, as its connection URL: as connections are opened
    /// by it.
    pub fn database(mut self, url: impl Into<String>) -> Self {
        self.database_url = Some(Secret(url.into()));
        self
    }

    /// Sets what the keys of [values](crate::Cache::set) begin with, for all stores: caches with other prefixes do not see
    /// them. A store that processes share has a prefix of its own in its URL, for everything that is in it.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = Some(prefix.into());
        self
    }

    /// Sets the version of [values](crate::Cache::set) that this cache begins with; 1 if not set. Another version has other
    /// values, as [`Cache::with_version`] has them.
    pub fn version(mut self, version: u32) -> Self {
        self.version = version;
        self
    }

    /// Has hits compared with the database from the beginning, as [`Cache::set_audit`] does.
    pub fn audit(mut self, settings: AuditSettings) -> Self {
        self.audit = Some(settings);
        self
    }

    /// Keeps a journal of invalidations and misses from the beginning, as [`Cache::set_journal`] does.
    pub fn journal(mut self, settings: JournalSettings) -> Self {
        self.journal = Some(settings);
        self
    }

    /// Begins in shadow mode, as [`Cache::set_shadow`] does: nothing that is stored is served, and everything is compared.
    pub fn shadow(mut self) -> Self {
        self.is_shadow = true;
        self
    }

    /// Takes the time from `clock`.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Some(Arc::new(clock));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_set_under_the_prefix_and_the_version_of_the_cache() {
        let cache = Cache::from_url("memory:?prefix=shop").unwrap();
        cache.set("layout", "wide", ()).unwrap();
        assert_eq!(cache.get::<String>("layout").unwrap().as_deref(), Some("wide"));
        let built = Cache::builder().prefix("shop").version(3).build().unwrap();
        assert_eq!(built.version(), 3);
        let key = |cache: &Cache| cache.1.key("layout");
        assert_eq!(key(&built), key(&cache.with_version(3)));
        assert_eq!(key(&cache), key(&Cache::memory().with_prefix("shop")));
        assert_ne!(key(&cache), key(&Cache::memory()));
    }
}
