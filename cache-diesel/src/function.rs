//! Holds what `#[cached_fn(..)]` writes of a function, and the register of all of them.

use core::fmt::Display;
use core::hash::Hash;

use cache_core::{Cache, CachedEntry, Computation, Counts, Kind, Origin, Result, Timeout, registry};

/// What is declared of a function.
#[derive(Debug)]
pub struct Function {
    /// What it is kept and counted under.
    pub label: &'static str,
    /// As it is shown to people.
    pub signature: &'static str,
    /// The name of its cache.
    pub cache: &'static str,
    /// How long its values live.
    pub timeout: Option<fn() -> Timeout>,
    /// From when on they are stale.
    pub relevance_timeout: Option<fn() -> Timeout>,
    /// How long `None` is kept.
    pub negative_timeout: Option<fn() -> Timeout>,
    /// How long to wait for somebody else who computes the same.
    pub wait: Option<fn() -> Timeout>,
    /// Whether it is declared to depend on nothing.
    pub is_independent: bool,
}

/// A function of the program.
#[derive(Debug)]
pub struct Declared(pub &'static Function);

inventory::collect!(Declared);

/// What a cached function gives.
#[diagnostic::on_unimplemented(
    message = "a cached function gives a `Result<T, E>`, not `{Self}`",
    label = "an error is given on, and never kept"
)]
pub trait Outcome {
    /// What is kept.
    type Value;
    /// What is given on, and never kept.
    type Error;
}

impl<T, E> Outcome for core::result::Result<T, E> {
    type Value = T;
    type Error = E;
}

/// The same, with what the cache knows of it.
pub type Computed<O> = core::result::Result<CachedEntry<<O as Outcome>::Value>, <O as Outcome>::Error>;

/// What a function gave that no cache knows.
pub const fn uncached<T>(value: T) -> CachedEntry<T> {
    CachedEntry::new(value, Origin::Bypass, None)
}

impl Function {
    /// The cache that keeps what it gives, once it is installed or configured.
    #[must_use]
    pub fn cache(&self) -> Option<Cache> {
        registry::get(self.cache).ok()
    }

    /// What it gives for one `key`, which messages show as `shown`.
    pub fn computation(&self, cache: &Cache, key: &(impl Hash + ?Sized), shown: impl Display) -> Computation<'static> {
        let mut computation = cache.computation_of(self.label, key, shown);
        if let Some(timeout) = self.timeout {
            computation = computation.timeout(timeout());
        }
        if let Some(timeout) = self.relevance_timeout {
            computation = computation.relevance_timeout(timeout());
        }
        if let Some(timeout) = self.negative_timeout {
            computation = computation.negative_timeout(timeout());
        }
        if let Some(wait) = self.wait.and_then(|wait| wait().duration()) {
            computation = computation.wait(wait);
        }
        if self.is_independent { computation.depends_on_nothing() } else { computation }
    }

    /// Ends what was kept for `key`.
    ///
    /// # Errors
    ///
    /// If the store refuses. Without a cache there is nothing to end.
    pub fn invalidate(&self, key: &(impl Hash + ?Sized), shown: impl Display) -> Result<()> {
        self.cache().map_or(Ok(()), |cache| self.computation(&cache, key, shown).invalidate())
    }

    /// Ends everything that was kept.
    ///
    /// # Errors
    ///
    /// As [`invalidate`](Self::invalidate).
    pub fn invalidate_all(&self) -> Result<()> {
        self.cache().map_or(Ok(()), |cache| cache.invalidate_function(self.label))
    }
}

/// A function with `#[cached_fn(..)]`, with its settings and numbers at one moment.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CachedFunction {
    /// What it is kept and counted under.
    pub label: &'static str,
    /// Its signature, as it is shown to people.
    pub signature: &'static str,
    /// The name of its cache.
    pub cache: &'static str,
    /// How long its values live; `None`: as the cache's `value_timeout` says.
    pub timeout: Option<Timeout>,
    /// From when on they are stale; `None`: never.
    pub relevance_timeout: Option<Timeout>,
    /// How long `None` is kept; `None`: as any value.
    pub negative_timeout: Option<Timeout>,
    /// Whether it is declared to depend on nothing.
    pub depends_on_nothing: bool,
    /// Its numbers; zeros without a cache.
    pub counts: Counts,
}

/// Every function of the program, by label.
pub(crate) fn all() -> Vec<CachedFunction> {
    let told = |Declared(function): &Declared| CachedFunction {
        label: function.label,
        signature: function.signature,
        cache: function.cache,
        timeout: function.timeout.map(|timeout| timeout()),
        relevance_timeout: function.relevance_timeout.map(|timeout| timeout()),
        negative_timeout: function.negative_timeout.map(|timeout| timeout()),
        depends_on_nothing: function.is_independent,
        counts: function
            .cache()
            .map_or_else(Counts::default, |cache| cache.statistics().of(function.label, Kind::Computed)),
    };
    let mut functions: Vec<CachedFunction> = inventory::iter::<Declared>.into_iter().map(told).collect();
    functions.sort_by_key(|function| (function.label, function.signature));
    functions
}
