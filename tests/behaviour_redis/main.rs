//! The behaviour suite on SQLite, with entries on a server of Redis: one server for all shops, a prefix for each.

#![allow(clippy::unwrap_used, missing_docs, unreachable_pub, reason = "tests")]

tests::redis_suite! {
    fn behaviour_on_redis();

    #[path = "../behaviour/database/sqlite.rs"]
    mod database;
    #[path = "../behaviour/kept/redis.rs"]
    mod kept;
    #[path = "../behaviour/suite.rs"]
    mod suite;

    use suite::*;

    fn complete(store: cache_core::store::RedisStore) -> cache_core::store::RedisStore {
        store
    }
}
