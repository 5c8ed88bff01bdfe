//! The decisions of the protocol, as pure functions: what a read depends on, what a write changes, and what becomes of
//! both while the store fails.

pub mod breaker;
pub mod dirty;
pub mod read;
pub mod wait;
pub mod write;
