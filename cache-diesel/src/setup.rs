//! Holds what a program calls besides its reads and writes: caches, trackers, checks, clears.

pub mod caches;

#[cfg(feature = "async")]
pub(crate) mod awaited;
pub(crate) mod check;
pub(crate) mod clear;
pub(crate) mod contradiction;
pub(crate) mod explain_sql;
pub(crate) mod health;
pub(crate) mod install;
pub(crate) mod refresh;
pub(crate) mod settings;
pub(crate) mod test_transaction;
