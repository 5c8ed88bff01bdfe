//! The behaviour suite over awaited connections to PostgreSQL.
//!
//! These modules are as they are over connections that block. Others are left out. Some have another form on awaited
//! connections, which `tests/awaited` has: conditions in a `Box`, which are not `Send`, connections that are taken on a miss,
//! pools, named writes, test transactions. `said_exact` asks for what a blocking driver does before its writes. The largest
//! (`concurrency`, `exact`, `hidden`, `histories`, `writes`) were seen green, and are left out for their time: of what they
//! are about the programs of `tests/property` say more.

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

    mod computed;
    mod corners;
    mod databases;
    mod deploys;
    mod details;
    mod embedded;
    mod ended;
    mod ends;
    mod exact_keys;
    mod explained;
    mod failure;
    mod fixed;
    mod functions;
    mod granularity;
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
    mod processes;
    mod raw_transactions;
    mod reads;
    mod related;
    mod statistics;
    mod strict;
    mod transactions;
    mod untracked;
    mod workers;
    mod write_through;
}
