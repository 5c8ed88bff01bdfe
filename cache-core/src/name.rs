//! Names of entries and tags, and what was declared about tables.

pub(crate) mod key;
pub mod tables;
pub(crate) mod tag;
