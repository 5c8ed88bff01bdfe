//! Carries a write through the stores: places intents before it, and releases its tags after it.

use std::borrow::Cow;
use std::sync::Arc;

use crate::cache::Cache;
use crate::clock::Timestamp;
use crate::error::Result;
use crate::name::tables::TableDeclaration;
use crate::name::tag::{Database, Tag};
use crate::observe::event::{Cause, Event};
use crate::protocol::dirty::Failed;
use crate::protocol::release::plan;
use crate::protocol::write::ChangeSet;
use crate::runtime::guard::CallFailure;
use crate::runtime::notes::{EndedWrite, wide_tags};
use crate::runtime::open_intents::OpenWrite;
use crate::setting::policy::Writes;
use crate::store::{Outcome, Writer};

/// One write on its way: a statement, or a transaction at its end.
#[derive(Debug)]
pub struct Invalidation {
    writer: Writer,
    database: Database,
    /// What was placed in every cache.
    placed: Vec<Tag>,
    /// The tables of which others declare something else, each with the cache in which they do: there intents were placed
    /// for all of it.
    foreign: Vec<(usize, TableDeclaration)>,
    /// As long as it lives, the intents are placed again in time; only stores outside of this process need that.
    alive: Option<Arc<()>>,
}

/// What a write places.
struct PlacedTags {
    tags: Arc<[Tag]>,
    declared: Arc<[TableDeclaration]>,
}

/// How a write ended, as far as the writer knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WriteEnd {
    /// It is over: done, or failed in a way that may have left something done.
    Over,
    /// It may still be under way: the link was lost before its answer came.
    Unknown,
}

impl Invalidation {
    /// A write to `database`.
    #[must_use]
    pub fn of(database: Database) -> Self {
        Self { writer: Writer::fresh(), database, placed: Vec::new(), foreign: Vec::new(), alive: None }
    }

    /// Places intents beside everything that `changes` will change, in each of `caches`.
    ///
    /// A store that fails is counted and reported; the write goes on.
    pub fn place(&mut self, changes: &ChangeSet, caches: &[Cache]) {
        if changes.is_empty() {
            return;
        }
        let intents = self.intents(changes);
        for cache in caches {
            if self.place_in(cache, &intents).is_err() {
                cache.store().ledger.count_invalidation_failure();
            }
        }
        self.note_placed(&intents.tags);
    }

    /// Places intents in those of `caches` whose writes are [strict](Cache::is_strict): a write may go on only if they
    /// were taken.
    ///
    /// # Errors
    ///
    /// Returns what one of the stores said. The write must not take place then, and its intents are to be
    /// [ended](Self::end).
    pub fn ensure(&mut self, changes: &ChangeSet, caches: &[Cache]) -> Result<()> {
        let intents = self.intents(changes);
        // Also a call that fails may have placed some of them.
        self.note_placed(&intents.tags);
        for cache in caches.iter().filter(|cache| cache.is_strict()) {
            self.place_in(cache, &intents)
                .map_err(|trouble| trouble.into_error("placing the intents of a strict write"))?;
        }
        Ok(())
    }

    /// Gives everything in `changes` a new token, in each of `caches`, and tells the listeners. Intents on
    /// other tags go without one: they covered what was not known yet.
    ///
    /// A store that fails is counted and reported, and not looked at until the change has got through; the write
    /// has happened all the same.
    pub fn release(self, changes: &ChangeSet, ending: WriteEnd, cause: Cause, caches: &[Cache]) {
        let (changed, declared) = (changes.tags(&self.database), changes.declared(&self.database));
        let tables: Vec<&str> = changes.tables().collect();
        for cache in caches {
            let outcome = outcome(ending, cache);
            let mut widened = self.foreign_in(cache);
            let renewed = if self.alive.is_some() { cache.0.open_intents.end(self.writer) } else { Vec::new() };
            let placed = with_wide(&self.placed, &widened);
            let placed = with_wide(&placed, &renewed);
            widened.retain(|found| declared.contains(found));
            let tags = with_wide(&changed, &widened);
            let releases = plan(&tags, &placed, outcome);
            if releases.is_empty() {
                continue;
            }
            let (releases, declared, widened) = (&releases, &declared, &widened);
            if cache.store().release(&EndedWrite { writer: self.writer, releases, declared, widened, outcome }).is_err()
            {
                cache.store().ledger.count_invalidation_failure();
                // Whether others declare something else was not told, or not acted on.
                let tags = if cache.store().keeps_notes() { with_wide(&tags, declared) } else { tags };
                let may_still_run = ending == WriteEnd::Unknown;
                cache.note_failed_release(&Failed { tags: &tags, tables: &tables, may_still_run });
            }
            if changes.is_empty() {
                continue;
            }
            cache.store().ledger.count_invalidation(changes.tables(), changes.is_wide());
            cache.tell(&Event::Invalidated { tables: &tables, is_wide: changes.is_wide(), cause });
        }
    }

