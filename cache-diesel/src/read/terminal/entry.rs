//! Holds the results of reads.

use core::fmt;
use core::ops::Deref;
use std::sync::Arc;
use std::time::SystemTime;

use cache_core::{Life, Timestamp};

/// The rows of a list.
pub type CachedList<M> = Arc<Vec<M>>;

/// One row.
pub type CachedRow<M> = Arc<M>;

/// One row, or none, for each key that was asked for, in that order.
pub type CachedRows<M> = Vec<Option<Arc<M>>>;

/// A list, and how many rows it has without limit and offset.
#[derive(Debug)]
#[non_exhaustive]
pub struct ListWithTotal<M> {
    /// The rows.
    pub rows: CachedList<M>,
    /// How many there are.
    pub total: i64,
}

impl<M> Clone for ListWithTotal<M> {
    fn clone(&self) -> Self {
        Self { rows: Arc::clone(&self.rows), total: self.total }
    }
}

/// A value with what the cache knows of it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CachedEntry<T> {
    /// The value.
    pub value: T,
    /// Where it came from.
    pub origin: Origin,
    life: Option<Life>,
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
    pub(crate) fn new(value: T, origin: Origin, life: Option<Life>) -> Self {
        Self { value, origin, life }
    }

    pub(crate) fn try_map<U, E>(self, map: impl FnOnce(T) -> Result<U, E>) -> Result<CachedEntry<U>, E> {
        Ok(CachedEntry { value: map(self.value)?, origin: self.origin, life: self.life })
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
