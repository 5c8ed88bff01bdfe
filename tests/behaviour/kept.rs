//! Where entries are kept: in memory, or where the environment says.
//!
//! The suite is compiled once for each database. What differs between the places of entries is chosen as it runs.

#[path = "kept/memory.rs"]
mod memory;
#[cfg(feature = "redis")]
#[path = "kept/redis.rs"]
pub mod redis;
#[path = "kept/simulated.rs"]
mod simulated;

use std::env;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use cache_core::store::Store;
use cache_diesel::{CacheBuilder, ManualClock};

/// Names the place to the process of a suite.
pub const VARIABLE: &str = "CACHE_DIESEL_TEST_ENTRIES";

/// A place of entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The memory of the process.
    Memory,
    /// A simulated server, as bytes.
    Simulated,
    /// The Redis server of `CACHE_DIESEL_REDIS_URL`.
    #[cfg(feature = "redis")]
    Redis,
    /// The same, with the memory of the process in front of it.
    #[cfg(feature = "redis")]
    Near,
}

/// The place of this process.
fn place() -> Place {
    static PLACE: LazyLock<Place> = LazyLock::new(|| match env::var(VARIABLE).as_deref() {
        Err(_) | Ok("memory") => Place::Memory,
        Ok("simulated") => Place::Simulated,
        #[cfg(feature = "redis")]
        Ok("redis") => Place::Redis,
        #[cfg(feature = "redis")]
        Ok("near") => Place::Near,
        Ok(other) => panic!("`{VARIABLE}` is `{other}`: `memory`, `simulated`, `redis` and `near` are known"),
    });
    *PLACE
}

/// Whether entries are kept outside of the process.
pub fn is_outside() -> bool {
    place() != Place::Memory
}

/// A cache for which real time counts.
pub fn cache() -> CacheBuilder {
    match place() {
        Place::Memory => memory::cache(),
        Place::Simulated => simulated::cache(),
        #[cfg(feature = "redis")]
        Place::Redis | Place::Near => redis::cache(),
    }
}

/// A cache for which `clock` counts.
pub fn cache_at(clock: &ManualClock) -> CacheBuilder {
    match place() {
        Place::Memory => memory::cache_at(clock),
        Place::Simulated => simulated::cache_at(clock),
        #[cfg(feature = "redis")]
        Place::Redis | Place::Near => redis::cache().clock(clock.clone()),
    }
}

/// A store of a test's own, for which real time counts.
pub fn store() -> Arc<dyn Store> {
    match place() {
        Place::Memory => memory::store(),
        Place::Simulated => simulated::store(),
        #[cfg(feature = "redis")]
        Place::Redis | Place::Near => redis::store(),
    }
}

/// Lets so long pass for whoever keeps intents. A real server has a clock of its own.
pub fn pass(clock: &ManualClock, duration: Duration) {
    clock.advance(duration);
    #[cfg(feature = "redis")]
    if matches!(place(), Place::Redis | Place::Near) {
        std::thread::sleep(duration);
    }
}

/// What a look-up of an entry past its deadline finds: the simulated server, which goes by the clock, has dropped it.
pub fn expired() -> &'static str {
    if place() == Place::Simulated { "Missed Absent" } else { "Missed Expired" }
}

/// What has to be closed with a shop: it ends when this is dropped.
pub struct Open {
    _held: Option<Box<dyn Send + Sync>>,
}

impl Open {
    /// What was made last, if it was made for this shop.
    pub fn newest() -> Self {
        let held: Option<Box<dyn Send + Sync>> = match place() {
            Place::Memory => None,
            Place::Simulated => Some(Box::new(simulated::Open::newest())),
            #[cfg(feature = "redis")]
            Place::Redis | Place::Near => Some(Box::new(redis::Open::newest())),
        };
        Self { _held: held }
    }
}
