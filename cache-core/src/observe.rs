//! What a cache counts and tells of itself.

pub(crate) mod event;
pub(crate) mod operation;
pub(crate) mod statistics;
