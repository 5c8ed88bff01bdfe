//! Registers the caches of this process by their names.

use std::collections::BTreeMap;
use std::sync::Arc;

use once_cell::sync::OnceCell;

use crate::cache::Cache;
use crate::cache::builder::CacheBuilder;
use crate::error::{Error, ErrorKind, Result};
use crate::sync::RwLock;

/// The name of the cache that managers use if they are not told another one.
pub const DEFAULT: &str = "default";

/// A cache, or how to build it.
#[derive(Clone, Debug)]
pub struct CacheSource(Recipe);

#[derive(Clone, Debug)]
enum Recipe {
    Builder(Box<CacheBuilder>),
    Built(Cache),
}

impl From<Cache> for CacheSource {
    fn from(cache: Cache) -> Self {
        Self(Recipe::Built(cache))
    }
}

impl From<CacheBuilder> for CacheSource {
    fn from(builder: CacheBuilder) -> Self {
        Self(Recipe::Builder(Box::new(builder)))
    }
}

impl CacheSource {
    fn build(&self) -> Result<Cache> {
        match &self.0 {
            Recipe::Builder(builder) => CacheBuilder::clone(builder).build(),
            Recipe::Built(cache) => Ok(cache.clone()),
        }
    }
}

/// A named cache that is built at its first use; if that fails, the next use tries again.
#[derive(Debug)]
struct RegistryEntry {
    source: CacheSource,
    cache: OnceCell<Cache>,
}

impl RegistryEntry {
    fn get(&self) -> Result<&Cache> {
        self.cache.get_or_try_init(|| self.source.build())
    }
}

type Slots = BTreeMap<String, Arc<RegistryEntry>>;

static SLOTS: RwLock<Slots> = RwLock::new(BTreeMap::new());

/// Names caches. May be called again for further names.
///
/// # Errors
///
/// Returns an error of [`ErrorKind::AlreadyConfigured`] for a name that is taken, and of
/// [`ErrorKind::Configuration`] for settings that cannot be; then none of the caches is configured.
pub fn configure<N, S>(caches: impl IntoIterator<Item = (N, S)>) -> Result<()>
where
    N: Into<String>,
    S: Into<CacheSource>,
{
    let mut slots = SLOTS.write();
    let mut added = Slots::new();
    for (name, source) in caches {
        let name = name.into();
        if slots.contains_key(&name) || added.contains_key(&name) {
            let context = format!("the cache `{name}` was set before, by `install` or `caches::configure`");
            return Err(Error::new(ErrorKind::AlreadyConfigured, context));
        }
        let slot = RegistryEntry { source: source.into(), cache: OnceCell::new() };
        match slot.get() {
            // A store that cannot be reached yet may be reached later; a wrong setting stays wrong.
            Err(error) if error.kind() == ErrorKind::Configuration => return Err(error),
            _ => added.insert(name, Arc::new(slot)),
        };
    }
    slots.append(&mut added);
    Ok(())
}

/// The cache called `name`.
///
/// # Errors
///
/// Returns an error of [`ErrorKind::NotConfigured`] for a name that nobody configured, and what
/// building it failed with.
pub fn get(name: &str) -> Result<Cache> {
    let slot = SLOTS.read().get(name).cloned();
    let slot = slot.ok_or_else(|| Error::new(ErrorKind::NotConfigured, name))?;
    slot.get().cloned()
}

/// The cache that managers use if they are not told another one.
///
/// # Errors
///
/// As [`get`].
pub fn default() -> Result<Cache> {
    get(DEFAULT)
}

/// Takes the name from a cache that is not used any more: writes of the process leave it alone from now on. For test
/// processes, which would tell the caches of all earlier tests of every write.
///
/// # Consistency
///
/// Nothing ends what is kept in the cache. A read of it afterwards, by whoever still has it, may be stale for ever.
#[doc(hidden)]
pub fn forget(name: &str) {
    let forgotten = SLOTS.write().remove(name);
    // A cache ends its threads when it is dropped: not under the lock.
    drop(forgotten);
}

/// Every name that is configured, in order, with its cache or what building it failed with.
#[must_use]
pub fn named() -> Vec<(String, Result<Cache>)> {
    let slots = SLOTS.read().clone();
    slots.into_iter().map(|(name, slot)| (name, slot.get().cloned())).collect()
}

/// Every cache that is configured and can be built: a write concerns them all.
#[must_use]
pub fn every() -> Vec<Cache> {
    let slots = SLOTS.read();
    slots.values().filter_map(|slot| slot.get().ok().cloned()).collect()
}
