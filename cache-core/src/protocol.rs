//! The decisions of the protocol, as pure functions: what a read depends on, what a write changes.

pub mod read;
pub mod write;
