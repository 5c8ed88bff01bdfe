//! What is kept outside of the process: its bytes, and what is made of bytes that are not ours.

#![allow(clippy::unwrap_used, missing_docs, unreachable_pub, reason = "tests")]

mod bytes_store;
mod columns;
mod deep;
mod golden;
mod lossy;
mod odd;
mod pages;
mod reads;
mod robust;
mod with;
