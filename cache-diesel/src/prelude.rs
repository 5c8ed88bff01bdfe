//! What a program needs to name: `use cache_diesel::prelude::*`.
//!
//! The derive [`Cached`], [`Cache`] and the registry [`caches`] for set-up, [`MIB`] for sizes, and the trait behind
//! `manager.clear_list("active").after(&mut conn)`.

pub use cache_derive::Cached;

pub use crate::After as _;
pub use crate::{Cache, MIB, caches};
