//! Connections of diesel-async: reads and writes through the cache, and plain statements that are tracked.

#![allow(clippy::unwrap_used, missing_docs, unreachable_pub, reason = "tests")]

tests::postgres_suite! {
    fn awaited_on_postgres();
    mod computed_on_postgres;
    mod encrypted;
    mod managed_on_postgres;
    mod on_postgres;
    mod pipelined;
    mod postgres;
    #[allow(dead_code, reason = "another suite uses more of it")]
    #[path = "../environments/postgres_server.rs"]
    mod postgres_server;
    #[allow(dead_code, reason = "another suite uses more of it")]
    #[path = "../environments/server.rs"]
    mod server;
    mod service;
    mod tracked_at_redis;
    mod tracked_dropped;
    mod tracked_on_postgres;
    mod tracked_pools;
    mod writes_on_postgres;
}

tests::mysql_suite! { fn awaited_on_mysql(); mod on_mysql; mod tracked_on_mysql; mod writes_on_mysql; }

mod compared;
mod computed;
mod on_sqlite;
mod reads;
mod shop;
mod some;
mod taken;
mod writes;
mod writes_on_sqlite;

/// How long an intent stands.
const LIFE: core::time::Duration = core::time::Duration::from_secs(1);

/// One cache for all tests.
fn install() {
    use cache_diesel::prelude::*;
    static INSTALLED: std::sync::Once = std::sync::Once::new();
    INSTALLED.call_once(|| {
        cache_diesel::install(Cache::builder().memory(16 * MIB).intent_life(LIFE).build().unwrap()).unwrap();
    });
}

/// Waits until something holds.
fn wait_until(within: core::time::Duration, mut holds: impl FnMut() -> bool) {
    let end = std::time::Instant::now() + within;
    while !holds() {
        assert!(std::time::Instant::now() < end, "it does not hold after {within:?}");
        std::thread::sleep(core::time::Duration::from_millis(2));
    }
}
