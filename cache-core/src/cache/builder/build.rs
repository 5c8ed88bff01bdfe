//! Builds a cache from its settings; wrong ones are refused by name.

use std::sync::Arc;

use super::near::refuse;
use super::{CacheBuilder, Choice};
use crate::cache::Cache;
use crate::clock::{Clock, SystemClock};
use crate::error::{Error, Result};
use crate::runtime::guard::GuardedStore;
#[cfg(feature = "memcached")]
use crate::store::MemcachedStore;
use crate::store::{MemoryStore, Names, NoneStore, Store};

impl Choice {
    /// Whether memory may stand in front of it. A store that was given is asked.
    fn tells_of_changes(&self) -> bool {
        match self {
            Self::Given(store) => store.shared().is_some(),
            Self::Memory(_) | Self::Nothing => false,
            #[cfg(feature = "memcached")]
            Self::Memcached(_) => false,
            #[cfg(feature = "redis")]
            Self::Redis(_) => true,
            #[cfg(feature = "sqlite-store")]
            Self::Sqlite(_) => true,
        }
    }
}

impl CacheBuilder {
    pub(crate) fn default_memory() -> Cache {
        Self::new().with_store(Arc::new(MemoryStore::build(Self::DEFAULT_CAPACITY)), Arc::new(SystemClock::new()))
    }

    pub(crate) fn nothing() -> Cache {
        Self::new().with_store(Arc::new(NoneStore), Arc::new(SystemClock::new()))
    }

    /// Builds the cache.
    ///
    /// # Errors
    ///
    /// Returns an error of [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) that names the setting: a capacity below 64 KiB,
    /// a duration or number of zero, an operation timeout that is long beside the intent life, an empty database, a wrong
    /// part of a URL, a file or a server that cannot be used, [`near`](Self::near) with a store that does not tell of changes.
    pub fn build(self) -> Result<Cache> {
        let clock = self.clock.clone().unwrap_or_else(|| Arc::new(SystemClock::new()));
        if !self.store.tells_of_changes() {
            refuse(self.near, self.max_staleness)?;
        }
        let store: Arc<dyn Store> = match &self.store {
            Choice::Given(store) => {
                self.in_front_of_given(&**store, &clock)?;
                Arc::clone(store)
            }
            Choice::Memory(capacity) => Arc::new(MemoryStore::with_capacity(*capacity)?),
            Choice::Nothing => Arc::new(NoneStore),
            #[cfg(feature = "memcached")]
            Choice::Memcached(url) => Arc::new(MemcachedStore::from_url(&url.0)?),
            #[cfg(feature = "redis")]
            Choice::Redis(url) => self.redis_store(&url.0, &clock)?,
            #[cfg(feature = "sqlite-store")]
            Choice::Sqlite(url) => self.sqlite_store(&url.0, &clock)?,
        };
        self.policy.check(store.shared().is_some())?;
        if self.database_url.as_ref().is_some_and(|url| url.0.trim().is_empty()) {
            return Err(Error::configuration(
                "`database` cannot be empty, leave it out if reads always have a connection",
            ));
        }
        if let Some(prefix) = &self.prefix {
            Names::starting_with(prefix)?;
        }
        Ok(self.with_store(store, clock))
    }

    fn with_store(self, store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Cache {
        let cache = Cache::new(GuardedStore::new(store, clock, self.policy), self.database_url);
        cache.set_audit(self.audit);
        cache.set_journal(self.journal);
        cache.set_shadow(self.is_shadow);
        let cache = self.prefix.map_or_else(|| cache.clone(), |prefix| cache.with_prefix(&prefix));
        cache.with_version(self.version)
    }
}
