//! Names entries and tags, and holds the declarations of tables.

pub(crate) mod key;
pub mod tables;
pub(crate) mod tag;
