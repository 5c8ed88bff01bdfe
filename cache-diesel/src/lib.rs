//! Coherent cached managers for Diesel models.

mod backend;
mod clear;
mod declaration;
mod error;
mod expression;
mod identity;
mod install;
mod keys;
mod manager;
mod model;
pub mod read;
mod report;
mod scan;
mod shape;
mod table;
mod track;
mod weigh;
pub mod write;

pub mod prelude;

pub use cache_core::registry as caches;
pub use cache_core::{
    Bypass, Cache, CacheBuilder, Cause, Counts, Error, ErrorKind, Event, Kind, MIB, Miss, Result, Statistics, TagKind,
    Timeout,
};
pub use cache_derive::Cached;
pub use clear::{After, Clear};
pub use error::NotFound;
pub use install::{MakeInstrumentation, install, install_with, track};
pub use keys::IntoKey;
pub use manager::Manager;
pub use model::{CachedModel, Key};
pub use read::{CachedEntry, CachedList, CachedRow, CachedRows, Origin};

#[doc(hidden)]
pub mod __private {
    pub use cache_core::Timeout;
    pub use {diesel, inventory};

    pub use crate::declaration::Declaration;
    pub use crate::error::NotFound;
    pub use crate::expression::{AnyOf, EqOrNull};
    pub use crate::keys::IntoKey;
    pub use crate::manager::{Manager, ManagerCell};
    pub use crate::model::{
        CachedModel, Definition, Dependency, Lookup, LookupDefinition, PrimaryKeyOf, is_column_exact,
    };
    pub use crate::read::{ListRead, ScopeQuery, UniqueRead};
    pub mod weigh {
        pub use crate::weigh::{Heap, NoHeap, Weigh};
    }
}