    /// The write does not take place, or nothing of it counts: the intents end, and no token changes.
    pub fn end(self, caches: &[Cache]) {
        self.release(&ChangeSet::new(), WriteEnd::Over, Cause::Rollback, caches);
    }

    fn intents(&self, changes: &ChangeSet) -> PlacedTags {
        let declared = changes.declared(&self.database);
        PlacedTags { tags: changes.tags(&self.database).into(), declared: declared.into() }
    }

    fn foreign_in(&self, cache: &Cache) -> Vec<TableDeclaration> {
        let place = cache.address();
        self.foreign.iter().filter(|(of, _)| *of == place).map(|(_, declared)| *declared).collect()
    }

    /// Places intents, and further ones for whole tables of which others declare something else. From then on those count
    /// as changed in this cache.
    fn place_in(&mut self, cache: &Cache, intents: &PlacedTags) -> core::result::Result<(), CallFailure> {
        let now = cache.now();
        let placed = cache.store().place(self.writer, &intents.tags, &intents.declared, now);
        self.stand(cache, intents, placed.is_ok().then_some(now));
        let mut foreign = placed?;
        let known = self.foreign_in(cache);
        foreign.retain(|found| !known.contains(found));
        if foreign.is_empty() {
            return Ok(());
        }
        self.foreign.extend(foreign.iter().map(|found| (cache.address(), *found)));
        let wide = PlacedTags { tags: wide_tags(&foreign).into(), declared: [].into() };
        let placed = cache.store().place_wide(self.writer, &wide.tags, &foreign, now);
        self.stand(cache, &wide, placed.is_ok().then_some(now));
        placed
    }

    /// Sees to it that the intents are placed again in time; `placed_at`: `None` if they have to be at once.
    fn stand(&mut self, cache: &Cache, intents: &PlacedTags, placed_at: Option<Timestamp>) {
        if !cache.is_local() {
            let alive = Arc::downgrade(self.alive.get_or_insert_default());
            let (tags, declared) = (Arc::clone(&intents.tags), Arc::clone(&intents.declared));
            let writer = self.writer;
            cache.renew_in_time(OpenWrite { writer, tags, declared, placed_at, alive, is_renewed: false });
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

/// `tags`, and those that stand for `tables` as a whole.
fn with_wide<'a>(tags: &'a [Tag], tables: &[TableDeclaration]) -> Cow<'a, [Tag]> {
    let new: Vec<Tag> = wide_tags(tables).into_iter().filter(|tag| !tags.contains(tag)).collect();
    if new.is_empty() { Cow::Borrowed(tags) } else { Cow::Owned([tags, &new].concat()) }
}

fn outcome(ending: WriteEnd, cache: &Cache) -> Outcome {
    match ending {
        WriteEnd::Over => Outcome::Changed,
        WriteEnd::Unknown => Outcome::Unknown(cache.policy().intent_life),
    }
}

impl Cache {
    /// Whether a manager's own write has to fail if the store does not take its intents. A store in this process
    /// always does.
    #[must_use]
    pub fn is_strict(&self) -> bool {
        !self.is_local() && self.policy().writes == Writes::Strict
    }
}
