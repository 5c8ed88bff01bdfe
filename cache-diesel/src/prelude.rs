//! What a program needs to name: `use cache_diesel::prelude::*`.

pub use cache_derive::Cached;

pub use crate::After as _;
pub use crate::{Cache, MIB, caches};
