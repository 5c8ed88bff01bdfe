//! Says which caches answer, and why reads go past them.

use core::fmt;
use core::time::Duration;
use std::collections::BTreeMap;
use std::time::Instant;

use cache_core::{Bypass, Cache, Mode, registry};

/// Asks the store of every cache that is configured whether it answers, with one call each, and says why reads bypass.
///
/// For the page of a program that a load balancer or a person asks. A program with a cache that does not answer still
/// works: its reads go to the database.
///
/// # Examples
///
/// ```
/// use cache_diesel::prelude::*;
///
/// cache_diesel::install(Cache::memory())?;
/// let health = cache_diesel::health();
/// assert!(health.is_well());
/// assert_eq!(health.caches[0].name, "default");
/// assert!(health.to_string().starts_with("`default` answers in "));
/// # Ok::<(), cache_diesel::Error>(())
/// ```
#[must_use]
pub fn health() -> Health {
    let of = |(name, cache): (String, cache_core::Result<Cache>)| match cache {
        Ok(cache) => CacheHealth::of(name, &cache),
        Err(error) => CacheHealth {
            name,
            answer: Err(with_source(&error)),
            mode: Mode::Normal,
            dirty_tag_count: 0,
            is_near_trusted: None,
            bypasses: BTreeMap::new(),
        },
    };
    Health { caches: registry::named().into_iter().map(of).collect() }
}

/// What [`health`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Health {
    /// Each cache, in the order of their names.
    pub caches: Vec<CacheHealth>,
}

impl Health {
    /// Whether every cache is well.
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.caches.iter().all(CacheHealth::is_well)
    }
}

/// One cache in a line.
impl fmt::Display for Health {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.caches.is_empty() {
            return formatter.write_str("no cache is configured");
        }
        for (at, cache) in self.caches.iter().enumerate() {
            let end = if at + 1 < self.caches.len() { "\n" } else { "" };
            write!(formatter, "{cache}{end}")?;
        }
        Ok(())
    }
}

/// How one cache does.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CacheHealth {
    /// The name of the cache.
    pub name: String,
    /// How long its store took to answer, or why it did not.
    pub answer: Result<Duration, String>,
    /// What reads may do with it.
    pub mode: Mode,
    /// Tags whose release the store has not acknowledged: reads that depend on them go to the database.
    pub dirty_tag_count: u64,
    /// Whether entries are served from near memory; `None`: there is none.
    pub is_near_trusted: Option<bool>,
    /// Why reads went past the cache since it was built, and how often.
    pub bypasses: BTreeMap<Bypass, u64>,
}

impl CacheHealth {
    fn of(name: String, cache: &Cache) -> Self {
        let began = Instant::now();
        let answer = cache.ping().map(|()| began.elapsed()).map_err(|error| with_source(&error));
        let statistics = cache.statistics();
        let mut bypasses = BTreeMap::new();
        for (reason, count) in statistics.bypasses.values().flatten() {
            *bypasses.entry(*reason).or_default() += count;
        }
        Self {
            name,
            answer,
            mode: cache.mode(),
            dirty_tag_count: statistics.store.dirty_tag_count,
            is_near_trusted: statistics.near.map(|near| near.is_trusted),
            bypasses,
        }
    }

    /// Whether its store answers, knows of every write, and is looked at.
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.answer.is_ok() && self.dirty_tag_count == 0 && self.mode != Mode::Off
    }
}

impl fmt::Display for CacheHealth {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.answer {
            Ok(time) => write!(formatter, "`{}` answers in {time:.1?}", self.name)?,
            Err(error) => write!(formatter, "`{}` does not answer: {error}", self.name)?,
        }
        match self.mode {
            Mode::Off => formatter.write_str("; it is switched off")?,
            Mode::ReadOnly => formatter.write_str("; nothing is stored")?,
            _ => {}
        }
        if self.dirty_tag_count > 0 {
            write!(formatter, "; {} tags wait to be released", self.dirty_tag_count)?;
        }
        if self.is_near_trusted == Some(false) {
            formatter.write_str("; near memory is not served")?;
        }
        for (reason, count) in &self.bypasses {
            write!(formatter, "; {count} reads went past it: {reason}")?;
        }
        Ok(())
    }
}

/// An error in a line, with what caused it.
fn with_source(error: &cache_core::Error) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, cache: Cache) -> CacheHealth {
        registry::configure([(name, cache)]).unwrap();
        let health = health();
        registry::forget(name);
        health.caches.into_iter().find(|cache| cache.name == name).unwrap()
    }

    #[test]
    fn a_cache_that_is_switched_off_is_not_well_and_says_why() {
        let cache = Cache::memory();
        cache.counters("product", cache_core::Kind::Detail).bypass(Bypass::Transaction);
        let well = of("well", cache.clone());
        assert!(well.is_well());
        assert_eq!(well.bypasses, BTreeMap::from([(Bypass::Transaction, 1)]));
        assert!(well.to_string().ends_with(
            "; 1 reads went past it: the connection is in a transaction, or it cannot be told \
                                            whether it is"
        ));
        cache.set_mode(Mode::Off);
        let off = of("off", cache);
        assert!(!off.is_well());
        assert!(off.to_string().contains("; it is switched off"), "{off}");
    }

    #[cfg(feature = "redis")]
    #[test]
    fn a_store_that_is_not_there_is_named_with_the_reason() {
        let dead = Cache::from_url("redis://127.0.0.1:1").unwrap();
        let health = of("dead", dead);
        assert!(!health.is_well());
        assert!(health.to_string().starts_with("`dead` does not answer: "), "{health}");
        assert!(health.to_string().contains("refused"), "{health}");
    }
}
