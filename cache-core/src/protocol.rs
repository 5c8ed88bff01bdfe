//! The decisions of the protocol, as pure functions: what a read depends on, what a write changes, in which order; what
//! a near cache may keep; what another life of a store means.

pub mod fill;
pub mod incarnation;
pub mod near;
pub mod read;
pub mod release;
pub mod write;
