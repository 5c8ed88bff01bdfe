//! Names entries and tags, and holds the declarations of tables.

pub(crate) mod key;
mod recent;
pub(crate) mod shard;
pub mod tables;
pub(crate) mod tag;
