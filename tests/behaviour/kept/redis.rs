//! Where entries are kept: on the Redis server of `CACHE_DIESEL_REDIS_URL`, which goes by the time of the world.
//!
//! A clock of a test's own says how old an entry is, and not when the server drops it.

use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cache_core::store::{RedisStore, Store};
use cache_diesel::{Cache, CacheBuilder, ManualClock};

/// A cache for which real time counts.
pub fn cache() -> CacheBuilder {
    patient(Cache::builder().store(own_store()))
}

/// A cache for which `clock` counts.
pub fn cache_at(clock: &ManualClock) -> CacheBuilder {
    patient(Cache::builder().store(own_store())).clock(clock.clone())
}

/// A store of a test's own, for which real time counts.
pub fn store() -> Arc<dyn Store> {
    let store = own_store();
    store.set_operation_timeout(PATIENCE);
    Arc::new(store)
}

/// What a look-up of an entry past its deadline finds: the server still has it.
pub const EXPIRED: &str = "Missed Expired";

/// Many tests at once on one machine: a call may take longer than a service would wait.
const PATIENCE: Duration = Duration::from_secs(2);

fn patient(builder: CacheBuilder) -> CacheBuilder {
    builder.operation_timeout(PATIENCE)
}

fn own_store() -> RedisStore {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let variable = "CACHE_DIESEL_REDIS_URL";
    let url = std::env::var(variable)
        .unwrap_or_else(|_| panic!("`{variable}` is not set, the URL of a Redis server: run ./scripts/with-servers"));
    let second = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |age| age.as_secs());
    let shop = COUNT.fetch_add(1, Ordering::Relaxed);
    RedisStore::from_url(&format!("{url}?prefix=test:{second:x}:{}:{shop}", process::id())).unwrap()
}

/// The cache of a shop outlives it, and is told of every later write of the process, as any other is.
pub struct Open;

impl Open {
    pub fn newest() -> Self {
        Self
    }
}
