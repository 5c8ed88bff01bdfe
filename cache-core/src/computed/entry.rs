//! Holds a value with what the cache knows of it.

use core::fmt;
use core::ops::Deref;
use std::time::SystemTime;

use crate::clock::Timestamp;
use crate::entry::Life;
use crate::name::key::Fingerprint;

/// A value with what the cache knows of it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CachedEntry<T> {
    /// The value.
    pub value: T,
    /// Where it came from.
    pub origin: Origin,
    life: Option<Life>,
    state: Option<Fingerprint>,
}

/// Where a value came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Origin {
    /// From the database, without a look at the cache.
    Bypass,
    /// From the cache.
    Hit,
    /// From the database, because the cache had nothing of use.
    Miss,
    /// From the cache, past the soft deadline: it is being refreshed.
    Stale,
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Bypass => "bypass",
            Self::Hit => "hit",
            Self::Miss => "miss",
            Self::Stale => "stale",
        })
    }
}

impl<T> CachedEntry<T> {
    #[doc(hidden)]
    #[must_use]
    pub const fn new(value: T, origin: Origin, life: Option<Life>) -> Self {
        Self { value, origin, life, state: None }
    }

    /// When the entry began and when it ends; `None`: there is none.
    #[doc(hidden)]
    #[must_use]
    pub const fn life(&self) -> Option<&Life> {
        self.life.as_ref()
    }

    #[doc(hidden)]
    pub fn try_map<U, E>(self, map: impl FnOnce(T) -> Result<U, E>) -> Result<CachedEntry<U>, E> {
        Ok(CachedEntry { value: map(self.value)?, origin: self.origin, life: self.life, state: self.state })
    }

    /// The same, of a computed value that is stored under `state`.
    pub(crate) fn under(self, state: Fingerprint) -> Self {
        Self { state: Some(state), ..self }
    }

    /// The same, from `origin`.
    pub(crate) fn from(self, origin: Origin) -> Self {
        Self { origin, ..self }
    }

    /// When the value was loaded; `None` if it was not meant for the cache.
    #[must_use]
    pub fn created_at(&self) -> Option<SystemTime> {
        self.life.map(|life| life.created_at.into())
    }

    /// From when on it will not be served; `None` if it was not meant for the cache, or lives until it is
    /// invalidated.
    #[must_use]
    pub fn hard_deadline(&self) -> Option<SystemTime> {
        self.life.map(|life| life.hard_deadline).filter(|deadline| *deadline != Timestamp::NEVER).map(SystemTime::from)
    }

    /// From when on it is stale: served, and refreshed; `None` if it never is, as without a relevance timeout.
    #[must_use]
    pub fn soft_deadline(&self) -> Option<SystemTime> {
        self.life.filter(|life| life.soft_deadline < life.hard_deadline).map(|life| life.soft_deadline.into())
    }

    /// A digest of everything that a computed value depends on, as it was when the value was computed: as long as it is
    /// the same, nothing of that was written. `None` of rows and lists, and of what was not kept.
    #[must_use]
    pub fn state(&self) -> Option<Fingerprint> {
        self.state
    }

    /// Whether it came from the cache, fresh or stale.
    #[must_use]
    pub fn is_hit(&self) -> bool {
        matches!(self.origin, Origin::Hit | Origin::Stale)
    }

    /// Whether it came from the cache past its soft deadline.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        self.origin == Origin::Stale
    }
}

impl<T> Deref for CachedEntry<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}
