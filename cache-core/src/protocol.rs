//! The decisions of the protocol, as pure functions: what a read depends on, what a write changes, in which order; what
//! becomes of both while the store fails; what an answer leaves behind; what a near cache may keep; what another life of a
//! store means, and what programs that declare other things.

pub mod breaker;
pub mod circle;
pub mod dirty;
pub mod fill;
pub mod incarnation;
pub mod intent;
pub mod miss;
pub mod near;
pub mod notes;
pub mod read;
pub mod release;
pub mod settle;
pub mod wait;
pub mod write;
