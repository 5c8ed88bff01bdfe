//! What a cache counts and tells of itself.

pub(crate) mod event;
pub(crate) mod operation;
pub mod report;
pub(crate) mod statistics;
