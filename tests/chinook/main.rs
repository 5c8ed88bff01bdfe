//! The managers over a whole shop: every row, list and look-up of the eleven tables of Chinook is compared with plain
//! Diesel, cold, warm and after each of some writes.
//!
//! The rows are generated, and besides those of Chinook where they are at hand: in the directory that `CHINOOK_DIR`
//! names, or in `../shared/data` beside the checkout.

#![allow(clippy::unwrap_used, missing_docs, unreachable_pub, reason = "tests")]

#[path = "database/sqlite.rs"]
mod database;
mod generated;
mod models;
mod reader;
mod schema;
mod shop;
mod writes;
