//! Where entries are kept: in memory, or where the environment says.
//!
//! The suite is compiled once for each database. What differs between the places of entries is chosen as it runs.

#[path = "kept/memory.rs"]
mod memory;
#[path = "kept/real.rs"]
pub mod real;
#[path = "kept/simulated.rs"]
mod simulated;

use std::env;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use cache_core::store::Store;
use cache_diesel::{CacheBuilder, ManualClock};

/// Names the place to the process of a suite.
pub const VARIABLE: &str = "CACHE_DIESEL_TEST_ENTRIES";

/// Names the file of the places `file` and `tables`; of tables on a server it is their URL.
pub const FILE: &str = "CACHE_DIESEL_TEST_FILE";

/// Names the servers of the places `redis` and `near`: their URL, with `PREFIX` where a shop's prefix belongs. Without it
/// that is the server of `CACHE_DIESEL_REDIS_URL`.
#[cfg(feature = "redis")]
pub const SERVERS: &str = "CACHE_DIESEL_TEST_SERVERS";

/// Names the server of the place `memcached`: its URL.
pub const MEMCACHED: &str = "CACHE_DIESEL_TEST_MEMCACHED";

/// A place of entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The memory of the process.
    Memory,
    /// A simulated server, as bytes.
    Simulated,
    /// A store outside of the process.
    Real(Real),
}

/// A store outside of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Real {
    /// A Redis server, a cluster of them, or whom sentinels name.
    #[cfg(feature = "redis")]
    Redis,
    /// The same, with the memory of the process in front of it.
    #[cfg(feature = "redis")]
    Near,
    /// A file that processes share.
    #[cfg(feature = "sqlite-store")]
    File,
    /// Tables of a database.
    Tables,
    /// A memcached.
    #[cfg(feature = "memcached")]
    Memcached,
}

impl Real {
    /// How much longer than they were asked for intents may stand, with something to spare.
    const fn grain(self) -> Duration {
        match self {
            #[cfg(feature = "memcached")]
            Self::Memcached => Duration::from_secs(2),
            _ => Duration::ZERO,
        }
    }
}

/// The place of this process.
fn place() -> Place {
    static PLACE: LazyLock<Place> = LazyLock::new(|| match env::var(VARIABLE).as_deref() {
        Err(_) | Ok("memory") => Place::Memory,
        Ok("simulated") => Place::Simulated,
        #[cfg(feature = "redis")]
        Ok("redis") => Place::Real(Real::Redis),
        #[cfg(feature = "redis")]
        Ok("near") => Place::Real(Real::Near),
        #[cfg(feature = "sqlite-store")]
        Ok("file") => Place::Real(Real::File),
        Ok("tables") => Place::Real(Real::Tables),
        #[cfg(feature = "memcached")]
        Ok("memcached") => Place::Real(Real::Memcached),
        Ok(other) => panic!(
            "`{VARIABLE}` is `{other}`: `memory`, `simulated`, `redis`, `near`, `file`, `tables` and `memcached` are known"
        ),
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
        Place::Real(real) => real::cache(real),
    }
}

/// A cache for which `clock` counts.
pub fn cache_at(clock: &ManualClock) -> CacheBuilder {
    match place() {
        Place::Memory => memory::cache_at(clock),
        Place::Simulated => simulated::cache_at(clock),
        Place::Real(real) => real::cache(real).clock(clock.clone()),
    }
}

/// A store of a test's own, for which real time counts.
pub fn store() -> Arc<dyn Store> {
    match place() {
        Place::Memory => memory::store(),
        Place::Simulated => simulated::store(),
        Place::Real(real) => real::store(real),
    }
}

/// Lets so long pass for whoever keeps intents. A real server has a clock of its own.
pub fn pass(clock: &ManualClock, duration: Duration) {
    clock.advance(duration);
    if let Place::Real(real) = place() {
        std::thread::sleep(duration + real.grain());
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
            Place::Real(_) => Some(Box::new(real::Open::newest())),
        };
        Self { _held: held }
    }
}
