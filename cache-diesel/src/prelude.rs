//! Exports the names that a program needs: `use cache_diesel::prelude::*`.
//!
//! The derive [`Cached`], the attribute [`macro@cached_fn`], [`Cache`] and the registry [`caches`] for set-up, [`MIB`] for sizes, and the traits behind
//! `manager.clear_list("active").after(&mut conn)` and `manager.get(1).first_with(&pool).optional()`.

pub use cache_derive::{Cached, cached_fn};

pub use crate::After as _;
pub use crate::OptionalRead as _;
pub use crate::manager::HasManager as _;
pub use crate::{Cache, MIB, caches};
