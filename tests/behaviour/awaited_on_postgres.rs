//! The behaviour suite over awaited connections to PostgreSQL.
//!
//! Left out are modules of what has another form on awaited connections: of conditions in a `Box`, which are not `Send`, of
//! connections that are taken on a miss, of pools, of named writes and of test transactions, which `tests/awaited` has.
//! Left out as well are strict writes, rows that writes give back, events that are counted, raw transactions, connections
//! without a tracker, other processes, and columns that models say are exact.

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

    mod composed_keys;
    mod computed;
    mod concurrency;
    mod corners;
    mod databases;
    mod declared;
    mod deploys;
    mod details;
    mod embedded;
    mod ended;
    mod ends;
    mod exact;
    mod exact_keys;
    mod explained;
    mod failure;
    mod fixed;
    mod functions;
    mod granularity;
    mod hidden;
    mod histories;
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
    mod related;
    mod transactions;
    mod workers;
    mod writes;
}
