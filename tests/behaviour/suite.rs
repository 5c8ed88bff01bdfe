//! The behaviour suite, compiled once for each database. `crate::database` says which one it is.

pub mod harness;
pub mod plain;
pub mod presence;
pub mod probe;
pub mod reads_of_everything;
pub mod schema;
pub mod stores;

mod concurrency;
mod corners;
mod databases;
mod declared;
mod details;
mod embedded;
pub mod exact;
mod exact_keys;
mod failure;
mod fixed;
mod granularity;
mod histories;
mod keys;
mod lists;
mod lookups;
mod many;
mod models;
mod negative;
mod normalized;
pub mod outage;
mod processes;
mod raw_transactions;
mod reads;
mod statistics;
mod strict;
pub mod test_transactions;
pub mod transactions;
mod untracked;
pub mod writes;
