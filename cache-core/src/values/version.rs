//! Separates values under equal keys by version and prefix.

use crate::cache::Cache;
use crate::error::{Error, ErrorKind, Result};
use crate::store::Expiry;
use crate::values::count::absent;
use crate::values::slots::{Glance, SlotStep};
use crate::values::write::replace;

impl Cache {
    /// The same cache, for values of version `version`; without it values are of version 1.
    ///
    /// Versions do not see each other's values. Everything else of the cache is the same: [`clear`](Self::clear) clears
    /// all versions, and what managers keep.
    ///
    /// # Examples
    ///
    /// ```
    /// let cache = cache_core::Cache::memory();
    /// cache.with_version(2).set("layout", "new", ())?;
    /// assert_eq!(cache.get::<String>("layout")?, None);
    /// # Ok::<(), cache_core::Error>(())
    /// ```
    #[must_use]
    pub fn with_version(&self, version: u32) -> Self {
        Self(self.0.clone(), self.1.with_version(version))
    }

    /// The same cache, for values whose keys begin with `prefix`, after the prefixes that it has: `a` and then `b`
    /// differs from `ab`.
    ///
    /// Prefixes do not see each other's values, whatever the keys. Everything else of the cache is the same.
    #[must_use]
    pub fn with_prefix(&self, prefix: &str) -> Self {
        Self(self.0.clone(), self.1.with_prefix(prefix))
    }

    /// The version of values that this handle sets and gets.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.1.version()
    }

    /// Moves the value under `key` to the next version, where it takes the place of whatever is there, and lives as long
    /// as it would have; gives that version. This one has no value then.
    ///
    /// # Consistency
    ///
    /// The value is taken away first and then set: for a moment neither version has it. On a server, how long it would
    /// have lived is told by the clocks of the two processes that set it and that move it.
    ///
    /// # Errors
    ///
    /// Returns an error of [`ErrorKind::Absent`] if there is no value, of [`ErrorKind::Overflow`] if there is no such
    /// version, and of [`ErrorKind::Store`] if the store refused: the value may be lost then.
    ///
    /// # Examples
    ///
    /// ```
    /// let cache = cache_core::Cache::memory();
    /// cache.set("layout", "old", ())?;
    /// assert_eq!(cache.incr_version("layout")?, 2);
    /// assert_eq!(cache.get::<String>("layout")?, None);
    /// assert_eq!(cache.with_version(2).get::<String>("layout")?.as_deref(), Some("old"));
    /// # Ok::<(), cache_core::Error>(())
    /// ```
    pub fn incr_version(&self, key: impl AsRef<str>) -> Result<u32> {
        self.move_to(key.as_ref(), self.version().checked_add(1))
    }

    /// Moves the value under `key` to the version before, as [`incr_version`](Self::incr_version) does to the next one.
    ///
    /// # Errors
    ///
    /// As [`incr_version`](Self::incr_version).
    pub fn decr_version(&self, key: impl AsRef<str>) -> Result<u32> {
        self.move_to(key.as_ref(), self.version().checked_sub(1))
    }

    fn move_to(&self, key: &str, version: Option<u32>) -> Result<u32> {
        let version = version.ok_or_else(|| Error::new(ErrorKind::Overflow, key.escape_debug().to_string()))?;
        let (taken, _) = self.change(&self.1.key(key), Glance::Peek, |seen| {
            let value = seen.value();
            Ok(if value.is_some() { SlotStep::Replace(None, value) } else { SlotStep::Leave(None) })
        })?;
        let (body, life) = taken.ok_or_else(|| absent(key))?;
        let there = self.1.with_version(version).key(key);
        self.change(&there, Glance::Open, |seen| {
            Ok(SlotStep::Replace(Some(replace(body.clone(), life, Expiry::OfLife, seen.token)?), ()))
        })?;
        Ok(version)
    }
}
