//! The way of a write through the stores: intents before, new tokens after.

use std::sync::Arc;

use crate::cache::Cache;
use crate::clock::Timestamp;
use crate::error::Result;
use crate::event::{Cause, Event};
use crate::guard::Trouble;
use crate::policy::Writes;
use crate::protocol::dirty::Failed;
use crate::protocol::release::plan;
use crate::protocol::write::ChangeSet;
use crate::standing::Stand;
use crate::store::{Operation, Outcome, Writer};
use crate::tag::{Database, Tag};

/// One write on its way: a statement, or a transaction at its end.
#[derive(Debug)]
pub struct Invalidation {
    writer: Writer,
    database: Database,
    placed: Vec<Tag>,
    /// As long as it lives, the intents are placed again in time; only stores outside of this process need that.
    alive: Option<Arc<()>>,
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
        Self { writer: Writer::fresh(), database, placed: Vec::new(), alive: None }
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
            let now = cache.now();
            let placed = self.place_in(cache, &tags, now);
            if placed.is_err() {
                cache.0.ledger.count_invalidation_failure();
            }
            self.stand(cache, &tags, placed.is_ok().then_some(now));
        }
        self.note_placed(&tags);
    }

    /// Places intents in those of `caches` whose writes are [strict](Cache::is_strict): a write may go on only if they
    /// were taken.
    ///
    /// # Errors
    ///
    /// Returns what one of the stores said. The write must not take place then, and its intents are to be
    /// [ended](Self::end).
    pub fn ensure(&mut self, changes: &ChangeSet, caches: &[Cache]) -> Result<()> {
        let tags = changes.tags(&self.database);
        // Also a call that fails may have placed some of them.
        self.note_placed(&tags);
        for cache in caches.iter().filter(|cache| cache.is_strict()) {
            let now = cache.now();
            self.place_in(cache, &tags, now)
                .map_err(|trouble| trouble.into_error("placing the intents of a strict write"))?;
            self.stand(cache, &tags, Some(now));
        }
        Ok(())
    }

    /// Gives everything in `changes` a new token, in each of `caches`, and tells the listeners. Intents on
    /// other tags go without one: they covered what was not known yet.
    ///
    /// A store that fails is counted and reported, and not looked at until the change has got through; the write
    /// has happened all the same.
    pub fn release(self, changes: &ChangeSet, ending: Ending, cause: Cause, caches: &[Cache]) {
        let tags = changes.tags(&self.database);
        let tables: Vec<&str> = changes.tables().collect();
        for cache in caches {
            let releases = plan(&tags, &self.placed, outcome(ending, cache));
            if releases.is_empty() {
                continue;
            }
            if self.alive.is_some() {
                cache.0.standing.end(self.writer);
            }
            let now = cache.now();
            let released = cache.0.call(Operation::Release, |store| store.release(self.writer, &releases, now));
            if released.is_err() {
                cache.0.ledger.count_invalidation_failure();
                let may_still_run = ending == Ending::Unknown;
                cache.note_failed_release(&Failed { tags: &tags, tables: &tables, may_still_run });
            }
            if changes.is_empty() {
                continue;
            }
            cache.0.ledger.count_invalidation(changes.tables(), changes.is_wide());
            cache.tell(&Event::Invalidated { tables: &tables, is_wide: changes.is_wide(), cause });
        }
    }

    /// The write does not take place, or nothing of it counts: the intents end, and no token changes.
    pub fn end(self, caches: &[Cache]) {
        self.release(&ChangeSet::new(), Ending::Over, Cause::Rollback, caches);
    }

    fn place_in(&self, cache: &Cache, tags: &[Tag], now: Timestamp) -> core::result::Result<(), Trouble> {
        let life = cache.0.policy.intent_life;
        cache.0.call(Operation::Place, |store| store.place(self.writer, tags, life, now))
    }

    /// Sees to it that the intents are placed again in time; `placed_at`: `None` if they have to be at once.
    fn stand(&mut self, cache: &Cache, tags: &[Tag], placed_at: Option<Timestamp>) {
        if cache.0.watch.is_some() {
            let alive = Arc::downgrade(self.alive.get_or_insert_default());
            cache.0.standing.add(Stand { writer: self.writer, tags: tags.into(), placed_at, alive });
            cache.0.background.expect(&cache.0);
        }
    }

    fn note_placed(&mut self, tags: &[Tag]) {
        if self.placed.is_empty() {
            return self.placed.extend_from_slice(tags);
        }
        let new: Vec<Tag> = tags.iter().copied().filter(|tag| !self.placed.contains(tag)).collect();
        self.placed.extend(new);
    }
}

fn outcome(ending: Ending, cache: &Cache) -> Outcome {
    match ending {
        Ending::Over => Outcome::Changed,
        Ending::Unknown => Outcome::Unknown(cache.0.policy.intent_life),
    }
}

impl Cache {
    /// Whether a manager's own write has to fail if the store does not take its intents. A store in this process
    /// always does.
    #[must_use]
    pub fn is_strict(&self) -> bool {
        self.0.watch.is_some() && self.0.policy.writes == Writes::Strict
    }
}
