//! Holds what `#[derive(Cached)]` was told of a model or a view.

use core::time::Duration;

use cache_core::policy::Timeouts;
use cache_core::{Jitter, Timeout, registry};

/// The options of one `#[derive(Cached)]`.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Definition {
    /// The cache that `cached()` uses; `None`: the default one.
    pub cache: Option<&'static str>,
    /// The name in the cache; `None`: the table's SQL name.
    pub key: Option<&'static str>,
    /// Whether the primary key was told to the derive only: Diesel's `AsChangeset` then sets its columns too.
    pub is_key_saved: bool,
    /// Part of every key, for changes of meaning that the shape does not tell.
    pub key_version: Option<u32>,
    /// Lists with more rows are not stored.
    pub max_rows: Option<usize>,
    /// `module_path!()` of the model.
    pub module: &'static str,
    /// The struct's name.
    pub name: &'static str,
    /// The fields' names and types, as written: another shape has other entries.
    pub shape: &'static str,
    /// How long entries live.
    pub timeouts: Timeouts,
}

impl Definition {
    /// Starts from the defaults: entries live as the cache says, absent rows are not cached.
    #[must_use]
    pub const fn new(name: &'static str, module: &'static str, shape: &'static str) -> Self {
        Self {
            cache: None,
            key: None,
            is_key_saved: false,
            key_version: None,
            max_rows: None,
            module,
            name,
            shape,
            timeouts: Timeouts::DEFAULT,
        }
    }

    /// Sets the name in the cache.
    #[must_use]
    pub const fn key(mut self, key: &'static str) -> Self {
        self.key = Some(key);
        self
    }

    /// Sets the cache that is used if no other one is named.
    #[must_use]
    pub const fn cache(mut self, cache: &'static str) -> Self {
        self.cache = Some(cache);
        self
    }

    /// Sets the version of the keys.
    #[must_use]
    pub const fn key_version(mut self, version: u32) -> Self {
        self.key_version = Some(version);
        self
    }

    /// The model's path.
    pub(crate) fn path(&self) -> String {
        format!("{}::{}", self.module, self.name)
    }

    /// The cache that is used if no other one is named.
    #[must_use]
    pub fn own_cache(&self) -> &'static str {
        self.cache.unwrap_or(registry::DEFAULT)
    }

    /// Notes that a save sets the columns of the primary key too.
    #[must_use]
    pub const fn key_is_saved(mut self) -> Self {
        self.is_key_saved = true;
        self
    }

    /// Takes over how long the entries of `other` live, and how long its lists may be.
    #[must_use]
    pub const fn with_limits_of(mut self, other: Self) -> Self {
        self.timeouts = other.timeouts;
        self.max_rows = other.max_rows;
        self
    }

    /// Sets how long lists, counts and scopes live.
    #[must_use]
    pub const fn list_timeout(mut self, timeout: Timeout) -> Self {
        self.timeouts.entries.list = Some(timeout);
        self
    }

    /// Sets how many rows a list may have to be stored.
    #[must_use]
    pub const fn max_rows(mut self, rows: usize) -> Self {
        self.max_rows = Some(rows);
        self
    }

    /// Makes lives shorter by up to so many hundredths.
    #[must_use]
    pub const fn jitter_percent(mut self, percent: u32) -> Self {
        self.timeouts.jitter = Some(Jitter::Percent(percent));
        self
    }

    /// Makes lives shorter by up to so many milliseconds.
    #[must_use]
    pub const fn jitter_millis(mut self, millis: u64) -> Self {
        self.timeouts.jitter = Some(Jitter::UpTo(Duration::from_millis(millis)));
        self
    }

    /// Sets from when on rows are stale.
    #[must_use]
    pub const fn detail_relevance_timeout(mut self, timeout: Timeout) -> Self {
        self.timeouts.relevance.detail = Some(timeout);
        self
    }

    /// Sets from when on lists, counts and scopes are stale.
    #[must_use]
    pub const fn list_relevance_timeout(mut self, timeout: Timeout) -> Self {
        self.timeouts.relevance.list = Some(timeout);
        self
    }

    /// Sets how long rows live.
    #[must_use]
    pub const fn detail_timeout(mut self, timeout: Timeout) -> Self {
        self.timeouts.entries.detail = Some(timeout);
        self
    }

    /// Sets how long it is remembered that a row does not exist.
    #[must_use]
    pub const fn negative_timeout(mut self, timeout: Timeout) -> Self {
        self.timeouts.negative = Some(timeout);
        self
    }
}
