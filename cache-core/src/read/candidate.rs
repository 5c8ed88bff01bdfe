//! Carries a row that a write has given back from its statement to the store.

use core::fmt;
use std::sync::Arc;

use crate::cache::Cache;
use crate::cache::mode::Mode;
use crate::name::key::{CacheKey, Kind};
use crate::name::tag::{Tag, Token};
use crate::observe::event::Event;
use crate::observe::statistics::{Counter, Counters};
use crate::planted::{Mistake, is_planted};
use crate::protocol::candidate::{Ground, Unstored};
use crate::protocol::fill::{SeededTag, row_seeds};
use crate::protocol::settle::Former;
use crate::read::Reader;
use crate::read::settle::{Loaded, Settlement};

/// A row that a write has given back. It may be stored once the write is committed and released.
///
/// Its tokens were read before the statement. Each [release](crate::Invalidation::release_with) of the write goes through
/// it, and one that another write came before ends it.
pub struct Candidate {
    cache: Cache,
    manager: String,
    kind: Kind,
    counters: Arc<Counters>,
    row: GivenRow,
    ground: Ground,
}

/// What is stored of a row that a write has given back.
pub struct GivenRow {
    /// The name of its entry.
    pub key: CacheKey,
    /// The tags that the entry depends on.
    pub tags: Vec<Tag>,
    /// What is read once the write is released, where the row's own tag was not among those that were read before: that,
    /// and the tags that witness what was written since.
    pub late: Option<[Tag; 3]>,
    /// Makes what is stored, once it is known that it is.
    pub load: Box<dyn FnOnce() -> Loaded + Send>,
}

impl Candidate {
    /// `row`, which was given back by a statement that began after the tokens of `ground` were read.
    #[must_use]
    pub fn new(reader: &Reader<'_>, row: GivenRow, ground: Vec<SeededTag>) -> Self {
        Self {
            cache: reader.cache.clone(),
            manager: reader.manager.to_owned(),
            kind: reader.kind,
            counters: reader.cache.counters(reader.manager, reader.kind),
            row,
            ground: Ground::of(ground),
        }
    }

    /// Whether a write that changes `tags` may change the row.
    #[must_use]
    pub fn is_changed_by(&self, tags: &[Tag]) -> bool {
        self.ground.is_changed_by(tags)
    }

    /// Stores the row: its write is committed, and all that it has changed is released.
    pub fn store(self) {
        let reader = self.reader();
        if self.cache.mode() != Mode::Normal {
            return self.drop_for(Unstored::Off);
        }
        let seeds = match self.row.late {
            _ if is_planted(Mistake::Candidates) => reader.seed(&self.row.tags),
            None => Some(self.ground.seeds().to_vec()),
            Some(late) => {
                let Some(after) = reader.seed(&late) else { return self.drop_for(Unstored::StoreFailed) };
                row_seeds(self.ground.seeds(), &after)
            }
        };
        let Some(seeds) = seeds else { return self.drop_for(Unstored::Overtaken) };
        self.counters.count(Counter::WriteThrough);
        let Self { cache, manager, kind, counters, row: GivenRow { key, tags, load, .. }, .. } = self;
        let reader = Reader { cache: &cache, manager: &manager, kind, counters: &counters };
        let keep = Some((load(), tags));
        reader.settle(Some(&seeds), vec![Settlement { key, former: Former::Unserved, keep }]);
    }

    /// Counts that the row is not stored.
    pub fn drop_for(self, reason: Unstored) {
        self.reader().unstored(reason);
    }

    pub(crate) fn is_of(&self, cache: &Cache) -> bool {
        self.cache.address() == cache.address()
    }

    pub(crate) fn ask(&self, changed: &[Tag], held: &mut Vec<(Tag, Token)>) {
        self.ground.ask(changed, held);
    }

    /// `changed` were released, and those in `replaced` held the first token until then. Says whether the row may still be
    /// stored.
    pub(crate) fn stand_on(&mut self, changed: &[Tag], replaced: &[(Tag, Token, Token)]) -> bool {
        self.ground.stand_on(changed, replaced) || is_planted(Mistake::Candidates)
    }

    fn reader(&self) -> Reader<'_> {
        Reader { cache: &self.cache, manager: &self.manager, kind: self.kind, counters: &self.counters }
    }
}

impl Reader<'_> {
    /// Counts and reports a row that a write gave back and that is not stored.
    pub fn unstored(&self, reason: Unstored) {
        self.counters.unstored(reason);
        self.cache.tell(&Event::Unstored { manager: self.manager, reason });
    }
}

impl fmt::Debug for Candidate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Candidate").field("key", &self.row.key).finish_non_exhaustive()
    }
}

impl fmt::Debug for GivenRow {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("GivenRow").field("key", &self.key).finish_non_exhaustive()
    }
}
