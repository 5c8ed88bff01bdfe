//! Setting a cache up: which store, which limits; wrong settings are refused here, by name.

use std::sync::Arc;

use crate::background::Background;
use crate::cache::{Cache, Inner};
use crate::clock::{Clock, SystemClock};
use crate::dirty::Dirty;
use crate::error::{Error, ErrorKind, Result};
use crate::event::Listeners;
use crate::flight::Flights;
use crate::guard::Watch;
use crate::mode::Switch;
use crate::policy::Policy;
use crate::standing::Standing;
use crate::statistics::Ledger;
use crate::store::{MemoryStore, NoneStore, Store};

mod limits;

/// One mebibyte: `64 * MIB` reads as it should.
pub const MIB: u64 = 1024 * 1024;

impl Cache {
    /// A cache of 64 MiB in the memory of this process.
    ///
    /// # Examples
    ///
    /// ```
    /// let cache = cache_core::Cache::memory();
    /// assert_eq!(cache.statistics().total().hit_count, 0);
    /// ```
    #[must_use]
    pub fn memory() -> Self {
        CacheBuilder::default_memory()
    }

    /// A cache that keeps nothing: every read asks the database.
    #[must_use]
    pub fn none() -> Self {
        CacheBuilder::nothing()
    }

    /// Sets a cache up step by step.
    pub fn builder() -> CacheBuilder {
        CacheBuilder::new()
    }

    /// A cache as a URL describes it: `memory:`, `memory:?capacity=16mb` or `none:`.
    ///
    /// # Errors
    ///
    /// Returns an error of [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) that names the part of
    /// the URL that is not understood and what is.
    ///
    /// # Examples
    ///
    /// ```
    /// use cache_core::Cache;
    /// Cache::from_url("memory:?capacity=16mb")?;
    /// assert!(Cache::from_url("memroy:").is_err());
    /// # Ok::<(), cache_core::Error>(())
    /// ```
    pub fn from_url(url: &str) -> Result<Self> {
        CacheBuilder::from_url(url)?.build()
    }
}

/// Sets a [`Cache`] up.
///
/// # Examples
///
/// ```
/// use cache_core::{Cache, MIB};
/// let cache = Cache::builder().memory(16 * MIB).build()?;
/// # Ok::<(), cache_core::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is built until `.build()` is called"]
pub struct CacheBuilder {
    store: Choice,
    clock: Option<Arc<dyn Clock>>,
    policy: Policy,
    database_url: Option<String>,
}

#[derive(Clone, Debug)]
enum Choice {
    Given(Arc<dyn Store>),
    Memory(u64),
    Nothing,
}

impl CacheBuilder {
    const DEFAULT_CAPACITY: u64 = 64 * MIB;

    pub(crate) fn new() -> Self {
        let store = Choice::Memory(Self::DEFAULT_CAPACITY);
        Self { store, clock: None, policy: Policy::DEFAULT, database_url: None }
    }

    pub(crate) fn default_memory() -> Cache {
        Self::new().with_store(Arc::new(MemoryStore::build(Self::DEFAULT_CAPACITY)))
    }

    pub(crate) fn nothing() -> Cache {
        Self::new().with_store(Arc::new(NoneStore))
    }

    pub(crate) fn from_url(url: &str) -> Result<Self> {
        let (scheme, rest) = url.split_once(':').unwrap_or((url, ""));
        let rest = rest.strip_prefix("//").unwrap_or(rest);
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        if !path.is_empty() {
            return Err(wrong(format!("`{path}` has no meaning in the cache URL `{url}`")));
        }
        match scheme {
            "memory" => Self::memory_from_query(query),
            "none" if query.is_empty() => Ok(Self { store: Choice::Nothing, ..Self::new() }),
            "none" => Err(wrong(format!("a `none:` cache takes no parameters, got `{query}`"))),
            _ => Err(wrong(format!("unknown scheme `{scheme}` in the cache URL, expected `memory:` or `none:`"))),
        }
    }

    /// Keeps entries in the memory of this process, up to `capacity` bytes.
    pub fn memory(mut self, capacity: u64) -> Self {
        self.store = Choice::Memory(capacity);
        self
    }

