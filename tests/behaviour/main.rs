//! What the library does, case by case, on SQLite. Each test has two oracles: the number of SQL statements, and
//! equality with an uncached read. `elsewhere` runs the suite again with other stores; `behaviour_postgres` and
//! `behaviour_mysql` run it on servers.

#![allow(clippy::unwrap_used, missing_docs, unreachable_pub, reason = "tests")]

#[path = "database/sqlite.rs"]
mod database;
#[path = "unusual/sqlite.rs"]
mod dialect;
mod kept;
#[path = "../line/blocking.rs"]
mod line;
mod run;
#[path = "suite.rs"]
mod suite;

tests::redis_suite! {
    fn copies_in_the_memory_of_processes();

    mod copies;
}

mod audited;
mod deferred;
mod elsewhere;
mod given;
mod returning;
mod sqlite_compared;
mod sqlite_databases;
mod sqlite_declared;
mod sqlite_only;
#[path = "unusual/cases.rs"]
mod unusual;

use suite::*;
