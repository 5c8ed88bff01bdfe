//! Runs the contract of stores over servers of memcached, and what only these go through.

#[cfg(feature = "memcached-tls")]
mod encrypted;
mod hurt;

use conformance::memcached_server::MemcachedHands;

conformance::store_contract!(memcached_store, MemcachedHands::on(1).subject());
conformance::slot_contract!(memcached_slots, MemcachedHands::on(1).subject());
conformance::shared_store_contract!(shared_memcached_store, MemcachedHands::on(1).subject());
conformance::store_contract!(store_on_several, MemcachedHands::on(3).subject());

/// Servers count whole seconds: an intent may stand for one longer.
#[test]
fn no_history_serves_what_was_changed() {
    for servers in [1, 3] {
        let grain = std::time::Duration::from_secs(1);
        conformance::histories::hold(|| MemcachedHands::on(servers).subject(), grain, 8);
    }
}
