//! Programs that fix the types of what is to come: awaited reads, views, pools.

#![allow(clippy::unwrap_used, missing_docs, unreachable_pub, reason = "tests")]

mod pool;
mod shop;
mod view;
