//! What every store keeps to, as tests that any store can run; and a simulated server to run them on.
//!
//! ```
//! use cache_core::store::MemoryStore;
//! use conformance::{Subject, Time};
//!
//! fn memory() -> Subject {
//!     Subject::new(MemoryStore::with_capacity(1024 * 1024).unwrap(), Time::by_hand())
//! }
//!
//! conformance::store_contract!(memory_store, memory());
//! ```

#![allow(clippy::unwrap_used, reason = "tests")]

#[cfg(any(feature = "memcached-tls", feature = "redis-tls"))]
pub mod certificates;
pub mod contract;
mod dice;
mod failing;
pub mod histories;
pub mod in_steps;
#[cfg(feature = "memcached")]
pub mod memcached_server;
#[cfg(any(feature = "memcached", feature = "redis"))]
mod pause;
#[cfg(feature = "redis")]
pub mod redis_server;
pub mod simulation;
#[cfg(feature = "sqlite-store")]
pub mod sqlite_file;
mod subject;
mod time;
pub mod truth;

pub use dice::Dice;
pub use failing::FailingStore;
pub use subject::{Blob, Finds, Frail, Holding, Subject, bytes_of, codec, key, shared, tag};
pub use time::Time;
