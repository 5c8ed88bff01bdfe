//! Random programs of reads and writes over three connections and two databases: after every step each cached
//! read gives what plain Diesel gives on the same connection.
//!
//! `PROPERTY_PROGRAMS=n` runs the seeds below n (10 000 if not set), `PROPERTY_SEED=n` the one seed n.
//! The small stores among them evict by a random hash, so that a seed of theirs may fail only now and then.
//! A failure prints its seed and the smallest program that was found to fail.

#![allow(clippy::unwrap_used, missing_docs, unreachable_pub, reason = "tests")]

mod ageing;
mod check;
mod computed;
#[path = "database/sqlite.rs"]
mod database;
mod form;
mod found;
mod generate;
mod jobs;
#[path = "../line/blocking.rs"]
mod line;
mod mistaken;
mod models;
mod pages;
mod people;
mod planted;
mod probe;
mod program;
#[path = "raw/sqlite.rs"]
mod raw;
mod reads;
mod rows;
mod same;
mod scene;
mod search;
mod site;
mod world;
mod writes;

use crate::search::Seeds;

#[test]
fn every_cached_read_gives_what_the_database_has() {
    let seeds = Seeds::from_environment(10_000);
    let failure = search::first_failure(seeds, None);
    world::drop_idle();
    if let Some(failure) = failure {
        panic!("{failure}");
    }
}

/// `PROPERTY_COMPUTED=n` runs the seeds below n.
#[test]
fn every_computed_value_is_what_computing_it_anew_gives() {
    let failure = search::first_failure(Seeds::of_computing(300), None);
    world::drop_idle();
    if let Some(failure) = failure {
        panic!("{failure}");
    }
}
