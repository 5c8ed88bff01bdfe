//! Runs the contract of the store over a link, under faults of the link and the server.

#![allow(clippy::unwrap_used, reason = "tests")]

mod equal;
mod incarnations;
mod late;
mod limits;
mod link;
#[cfg(feature = "memcached")]
mod memcached;
mod random;
mod releases;
#[cfg(feature = "sqlite-store")]
mod sqlite;
mod threads;
mod time;

use conformance::Time;
use conformance::simulation::World;

conformance::store_contract!(remote_store, World::new(Time::by_hand()).subject());
conformance::slot_contract!(remote_slots, World::new(Time::by_hand()).subject());
conformance::shared_store_contract!(shared_remote_store, World::new(Time::by_hand()).subject());

#[cfg(not(feature = "memcached"))]
#[test]
#[ignore = "a module that needs memcached: run ./scripts/test"]
fn memcached() {}
