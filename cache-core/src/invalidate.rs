//! The way of a write through the stores: intents before, new tokens after.

use crate::cache::Cache;
use crate::error::Result;
use crate::event::{Cause, Event};
use crate::protocol::release::plan;
use crate::protocol::write::ChangeSet;
use crate::store::{Outcome, Writer};
use crate::tag::{Database, Tag};

/// One write on its way: a statement, or a transaction at its end.
#[derive(Debug)]
pub struct Invalidation {
    writer: Writer,
    database: Database,
    placed: Vec<Tag>,
}

/// How a write ended, as far as the writer knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ending {
    /// It is over: done, or failed in a way that may have left something done.
    Over,
    /// It may still be under way: the link was lost before its answer came.
    Unknown,
}

impl Invalidation {
    /// A write to `database`.
    #[must_use]
    pub fn of(database: Database) -> Self {
        Self { writer: Writer::fresh(), database, placed: Vec::new() }
    }

    /// Places intents beside everything that `changes` will change, in each of `caches`.
    ///
    /// A store that fails is counted and reported; the write goes on.
    pub fn place(&mut self, changes: &ChangeSet, caches: &[Cache]) {
        if changes.is_empty() {
            return;
        }
        let tags = changes.tags(&self.database);
        for cache in caches {
            let life = cache.0.policy.intent_life;
            let placed = cache.0.store.place(self.writer, &tags, life, cache.now());
            report(cache, placed);
        }
        self.placed.extend(tags);
    }

    /// Gives everything in `changes` a new token, in each of `caches`, and tells the listeners. Intents on
    /// other tags go without one: they covered what was not known yet.
    ///
    /// A store that fails is counted and reported, and not looked at until the change has got through; the write
    /// has happened all the same.
    pub fn release(self, changes: &ChangeSet, ending: Ending, cause: Cause, caches: &[Cache]) {
        let tags = changes.tags(&self.database);
        for cache in caches {
            let releases = plan(&tags, &self.placed, outcome(ending, cache));
            if releases.is_empty() {
                continue;
            }
            let released = cache.0.store.release(self.writer, &releases, cache.now());
            if released.is_err() {
                cache.0.dirty.add(&tags);
            }
            report(cache, released);
            if changes.is_empty() {
                continue;
            }
            cache.0.ledger.count_invalidation(changes.tables(), changes.is_wide());
            let tables: Vec<&str> = changes.tables().collect();
            cache.tell(&Event::Invalidated { tables: &tables, is_wide: changes.is_wide(), cause });
        }
    }
}

fn outcome(ending: Ending, cache: &Cache) -> Outcome {
    match ending {
        Ending::Over => Outcome::Changed,
        Ending::Unknown => Outcome::Unknown(cache.0.policy.intent_life),
    }
}

fn report(cache: &Cache, result: Result<()>) {
    if let Err(error) = result {
        cache.0.ledger.count_invalidation_failure();
        cache.tell(&Event::StoreFailed { error: &error });
    }
}
