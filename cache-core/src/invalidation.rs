//! Carries a write through the stores: sees that an intent covers it before, and releases its tags after it.

use core::time::Duration;
use std::borrow::Cow;
use std::sync::Arc;

use crate::cache::Cache;
use crate::clock::Timestamp;
use crate::error::Result;
use crate::name::key::KeyBytes;
use crate::name::tag::{Database, Tag, Token};
use crate::observe::event::{Cause, Event};
use crate::protocol::candidate::Unstored;
use crate::protocol::dirty::Failed;
use crate::protocol::release::plan;
use crate::protocol::standing::Cover;
use crate::protocol::write::ChangeSet;
use crate::read::candidate::Candidate;
use crate::runtime::guard::CallFailure;
use crate::runtime::notes::EndedWrite;
use crate::runtime::open_intents::{OpenWrite, Renewal};
use crate::setting::policy::Writes;
use crate::store::{Outcome, Release, Writer};

/// One write on its way: a statement, or a transaction at its end.
#[derive(Debug)]
pub struct Invalidation {
    writer: Writer,
    database: Database,
    /// All that was announced: it may change.
    announced: Vec<Tag>,
    /// Those of them beside which intents of this write stand, in every cache that is shared.
    placed: Vec<Tag>,
    /// The standing intents that the write relies on, each by the tag that it stands beside.
    relied_on: Vec<(Cache, Tag)>,
    /// Those that this write keeps open.
    open: Vec<Tag>,
    /// As long as it lives, the intents of this write are placed again in time.
    alive: Option<Arc<()>>,
}

/// How a write ended, as far as the writer knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WriteEnd {
    /// It has answered, and nobody will say when it is over.
    Open,
    /// It is over: done, or failed in a way that may have left something done.
    Over,
    /// It may still be under way: the link was lost before its answer came.
    Unknown,
}

/// Whether intents that stand are enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Demand {
    /// They are.
    Cover,
    /// The store has to take one now.
    Place,
}

impl Invalidation {
    /// A write to `database`.
    #[must_use]
    pub fn of(database: Database) -> Self {
        let (announced, placed, open, relied_on) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { writer: Writer::fresh(), database, announced, placed, relied_on, open, alive: None }
    }

    /// Sees to it that intents stand for everything that `changes` will change, in each of `caches`. A cache in the memory
    /// of this process needs none: it ends with the process.
    ///
    /// A store that fails is counted and reported; the write goes on.
    pub fn place(&mut self, changes: &ChangeSet, caches: &[Cache]) {
        if changes.is_empty() {
            return;
        }
        let tags = changes.tags(&self.database);
        for cache in caches {
            if self.place_in(cache, &tags, Demand::Cover).is_err() {
                cache.store().ledger.count_invalidation_failure();
            }
        }
        add(&mut self.announced, &tags);
    }

    /// Sees to it that what was announced changes anew each time that an intent's life has passed, until this is released:
    /// nobody may ever say that the write is over.
    pub fn watch(&mut self, changes: &ChangeSet, caches: &[Cache]) {
        if changes.is_empty() {
            return;
        }
        let tags = changes.tags(&self.database);
        for cache in caches {
            let alive = Arc::downgrade(self.alive.get_or_insert_default());
            let declared = changes.declared(&self.database).into();
            let (tags, placed_at) = (tags.clone().into(), Some(cache.now()));
            cache.renew_in_time(OpenWrite {
                writer: self.writer,
                tags,
                placed_at,
                alive,
                renewal: Renewal::Change(declared),
            });
        }
        add(&mut self.announced, &tags);
    }

