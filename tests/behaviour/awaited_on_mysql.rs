//! The behaviour suite over awaited connections to MariaDB.
//!
//! All modules that run over PostgreSQL (`awaited_on_postgres.rs`) were seen green here. For their time these are those that say most
//! of statements, transactions and tracking.

#![allow(clippy::unwrap_used, missing_docs, unreachable_pub, reason = "tests")]
#![allow(dead_code, unused_imports, reason = "other targets have more modules that use what these have")]

tests::mysql_suite! {
    fn behaviour_over_awaited_connections_to_mysql();

    #[path = "database/mysql.rs"]
    mod database;
    mod harness;
    mod kept;
    #[path = "../line/awaited/mod.rs"]
    mod line;
    mod plain;
    mod presence;
    mod probe;
    mod reads_of_everything;
    mod run;
    mod schema;
    mod stores;

    mod computed;
    mod details;
    mod ended;
    mod exact_keys;
    mod granularity;
    mod lists;
    mod lives;
    mod lookups;
    mod many;
    mod raw_transactions;
    mod transactions;
    mod untracked;
    mod write_through;
}
