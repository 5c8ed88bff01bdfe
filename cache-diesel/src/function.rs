//! Holds what `#[cached_fn(..)]` writes of a function, and the register of all of them.

use core::fmt::{self, Debug};
use core::hash::{Hash, Hasher};

use cache_core::{Cache, CachedEntry, Computation, Counts, KeyBytes, Kind, Origin, Result, Timeout, registry};

/// What is declared of a function.
#[derive(Debug)]
pub struct Function {
    /// What it is kept and counted under.
    pub label: &'static str,
    /// As it is shown to people.
    pub signature: &'static str,
    /// Where it is, and a digest of what it says: another function of this label has values of its own, and so has another
    /// version of this one.
    pub place: (&'static str, u64),
    /// The name of its cache.
    pub cache: &'static str,
    /// How long its values live.
    pub timeout: Option<fn() -> Timeout>,
    /// From when on they are stale.
    pub relevance_timeout: Option<fn() -> Timeout>,
    /// How long `None` is kept.
    pub negative_timeout: Option<fn() -> Timeout>,
    /// How far they may lag behind writes.
    pub lag: Option<fn() -> Timeout>,
    /// How long to wait for somebody else who computes the same.
    pub wait: Option<fn() -> Timeout>,
    /// How often another process is asked meanwhile.
    pub tick: Option<fn() -> Timeout>,
    /// How many ticks that are.
    pub ticks: Option<u32>,
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

/// The arguments of one call: what its value is kept under, and how messages show it.
#[derive(Debug)]
pub struct FunctionKey {
    key: KeyBytes,
    shown: String,
}

/// An argument that is a part of the key of a function.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a part of the key of a cached function: derive `Debug, Hash` for it, or leave it out with `#[cached_fn(skip)]`",
    label = "this argument makes a value of its own for each of its values"
)]
pub trait KeyArgument {
    /// Hashes it.
    fn feed(&self, hasher: &mut dyn Hasher);
    /// Shows it.
    fn show(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result;
}

#[diagnostic::do_not_recommend]
impl<T: Debug + Hash> KeyArgument for T {
    fn feed(&self, mut hasher: &mut dyn Hasher) {
        self.hash(&mut hasher);
    }

    fn show(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fmt(formatter)
    }
}

/// One argument among others.
pub struct Part<'a>(&'a dyn KeyArgument);

impl Hash for Part<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.feed(state);
    }
}

impl Debug for Part<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.show(formatter)
    }
}

/// An argument as a part of a key.
pub fn part<T: KeyArgument>(argument: &T) -> Part<'_> {
    Part(argument)
}

/// The key of a call with these arguments.
#[must_use]
pub fn key_of(parts: &[Part<'_>]) -> FunctionKey {
    let shown: Vec<&dyn Debug> = parts.iter().map(|part| -> &dyn Debug { part }).collect();
    key_by(parts, &shown)
}

/// The key of a call with these arguments, for which the program has made `key`.
pub fn key_by(key: &(impl Hash + ?Sized), arguments: &[&dyn Debug]) -> FunctionKey {
    FunctionKey { key: KeyBytes::of(key), shown: format!("{:?}", Arguments(arguments)) }
}

/// Arguments as a call shows them.
struct Arguments<'a>(&'a [&'a dyn Debug]);

impl Debug for Arguments<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return formatter.write_str("()");
        }
        let mut tuple = formatter.debug_tuple("");
        self.0.iter().for_each(|argument| _ = tuple.field(argument));
        tuple.finish()
    }
}

impl Function {
    /// The cache that keeps what it gives, once it is installed or configured.
    #[must_use]
    pub fn cache(&self) -> Option<Cache> {
        registry::get(self.cache).ok()
    }

    /// What it gives for one `key`.
    pub fn computation(&self, cache: &Cache, FunctionKey { key, shown }: FunctionKey) -> Computation<'static> {
        let mut computation = cache.labelled(self.label).computation(key, shown).into_owned().apart(&self.place);
        if let Some(timeout) = self.timeout {
            computation = computation.timeout(timeout());
        }
        if let Some(timeout) = self.relevance_timeout {
            computation = computation.relevance_timeout(timeout());
        }
        if let Some(timeout) = self.negative_timeout {
            computation = computation.negative_timeout(timeout());
        }
        let length = |timeout: Option<fn() -> Timeout>| timeout.and_then(|timeout| timeout().duration());
        if let Some(lag) = length(self.lag) {
            computation = computation.lag(lag);
        }
        let tick = length(self.tick);
        if let Some(tick) = tick {
            computation = computation.tick(tick);
        }
        let ticked = tick.zip(self.ticks).map(|(tick, ticks)| tick.saturating_mul(ticks));
        if let Some(wait) = length(self.wait).or(ticked) {
            computation = computation.wait(wait);
        }
        if self.is_independent { computation.depends_on_nothing() } else { computation }
    }

    /// Ends what was kept for `key`.
    ///
    /// # Errors
    ///
    /// If the store refuses. Without a cache there is nothing to end.
    pub fn invalidate(&self, key: FunctionKey) -> Result<()> {
        self.cache().map_or(Ok(()), |cache| self.computation(&cache, key).invalidate())
    }

    /// Ends everything that was kept.
    ///
    /// # Errors
    ///
    /// As [`invalidate`](Self::invalidate).
    pub fn invalidate_all(&self) -> Result<()> {
        self.cache().map_or(Ok(()), |cache| cache.labelled(self.label).invalidate_all())
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
    /// The path of the module that it is in.
    pub module: &'static str,
    /// The name of its cache.
    pub cache: &'static str,
    /// How long its values live; `None`: as the cache's `value_timeout` says.
    pub timeout: Option<Timeout>,
    /// From when on they are stale; `None`: never.
    pub relevance_timeout: Option<Timeout>,
    /// How long `None` is kept; `None`: as any value.
    pub negative_timeout: Option<Timeout>,
    /// How far they may lag behind writes; `None`: not at all.
    pub lag: Option<Timeout>,
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
        module: function.place.0,
        cache: function.cache,
        timeout: function.timeout.map(|timeout| timeout()),
        relevance_timeout: function.relevance_timeout.map(|timeout| timeout()),
        negative_timeout: function.negative_timeout.map(|timeout| timeout()),
        lag: function.lag.map(|timeout| timeout()),
        depends_on_nothing: function.is_independent,
        counts: function
            .cache()
            .map_or_else(Counts::default, |cache| cache.statistics().of(function.label, Kind::Computed)),
    };
    let mut functions: Vec<CachedFunction> = inventory::iter::<Declared>.into_iter().map(told).collect();
    functions.sort_by_key(|function| (function.label, function.cache, function.module, function.signature));
    functions
}
