//! Holds what the library knows of a model: its trait, its keys, its columns, and its encoding.

pub(crate) mod cached_model;
pub(crate) mod comparison;
pub(crate) mod copy;
pub(crate) mod declaration;
pub(crate) mod definition;
pub(crate) mod expression;
pub(crate) mod keys;
pub(crate) mod moment;
pub(crate) mod printed;
pub(crate) mod relevance;
pub(crate) mod row_key;
pub(crate) mod saved;
pub(crate) mod storage;
pub(crate) mod stored_row;
pub(crate) mod table;
pub(crate) mod weigh;

pub use cached_model::{
    CachedModel, Dependency, Key, Lookup, LookupDefinition, PlainValue, PrimaryKeyOf, key_bytes_of, type_of,
};
pub(crate) use cached_model::{scope_comparison, tag_bytes};
pub use definition::{Asked, Definition};
