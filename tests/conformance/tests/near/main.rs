//! Runs the contract, and the bound, of near memory in front of a real Redis server.

#![allow(clippy::unwrap_used, reason = "tests")]

#[cfg(feature = "redis")]
mod bound;
#[cfg(feature = "redis")]
mod faults;
#[cfg(feature = "redis")]
mod hits;
#[cfg(feature = "redis")]
mod kit;
#[cfg(feature = "redis")]
mod polled;
#[cfg(feature = "redis")]
mod removed;
#[cfg(feature = "redis")]
mod setting_up;
#[cfg(feature = "redis")]
mod writes;

#[cfg(feature = "redis")]
conformance::store_contract!(near_store, kit::subject());
#[cfg(feature = "redis")]
conformance::slot_contract!(near_slots, kit::subject());

#[cfg(not(feature = "redis"))]
#[test]
#[ignore = "a whole suite that needs Redis: run ./scripts/test"]
fn conformance_of_near_memory() {}
