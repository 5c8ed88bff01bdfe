//! Holds what `#[derive(Cached)]` was told of a model or a view.

use core::time::Duration;

use cache_core::policy::Timeouts;
use cache_core::{Jitter, OnStale, Timeout, registry};

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
    /// What follows once an entry was found stale; `None`: what the cache was told.
    pub on_stale: Option<OnStale>,
    /// The fields' names and types, as written: another shape has other entries.
    pub shape: &'static str,
    /// How long entries live, as far as the derive was told.
    pub timeouts: Timeouts,
    /// What the program is asked for when its settings are there.
    pub asked: Asked,
}

/// Functions of the program that say how long entries live; `None`: not asked.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
#[allow(missing_docs, reason = "named as the options")]
pub struct Asked {
    pub list_timeout: Option<fn() -> Duration>,
    pub detail_timeout: Option<fn() -> Duration>,
    pub negative_timeout: Option<fn() -> Duration>,
    pub list_relevance_timeout: Option<fn() -> Duration>,
    pub detail_relevance_timeout: Option<fn() -> Duration>,
}

impl Asked {
    /// Nothing is asked.
    pub const NOTHING: Self = Self {
        list_timeout: None,
        detail_timeout: None,
        negative_timeout: None,
        list_relevance_timeout: None,
        detail_relevance_timeout: None,
    };
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
            on_stale: None,
            shape,
            timeouts: Timeouts::DEFAULT,
            asked: Asked::NOTHING,
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

    /// Takes over how long the entries of `other` live, how long its lists may be, and what follows from a stale one.
    #[must_use]
    pub const fn with_limits_of(mut self, other: Self) -> Self {
        self.on_stale = other.on_stale;
        self.timeouts = other.timeouts;
        self.asked = other.asked;
        self.max_rows = other.max_rows;
        self
    }

    /// Sets how long lists, counts and scopes live.
    #[must_use]
    pub const fn list_timeout(mut self, timeout: Timeout) -> Self {
        self.timeouts.entries.list = Some(timeout);
        self.asked.list_timeout = None;
        self
    }

    /// Sets how many rows a list may have to be stored.
    #[must_use]
    pub const fn max_rows(mut self, rows: usize) -> Self {
        self.max_rows = Some(rows);
        self
    }

    /// Sets what follows once an entry was found stale.
    #[must_use]
    pub const fn on_stale(mut self, on_stale: OnStale) -> Self {
        self.on_stale = Some(on_stale);
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
        self.asked.detail_relevance_timeout = None;
        self
    }

    /// Sets from when on lists, counts and scopes are stale.
    #[must_use]
    pub const fn list_relevance_timeout(mut self, timeout: Timeout) -> Self {
        self.timeouts.relevance.list = Some(timeout);
        self.asked.list_relevance_timeout = None;
        self
    }

    /// Sets how long rows live.
    #[must_use]
    pub const fn detail_timeout(mut self, timeout: Timeout) -> Self {
        self.timeouts.entries.detail = Some(timeout);
        self.asked.detail_timeout = None;
        self
    }

    /// Sets how long it is remembered that a row does not exist.
    #[must_use]
    pub const fn negative_timeout(mut self, timeout: Timeout) -> Self {
        self.timeouts.negative = Some(timeout);
        self.asked.negative_timeout = None;
        self
    }

    /// Sets what is asked for when the manager is first used; what `asked` does not name stays.
    #[must_use]
    pub const fn asking(mut self, asked: Asked) -> Self {
        let own = self.asked;
        self.asked = Asked {
            list_timeout: or(asked.list_timeout, own.list_timeout),
            detail_timeout: or(asked.detail_timeout, own.detail_timeout),
            negative_timeout: or(asked.negative_timeout, own.negative_timeout),
            list_relevance_timeout: or(asked.list_relevance_timeout, own.list_relevance_timeout),
            detail_relevance_timeout: or(asked.detail_relevance_timeout, own.detail_relevance_timeout),
        };
        self
    }

    /// The same with what the program answers.
    pub(crate) fn answered(mut self) -> Self {
        let (asked, timeouts) = (self.asked, &mut self.timeouts);
        let answers = [
            (asked.list_timeout, &mut timeouts.entries.list),
            (asked.detail_timeout, &mut timeouts.entries.detail),
            (asked.negative_timeout, &mut timeouts.negative),
            (asked.list_relevance_timeout, &mut timeouts.relevance.list),
            (asked.detail_relevance_timeout, &mut timeouts.relevance.detail),
        ];
        for (ask, timeout) in answers {
            if let Some(ask) = ask {
                *timeout = Some(Timeout::after(ask()));
            }
        }
        self
    }
}

const fn or(first: Option<fn() -> Duration>, second: Option<fn() -> Duration>) -> Option<fn() -> Duration> {
    if first.is_some() { first } else { second }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Timeout = Timeout::from_secs(1);

    fn minute() -> Duration {
        Duration::from_secs(60)
    }

    fn hour() -> Duration {
        Duration::from_secs(3600)
    }

    #[test]
    fn a_view_lives_as_its_model_is_told_unless_it_says_otherwise() {
        let new = || Definition::new("Product", "shop", "id=id:i32");
        let asked = |list, detail| Asked { list_timeout: list, detail_timeout: detail, ..Asked::NOTHING };
        let model = new().asking(asked(Some(minute), Some(minute))).negative_timeout(SECOND);
        let view = new().with_limits_of(model).list_timeout(SECOND).asking(asked(None, Some(hour))).answered();
        let said = (view.timeouts.entries.list, view.timeouts.entries.detail, view.timeouts.negative);
        assert_eq!(said, (Some(SECOND), Some(Timeout::after(hour())), Some(SECOND)));
        let model = model.answered().timeouts;
        assert_eq!((model.entries.list, model.relevance.list), (Some(Timeout::after(minute())), None));
    }
}
