//! What the library does, case by case. Each test has two oracles: the number of SQL statements, and
//! equality with an uncached read.

#![allow(clippy::unwrap_used, missing_docs, unreachable_pub, reason = "tests")]

mod harness;
mod smoke;
