//! The behaviour suite over awaited connections to SQLite: diesel-async's wrapper runs each statement on a thread that blocks.
//!
//! Of the modules that run over PostgreSQL (`awaited_on_postgres.rs`) these say most of what is read and kept. Left out are those that
//! insert lists of rows, which diesel-async does not take for SQLite, those that count rows after plain writes by key, which are
//! writes of the whole table there, and those that listen on the thread of the test.

#![allow(clippy::unwrap_used, missing_docs, unreachable_pub, reason = "tests")]
#![allow(dead_code, unused_imports, reason = "other targets have more modules that use what these have")]

#[path = "database/sqlite.rs"]
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

mod corners;
mod details;
mod keys;
mod lists;
mod lives;
mod lookups;
mod named;
mod negative;
mod normalized;
mod ordered;
