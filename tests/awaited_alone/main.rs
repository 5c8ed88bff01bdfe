//! What awaited connections mean for a whole process, so that no other test runs beside this one.

#![allow(clippy::unwrap_used, missing_docs, unreachable_pub, reason = "tests")]

tests::postgres_suite! { fn awaited_alone_on_postgres(); mod sole; #[allow(dead_code, reason = "another suite uses more of it")] #[path = "../awaited/postgres.rs"] mod postgres; }

/// How long an intent stands.
#[cfg(feature = "postgres")]
const LIFE: core::time::Duration = core::time::Duration::from_secs(1);

#[cfg(feature = "postgres")]
fn install() {
    use cache_diesel::prelude::*;
    cache_diesel::install(Cache::builder().memory(16 * MIB).intent_life(LIFE).build().unwrap()).unwrap();
}
