//! Names entries and tags, and holds the declarations of tables.

pub(crate) mod key;
mod recent;
pub mod tables;
pub(crate) mod tag;
