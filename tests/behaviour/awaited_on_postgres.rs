//! The behaviour suite over awaited connections to PostgreSQL.
//!
//! These modules are as they are over connections that block: reads, lists, look-ups, keys, hooks, transactions. Others are left
//! out. Some have another form on awaited connections, which `tests/awaited` has: conditions in a `Box`, which are not
//! `Send`, connections that are taken on a miss, pools, named writes, test transactions. Some ask for what only drivers that
//! block tell. Of the rest the programs of `tests/property` say more.

#![allow(clippy::unwrap_used, missing_docs, unreachable_pub, reason = "tests")]
#![allow(dead_code, unused_imports, reason = "other targets have more modules that use what these have")]

tests::postgres_suite! {
    fn behaviour_over_awaited_connections_to_postgres();

    #[path = "database/postgres.rs"]
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

    mod hooks;
    mod keys;
    mod lists;
    mod lives;
    mod lookups;
    mod many;
    mod models;
    mod modes;
    mod named;
    mod negative;
    mod neighbours;
    mod normalized;
    mod ordered;
    mod outage;
    mod reads;
    mod transactions;
    mod workers;
}
