//! Decides everything in the protocol by pure functions: what a read depends on, what a write changes and in which
//! order, what a failing store delays, what an answer leaves behind, what near memory keeps, and what another incarnation
//! of a store or a program with other declarations means.

pub mod breaker;
pub mod candidate;
pub mod circle;
pub mod collect;
pub mod compare;
pub mod dirty;
pub mod fill;
pub mod incarnation;
pub mod intent;
pub mod lately;
pub mod miss;
pub mod near;
pub mod notes;
pub mod read;
pub mod release;
pub mod settle;
pub mod sharding;
pub mod standing;
pub mod steady;
pub mod wait;
pub mod write;
