//! The decisions of the protocol, as pure functions: what a read depends on, what a write changes, what a new
//! connection to a store has to do first.

pub mod incarnation;
pub mod read;
pub mod write;
