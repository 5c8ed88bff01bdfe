//! Reads values.

use std::sync::Arc;

use crate::cache::Cache;
use crate::entry::Worth;
use crate::error::Result;
use crate::name::key::CacheKey;
use crate::protocol::miss::Miss;
use crate::runtime::guard::CallFailure;
use crate::store::{Content, Slot};
use crate::values::form::{Cacheable, Form};
use crate::values::slots::serve;

/// # Values that are set by hand
///
/// They live in the same store as the entries of managers, under keys of their own: any text of any length, which
/// means itself only.
impl Cache {
    /// What the reads and writes of values are counted and told under, with [`Kind::Value`](crate::Kind::Value).
    pub const VALUES: &'static str = "values";

    /// The value under `key`; `None`: there is none.
    ///
    /// A value that is not a `T` counts as none, and stays. `None` that was set is told from nothing at all: it is read
    /// as an `Option<T>`, and is `Some(None)`.
    ///
    /// # Consistency
    ///
    /// Gives what was set last, in any process, or something later. A value may be gone at any time: the store needed
    /// room, or [`clear`](Self::clear) was called.
    ///
    /// # Errors
    ///
    /// Returns an error of [`ErrorKind::Store`](crate::ErrorKind::Store) if the store could not be read.
    ///
    /// # Examples
    ///
    /// ```
    /// let cache = cache_core::Cache::memory();
    /// assert_eq!(cache.get::<String>("greeting")?, None);
    /// cache.set("greeting", "hello", ())?;
    /// assert_eq!(cache.get::<String>("greeting")?.as_deref(), Some("hello"));
    /// # Ok::<(), cache_core::Error>(())
    /// ```
    pub fn get<T: Cacheable + Clone>(&self, key: impl AsRef<str>) -> Result<Option<T>> {
        Ok(self.get_arc(key)?.map(Arc::unwrap_or_clone))
    }

    /// The value under `key`, shared: in memory nothing is cloned, and nothing allocated.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    ///
    /// # Examples
    ///
    /// ```
    /// let cache = cache_core::Cache::memory();
    /// cache.set("rates", &vec![1.5, 2.5], ())?;
    /// let (one, other) = (cache.get_arc::<Vec<f64>>("rates")?, cache.get_arc::<Vec<f64>>("rates")?);
    /// assert!(std::sync::Arc::ptr_eq(&one.unwrap(), &other.unwrap()));
    /// # Ok::<(), cache_core::Error>(())
    /// ```
    pub fn get_arc<T: Cacheable>(&self, key: impl AsRef<str>) -> Result<Option<Arc<T>>> {
        self.get_as(key.as_ref(), Form::SERDE)
    }

    /// The value under `key`, or `default`.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    ///
    /// # Examples
    ///
    /// ```
    /// let cache = cache_core::Cache::memory();
    /// assert_eq!(cache.get_or("visits", 0)?, 0);
    /// # Ok::<(), cache_core::Error>(())
    /// ```
    pub fn get_or<T: Cacheable + Clone>(&self, key: impl AsRef<str>, default: T) -> Result<T> {
        Ok(self.get(key)?.unwrap_or(default))
    }

    /// The bytes under `key`, shared; they were set by [`set_bytes`](Self::set_bytes), or as a `Vec<u8>`.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub fn get_bytes(&self, key: impl AsRef<str>) -> Result<Option<Arc<Vec<u8>>>> {
        self.get_as(key.as_ref(), Form::BINARY)
    }

    /// Whether there is a value under `key`, of whatever type. It is not counted as a read.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub fn contains_key(&self, key: impl AsRef<str>) -> Result<bool> {
        let slot = self.peek(&self.1.key(key.as_ref()));
        let slot = slot.map_err(|trouble| self.value_trouble(trouble, "reading a value"))?;
        Ok(matches!(slot, Some(Slot { content: Content::Value(..), .. })))
    }

    fn get_as<T: Send + Sync + 'static>(&self, key: &str, form: Form<T>) -> Result<Option<Arc<T>>> {
        let key = self.1.key(key);
        let found = self.find(&key, form);
        let found = found.map_err(|trouble| self.value_trouble(trouble, "reading a value"))?;
        Ok(self.count_read(&key, found))
    }

    /// Looks a value up, without counting.
    pub(super) fn find<T>(
        &self,
        key: &CacheKey,
        form: Form<T>,
    ) -> core::result::Result<core::result::Result<Arc<T>, Miss>, CallFailure>
    where
        T: Send + Sync + 'static,
    {
        Ok(self.unpack(key, self.peek(key)?, form))
    }

    /// The value in a slot that was looked at, or why there is none. What cannot be read is removed.
    pub(super) fn unpack<T>(
        &self,
        key: &CacheKey,
        slot: Option<Slot>,
        form: Form<T>,
    ) -> core::result::Result<Arc<T>, Miss>
    where
        T: Send + Sync + 'static,
    {
        if let Some(Slot { mark, content: Content::Spent(Worth::Unreadable(_)) }) = &slot {
            self.drop_unreadable(key, *mark);
        }
        form.unpack(serve(slot)?).ok_or(Miss::Foreign)
    }

    pub(super) fn count_read<T>(&self, key: &CacheKey, found: core::result::Result<T, Miss>) -> Option<T> {
        let reader = self.value_reader();
        found.inspect(|_| reader.hit(|| key.id)).inspect_err(|cause| reader.miss(*cause, || key.id)).ok()
    }
}
