//! Entries in the memory of the process.

use std::sync::Arc;

use cache_core::store::{MemoryStore, Store};
use cache_diesel::{Cache, CacheBuilder, MIB, ManualClock};

/// A cache for which real time counts.
pub fn cache() -> CacheBuilder {
    Cache::builder()
}

/// A cache for which `clock` counts.
pub fn cache_at(clock: &ManualClock) -> CacheBuilder {
    Cache::builder().clock(clock.clone())
}

/// A store of a test's own, for which real time counts.
pub fn store() -> Arc<dyn Store> {
    Arc::new(MemoryStore::with_capacity(16 * MIB).unwrap())
}
