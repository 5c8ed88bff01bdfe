//! Connections of diesel-async: reads through the cache, and plain statements that are tracked.

#![allow(clippy::unwrap_used, missing_docs, unreachable_pub, reason = "tests")]

tests::postgres_suite! { fn awaited_on_postgres(); mod on_postgres; mod postgres; }

mod on_sqlite;
mod shop;

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
