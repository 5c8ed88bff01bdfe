//! Runs the contract of the store over a real Redis server, and its faults.

#![allow(clippy::unwrap_used, reason = "tests")]

#[cfg(feature = "redis")]
mod cluster;
#[cfg(feature = "redis")]
mod costs;
#[cfg(feature = "redis")]
mod deploys;
#[cfg(feature = "redis-tls")]
mod encrypted;
#[cfg(feature = "redis")]
mod equal;
#[cfg(feature = "redis")]
mod faults;
#[cfg(feature = "redis")]
mod full;
#[cfg(feature = "redis")]
mod keys;
#[cfg(feature = "redis")]
mod lives;
#[cfg(feature = "redis")]
mod moving;
#[cfg(feature = "redis")]
mod new_rows;
#[cfg(feature = "redis")]
mod notes;
#[cfg(feature = "redis")]
mod order;
#[cfg(feature = "redis")]
mod program;
#[cfg(feature = "redis")]
mod room;
#[cfg(feature = "redis")]
mod sent;
#[cfg(feature = "redis")]
mod sentinel;
#[cfg(feature = "redis")]
mod setting_up;
#[cfg(feature = "redis")]
mod shards;
#[cfg(feature = "redis")]
mod slots;
#[cfg(feature = "redis")]
mod stampede;
mod steady;

#[cfg(feature = "redis")]
conformance::store_contract!(redis_store, conformance::redis_server::subject());
#[cfg(feature = "redis")]
conformance::slot_contract!(redis_slots, conformance::redis_server::subject());
#[cfg(feature = "redis")]
conformance::shared_store_contract!(shared_redis_store, conformance::redis_server::subject());

#[cfg(not(feature = "redis"))]
#[test]
#[ignore = "a whole suite that needs Redis: run ./scripts/test"]
fn conformance_on_redis() {}

#[cfg(not(feature = "redis-tls"))]
#[test]
#[ignore = "a module that needs Redis with TLS: run ./scripts/test"]
fn encrypted() {}
