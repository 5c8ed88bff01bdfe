//! Stores that break their contract, and callers that call from where nobody expects it.

#![allow(clippy::unwrap_used, missing_docs, unreachable_pub, reason = "tests")]

mod answers;
mod gathered;
mod hooked;
mod panics;
mod threads;
