//! What the library does, case by case. Each test has two oracles: the number of SQL statements, and
//! equality with an uncached read.

#![allow(clippy::unwrap_used, missing_docs, unreachable_pub, reason = "tests")]

mod harness;
mod plain;
mod probe;
mod reads_of_everything;
mod schema;
mod stores;

mod concurrency;
mod corners;
mod databases;
mod declared;
mod details;
mod failure;
mod granularity;
mod histories;
mod keys;
mod lists;
mod lookups;
mod many;
mod models;
mod negative;
mod raw_transactions;
mod reads;
mod statistics;
mod transactions;
mod untracked;
mod writes;
