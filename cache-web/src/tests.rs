//! Tests what is kept, and who is given it.

#![allow(clippy::unwrap_used, reason = "tests")]

mod decisions;
#[cfg(feature = "minijinja")]
mod fragments;
mod pages;
mod persons;
mod stacks;
