//! Where entries are kept: in the memory of the process.

use std::sync::Arc;
use std::time::Duration;

use cache_core::store::{MemoryStore, Store};
use cache_diesel::{Cache, CacheBuilder, MIB, ManualClock};

/// Whether entries are kept outside of the process.
pub const IS_OUTSIDE: bool = false;

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

/// Lets so long pass for whoever keeps intents.
pub fn pass(clock: &ManualClock, duration: Duration) {
    clock.advance(duration);
}

/// What a look-up of an entry past its deadline finds.
pub const EXPIRED: &str = "Missed Expired";

/// Nothing that has to be closed with a shop.
pub struct Open;

impl Open {
    pub fn newest() -> Self {
        Self
    }
}
