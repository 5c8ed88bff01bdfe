//! Tests what is kept, and who is given it.

#![allow(clippy::unwrap_used, reason = "tests")]

mod decisions;
mod pages;
mod persons;
