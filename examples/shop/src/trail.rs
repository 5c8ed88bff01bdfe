//! Holds what was done for one request: what was read and where from, what was sent, what was ended.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cache_diesel::{CachedEntry, Origin};

use crate::statements::{Noted, Statement};

/// What was done for one request. Clones are the same trail.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trail(Arc<Mutex<Steps>>);

/// The steps of a request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Steps {
    pub(crate) reads: Vec<Read>,
    pub(crate) statements: Vec<Statement>,
    pub(crate) ended: Vec<String>,
}

/// A read through the cache.
#[derive(Clone, Debug)]
pub(crate) struct Read {
    pub(crate) what: String,
    pub(crate) origin: Origin,
    /// Whether it was meant for the cache.
    pub(crate) is_added: bool,
}

impl Trail {
    /// Notes where a value came from, and gives it.
    pub(crate) fn see<T>(&self, what: impl Into<String>, entry: CachedEntry<T>) -> T {
        let is_added = entry.origin == Origin::Miss && entry.created_at().is_some();
        self.note(Read { what: what.into(), origin: entry.origin, is_added });
        entry.value
    }

    pub(crate) fn note(&self, read: Read) {
        self.lock().reads.push(read);
    }

    /// Adds what a connection was used for.
    pub(crate) fn add(&self, noted: Noted) {
        let mut steps = self.lock();
        steps.statements.extend(noted.statements);
        steps.ended.extend(noted.ended);
    }

    pub(crate) fn steps(&self) -> Steps {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Steps> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Steps {
    /// These, and then those of another request.
    pub(crate) fn and(mut self, later: Self) -> Self {
        self.reads.extend(later.reads);
        self.statements.extend(later.statements);
        self.ended.extend(later.ended);
        self
    }

    pub(crate) fn hit_count(&self) -> usize {
        self.reads.iter().filter(|read| matches!(read.origin, Origin::Hit | Origin::Stale)).count()
    }

    pub(crate) fn miss_count(&self) -> usize {
        self.reads.iter().filter(|read| read.origin == Origin::Miss).count()
    }

    pub(crate) fn added_count(&self) -> usize {
        self.reads.iter().filter(|read| read.is_added).count()
    }

    /// How long the database took.
    pub(crate) fn statement_time(&self) -> Duration {
        self.statements.iter().map(|statement| statement.took).sum()
    }
}
