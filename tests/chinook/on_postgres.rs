//! The shop of `chinook` on PostgreSQL.

#![allow(clippy::unwrap_used, missing_docs, unreachable_pub, reason = "tests")]

tests::postgres_suite! {
    fn a_whole_shop_on_postgres();

    #[path = "database/postgres.rs"]
    mod database;
    mod generated;
    mod models;
    mod reader;
    mod schema;
    mod shop;
    mod writes;
}
