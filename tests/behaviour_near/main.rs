//! The behaviour suite on SQLite, with entries on a server of Redis and in the memory of the process in front of it: who
//! writes sees it at once.

#![allow(clippy::unwrap_used, missing_docs, unreachable_pub, reason = "tests")]

tests::redis_suite! {
    fn behaviour_with_near_memory();

    #[path = "../behaviour/database/sqlite.rs"]
    mod database;
    #[path = "../behaviour/kept/redis.rs"]
    mod kept;
    #[path = "../behaviour/suite.rs"]
    mod suite;

    mod copies;

    use std::sync::Arc;

    use cache_core::policy::NearPolicy;
    use cache_core::store::RedisStore;
    use cache_core::SystemClock;
    use suite::*;

    /// The clock of a test may stand still: how long nothing was heard of the server goes by the wall's.
    fn complete(store: RedisStore) -> RedisStore {
        store.near(NearPolicy::with_capacity(16 << 20), Arc::new(SystemClock::new())).unwrap()
    }
}
