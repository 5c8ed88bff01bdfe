//! Registers the caches of this process by their names.

use cache_core::Result;
use cache_core::registry;

pub use cache_core::registry::{CacheSource, DEFAULT, default, every, forget, get};

use crate::function::{self, CachedFunction};
use crate::setup::install::track_new_connections;

/// Every function with [`cached_fn`](macro@crate::cached_fn) that the program declares, by label, with its settings and
/// numbers.
///
/// # Examples
///
/// ```
/// use cache_diesel::prelude::*;
///
/// #[cached_fn(label = "greeting", timeout = "1 hour", depends_on_nothing)]
/// fn greeting(name: &str) -> Result<String, cache_diesel::Error> {
///     Ok(format!("Hello, {name}"))
/// }
///
/// # fn main() -> Result<(), cache_diesel::Error> {
/// cache_diesel::install(Cache::memory())?;
/// greeting("Ada")?;
/// let functions = caches::functions();
/// assert_eq!((functions[0].label, functions[0].counts.load_count), ("greeting", 1));
/// # Ok(())
/// # }
/// ```
#[must_use]
pub fn functions() -> Vec<CachedFunction> {
    function::all()
}

/// Names caches, and tracks every connection that Diesel opens from now on, as [`install`](crate::install) does. May be
/// called again for further names.
///
/// The default cache is called `default`: it is set here, or by [`install`](crate::install).
///
/// # Errors
///
/// Returns an error of [`ErrorKind::AlreadyConfigured`](crate::ErrorKind::AlreadyConfigured) for a name that is taken, and of
/// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) for settings that cannot be, or if Diesel's default
/// instrumentation cannot be set; then none of the caches is configured.
///
/// # Examples
///
/// ```
/// use cache_diesel::prelude::*;
///
/// caches::configure([
///     ("default", Cache::builder().memory(64 * MIB)),
///     ("sessions", Cache::builder().memory(16 * MIB)),
/// ])?;
/// assert!(caches::get("sessions").is_ok());
/// # Ok::<(), cache_diesel::Error>(())
/// ```
pub fn configure<N, S>(caches: impl IntoIterator<Item = (N, S)>) -> Result<()>
where
    N: Into<String>,
    S: Into<CacheSource>,
{
    registry::configure(caches)?;
    track_new_connections()
}