    /// Gives everything in `changes` a new token, in each of `caches`, and lets nothing be kept under it for an intent's
    /// life, unless this is released before: the write has answered, and nobody will say when it is over.
    ///
    /// A store that fails is treated as by [`release`](Self::release).
    pub fn open(&mut self, changes: &ChangeSet, cause: Cause, caches: &[Cache]) {
        let tags = changes.tags(&self.database);
        for cache in caches {
            self.finish_in(cache, (&tags, changes), WriteEnd::Open, (&[], &[]));
            cache.note_invalidation((changes, &tags), cause);
        }
        add(&mut self.announced, &tags);
        let announced = core::mem::take(&mut self.announced);
        add(&mut self.open, &announced);
        self.announced = announced;
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
        add(&mut self.announced, &tags);
        for cache in caches.iter().filter(|cache| cache.is_strict()) {
            self.place_in(cache, &tags, Demand::Place)
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
        self.release_with((changes, ending, cause), caches, &mut Vec::new());
    }

    /// The same, and goes through the rows that the write has given back: what is left in `candidates` may be stored as far
    /// as this release is concerned.
    pub fn release_with(
        mut self,
        (changes, ending, cause): (&ChangeSet, WriteEnd, Cause),
        caches: &[Cache],
        candidates: &mut Vec<Candidate>,
    ) {
        let tags = changes.tags(&self.database);
        for cache in caches {
            let (mut ended, relied_on) = self.end_in(cache);
            let own = ended.extract_if(.., |(writer, _)| *writer == self.writer).map(|(_, tag)| tag);
            let own: Vec<Tag> = own.collect();
            let held = held_in(cache, &tags, candidates);
            let released = self.finish_in(cache, (&tags, changes), ending, (&own, &held));
            let is_released = released.is_some();
            settle_in(cache, &tags, (&held, released), candidates);
            if is_released {
                cache.0.standing.end_now(cache.store(), ended);
            }
            cache.0.standing.released(&relied_on, !is_released);
            cache.note_invalidation((changes, &tags), cause);
        }
    }

    /// Releases in `cache`, and notes it if that was not acknowledged. Gives what was replaced of what was `held`, if it was.
    fn finish_in(
        &self,
        cache: &Cache,
        (tags, changes): (&[Tag], &ChangeSet),
        ending: WriteEnd,
        (ended, held): (&[Tag], &[(Tag, Token)]),
    ) -> Option<Replaced> {
        let released = self.release_in(cache, (tags, changes), ending, (ended, held));
        if released.is_err() {
            cache.store().ledger.count_invalidation_failure();
            self.note_failed(cache, (tags, changes), ending);
        }
        released.ok()
    }

    /// The write does not take place, or nothing of it counts: the intents end, and no token changes.
    pub fn end(self, caches: &[Cache]) {
        self.release(&ChangeSet::new(), WriteEnd::Over, Cause::Rollback, caches);
    }

    /// Changes `tags` in `cache`, and ends the intents of this write, those `ended` beside tables included.
    fn release_in(
        &self,
        cache: &Cache,
        (tags, changes): (&[Tag], &ChangeSet),
        ending: WriteEnd,
        (ended, held): (&[Tag], &[(Tag, Token)]),
    ) -> core::result::Result<Replaced, CallFailure> {
        let outcome = outcome(ending, cache);
        // What may still be under way may change all that was announced.
        let placed = match ending {
            WriteEnd::Open | WriteEnd::Unknown => Cow::Borrowed(&self.announced[..]),
            WriteEnd::Over if self.open.is_empty() && cache.is_local() => Cow::Borrowed(&[][..]),
            WriteEnd::Over if self.open.is_empty() => Cow::Borrowed(&self.placed[..]),
            WriteEnd::Over => Cow::Owned([&self.placed[..], &self.open].concat()),
        };
        let mut releases = plan(tags, &placed, outcome);
        releases.extend(ended.iter().map(|tag| Release { tag: *tag, outcome: Outcome::Unchanged }));
        if releases.is_empty() {
            return Ok(vec![None; held.len()]);
        }
        if self.alive.is_some() {
            cache.0.open_intents.end(self.writer);
        }
        let (releases, declared) = (&releases, &changes.declared(&self.database));
        cache.store().release(&EndedWrite { writer: self.writer, releases, declared, outcome, held })
    }

    /// Notes what `cache` did not acknowledge.
    fn note_failed(&self, cache: &Cache, (tags, changes): (&[Tag], &ChangeSet), ending: WriteEnd) {
        // Whether others declare something else was not told, or not acted on.
        let declared = if cache.store().keeps_notes() { changes.declared(&self.database) } else { Vec::new() };
        let wide = declared.iter().flat_map(|declared| declared.table.wide());
        let new: Vec<Tag> = wide.filter(|tag| !tags.contains(tag)).collect();
        let tags = if new.is_empty() { Cow::Borrowed(tags) } else { Cow::Owned([tags, &new].concat()) };
        let tables: Vec<&str> = changes.tables().collect();
        cache.note_failed_release(&Failed { tags: &tags, tables: &tables, may_still_run: ending != WriteEnd::Over });
    }

    /// The write relies on no intent in `cache` any more. Gives the intents that end with it, by their names, and the tags
    /// beside which it has relied on any.
    fn end_in(&mut self, cache: &Cache) -> (Vec<(Writer, Tag)>, Vec<Tag>) {
        let place = cache.address();
        let own = self.relied_on.extract_if(.., |(of, _)| of.address() == place);
        let own: Vec<Tag> = own.map(|(_, tag)| tag).collect();
        let ended = |tag: &Tag| Some((cache.0.standing.end(*tag, cache.store())?, *tag));
        (own.iter().filter_map(ended).collect(), own)
    }

    /// Sees to it that intents stand for `tags` in `cache`: beside the tables that they are of, and beside the others.
    fn place_in(&mut self, cache: &Cache, tags: &[Tag], demand: Demand) -> core::result::Result<(), CallFailure> {
        if cache.is_local() {
            return Ok(());
        }
        let mut missing = self.uncovered(cache, tags, demand);
        let own: Vec<Tag> = tags.iter().filter(|tag| tag.writers().is_none()).copied().collect();
        let (standing, mut result) = (&cache.0.standing, Ok(()));
        if !own.is_empty() {
            let covers = missing.extract_if(.., |(writer, _)| *writer == self.writer);
            let (covers, now): (Vec<Tag>, _) = (covers.map(|(_, tag)| tag).collect(), cache.now());
            result = standing.place(cache.store(), self.writer, (&covers, &own));
            add(&mut self.placed, &own);
            self.renew_in_time(cache, own, result.is_ok().then_some(now));
        }
        while let Some(&(writer, _)) = missing.first() {
            let some: Vec<Tag> = missing.extract_if(.., |(name, _)| *name == writer).map(|(_, tag)| tag).collect();
            result = result.and(standing.place(cache.store(), writer, (&some, &[])));
            cache.expect_upkeep();
        }
        result
    }

    /// The tags of the writers of those tables for which no intent stands that this write could rely on, each with the name
    /// under which it has to be placed.
    fn uncovered(&mut self, cache: &Cache, tags: &[Tag], demand: Demand) -> Vec<(Writer, Tag)> {
        let (place, mut uncovered, mut seen) = (cache.address(), Vec::new(), Vec::new());
        for writers in tags.iter().filter_map(Tag::writers) {
            if seen.contains(&writers) {
                continue;
            }
            seen.push(writers);
            if !self.relied_on.iter().any(|(of, tag)| *tag == writers && of.address() == place) {
                cache.0.standing.begin(writers, cache.store());
                self.relied_on.push((cache.clone(), writers));
            }
            // What stands is never enough where the store has to answer.
            let life = if demand == Demand::Place { Duration::ZERO } else { cache.policy().intent_life };
            if let Cover::Place(writer) = cache.0.standing.cover((writers, life), cache.store(), self.writer) {
                uncovered.push((writer, writers));
            }
        }
        uncovered
    }

    /// Sees to it that the intents are placed again in time; `placed_at`: `None` if they have to be at once.
    fn renew_in_time(&mut self, cache: &Cache, tags: Vec<Tag>, placed_at: Option<Timestamp>) {
        let alive = Arc::downgrade(self.alive.get_or_insert_default());
        let (writer, tags, renewal) = (self.writer, tags.into(), Renewal::Place);
        cache.renew_in_time(OpenWrite { writer, tags, placed_at, alive, renewal });
    }
}

impl Drop for Invalidation {
    /// What is left was given up.
    fn drop(&mut self) {
        for (cache, writers) in self.relied_on.drain(..) {
            cache.0.standing.abandon(writers);
        }
    }
}

/// The tokens that the release of `tags` in `cache` has to find there.
fn held_in(cache: &Cache, tags: &[Tag], candidates: &[Candidate]) -> Vec<(Tag, Token)> {
    let mut held = Vec::new();
    candidates.iter().filter(|candidate| candidate.is_of(cache)).for_each(|candidate| candidate.ask(tags, &mut held));
    held
}

/// For each token that a release was asked about, the one that followed it.
type Replaced = Vec<Option<Token>>;

/// Drops the candidates of `cache` that another write came before; `replaced`: what the release of `tags` found of the
/// tokens that were `held`, if it was acknowledged.
fn settle_in(
    cache: &Cache,
    tags: &[Tag],
    (held, replaced): (&[(Tag, Token)], Option<Replaced>),
    candidates: &mut Vec<Candidate>,
) {
    if candidates.is_empty() {
        return;
    }
    let reason = if replaced.is_some() { Unstored::Overtaken } else { Unstored::StoreFailed };
    let found = held.iter().zip(replaced.into_iter().flatten());
    let replaced: Vec<(Tag, Token, Token)> =
        found.filter_map(|((tag, held), token)| Some((*tag, *held, token?))).collect();
    let is_over = |candidate: &mut Candidate| candidate.is_of(cache) && !candidate.stand_on(tags, &replaced);
    candidates.extract_if(.., is_over).for_each(|candidate| candidate.drop_for(reason));
}

/// Adds what is not there yet.
fn add(tags: &mut Vec<Tag>, more: &[Tag]) {
    let new: Vec<Tag> = more.iter().filter(|tag| !tags.contains(tag)).copied().collect();
    tags.extend(new);
}

fn outcome(ending: WriteEnd, cache: &Cache) -> Outcome {
    match ending {
        WriteEnd::Open => Outcome::Open(cache.policy().intent_life),
        WriteEnd::Over => Outcome::Changed,
        WriteEnd::Unknown => Outcome::Unknown(cache.policy().intent_life),
    }
}

impl Cache {
    /// Counts `changes`, whose tags are `tags`, and tells the listeners.
    fn note_invalidation(&self, (changes, tags): (&ChangeSet, &[Tag]), cause: Cause) {
        if changes.is_empty() {
            return;
        }
        let tables: Vec<&str> = changes.tables().collect();
        self.store().ledger.written.count(changes, cause);
        let rows: Vec<(&str, KeyBytes)> = changes.rows().collect();
        let event = Event::Invalidated { tables: &tables, rows: &rows, is_wide: changes.is_wide(), cause };
        self.store().listeners.tell_change(&event, tags);
    }

    /// Whether a manager's own write has to fail if the store does not take its intents. A store in this process
    /// always does.
    #[must_use]
    pub fn is_strict(&self) -> bool {
        !self.is_local() && self.policy().writes == Writes::Strict
    }
}
