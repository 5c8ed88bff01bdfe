//! Runs the contract of stores over servers of memcached, and what only these go through.

mod hurt;

use conformance::memcached_server::MemcachedHands;

conformance::store_contract!(memcached_store, MemcachedHands::on(1).subject());
conformance::slot_contract!(memcached_slots, MemcachedHands::on(1).subject());
conformance::shared_store_contract!(shared_memcached_store, MemcachedHands::on(1).subject());
conformance::store_contract!(store_on_several, MemcachedHands::on(3).subject());