    /// Keeps nothing: every read asks the database.
    pub fn none(mut self) -> Self {
        self.store = Choice::Nothing;
        self
    }

    /// Keeps entries in `store`.
    pub fn store(mut self, store: impl Store) -> Self {
        self.store = Choice::Given(Arc::new(store));
        self
    }

    /// Names the database that reads without a connection are about, as its connection URL.
    pub fn database(mut self, url: impl Into<String>) -> Self {
        self.database_url = Some(url.into());
        self
    }

    /// Takes the time from `clock`.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Some(Arc::new(clock));
        self
    }

    /// Builds the cache.
    ///
    /// # Errors
    ///
    /// Returns an error of [`ErrorKind::Configuration`] that names the setting: a capacity below 64 KiB,
    /// a duration or number of zero, an operation timeout that is long beside the intent life.
    pub fn build(self) -> Result<Cache> {
        let store: Arc<dyn Store> = match &self.store {
            Choice::Given(store) => Arc::clone(store),
            Choice::Memory(capacity) => Arc::new(MemoryStore::with_capacity(*capacity)?),
            Choice::Nothing => Arc::new(NoneStore),
        };
        limits::checked(&self.policy, &*store)?;
        Ok(self.with_store(store))
    }

    fn memory_from_query(query: &str) -> Result<Self> {
        let mut builder = Self::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=') {
                Some(("capacity", size)) => builder = builder.memory(bytes(size)?),
                _ => {
                    return Err(wrong(format!("unknown parameter `{pair}` of a `memory:` cache, expected `capacity`")));
                }
            }
        }
        Ok(builder)
    }

    fn with_store(self, store: Arc<dyn Store>) -> Cache {
        Cache(Arc::new(Inner {
            clock: self.clock.unwrap_or_else(|| Arc::new(SystemClock::new())),
            watch: Watch::over(&*store, &self.policy),
            store,
            policy: self.policy,
            switch: Switch::default(),
            ledger: Ledger::default(),
            listeners: Listeners::default(),
            flights: Arc::new(Flights::default()),
            database_url: self.database_url,
            dirty: Dirty::default(),
            standing: Standing::default(),
            background: Background::default(),
        }))
    }
}

/// Reads a size such as `16mb`, `512kb` or `1048576`; the units are powers of 1024.
fn bytes(text: &str) -> Result<u64> {
    let digits = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let unit: u64 = match text[digits..].to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" | "kib" => 1024,
        "mb" | "mib" => MIB,
        "gb" | "gib" => 1024 * MIB,
        unit => return Err(wrong(format!("unknown unit `{unit}` in `{text}`, expected `kb`, `mb` or `gb`"))),
    };
    let number: u64 = text[..digits].parse().map_err(|_| wrong(format!("`{text}` is not a size such as `16mb`")))?;
    number.checked_mul(unit).ok_or_else(|| wrong(format!("`{text}` is too large")))
}

fn wrong(context: impl Into<String>) -> Error {
    Error::new(ErrorKind::Configuration, context)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_with_their_unit() {
        let cases = [
            ("1048576", Some(MIB)),
            ("16mb", Some(16 * MIB)),
            ("2GiB", Some(2048 * MIB)),
            ("1tb", None),
            ("mb", None),
            ("", None),
            ("99999999999gb", None),
        ];
        for (text, expected) in cases {
            assert_eq!(bytes(text).ok(), expected, "{text}");
        }
    }

    #[test]
    fn wrong_urls_are_refused_by_name() {
        let cases = [
            ("memroy:", "unknown scheme `memroy`"),
            ("memory:?size=1mb", "unknown parameter `size=1mb`"),
            ("memory:?capacity=1", "at least 64 KiB"),
            ("memory://host", "`host` has no meaning"),
            ("none:?capacity=1mb", "takes no parameters"),
        ];
        for (url, expected) in cases {
            let error = Cache::from_url(url).expect_err(url);
            assert_eq!(error.kind(), ErrorKind::Configuration);
            assert!(error.to_string().contains(expected), "{error}");
        }
    }
}
