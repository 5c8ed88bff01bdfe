//! Fills an entry after a miss: one thread of the process, under tokens from before its query.

use crate::cache::Cache;
use crate::cache::mode::Mode;
use crate::entry::{Life, Value};
use crate::name::key::CacheKey;
use crate::name::tables::TableDeclaration;
use crate::name::tag::{Tag, Token};
use crate::observe::operation::Operation;
use crate::planted::{Mistake, is_planted};
use crate::protocol::fill::may_load_under;
use crate::read::Reader;
use crate::read::collect::{Collecting, Expected};
use crate::read::lease::Right;
use crate::runtime::flight::{FlightId, Follower, Leader, Seat};
use crate::runtime::notes::FillStart;
use crate::setting::policy::Lifetime;
use crate::store::{Lease, Seed, SharedStore, Started, Starting, Writer};

/// How a miss goes on.
#[derive(Debug)]
#[non_exhaustive]
pub enum Start {
    /// Query, and store nothing: the store is not to be had.
    Alone,
    /// Somebody else loads the same under the same tokens.
    Follow(Follower),
    /// Query, then end the fill.
    Lead(Box<Fill>),
}

/// What was missed, and is about to be loaded.
#[derive(Clone, Copy, Debug)]
pub struct Sought<'a> {
    /// Its name.
    pub key: CacheKey,
    /// Every tag that it may depend on.
    pub tags: &'a [Tag],
    /// What the process declares of the tables of which these name a part.
    pub declared: &'a [TableDeclaration],
    /// What the look has [seen](crate::Missed::seen). Whoever names it [looks once more](Fill::approach).
    pub seen: &'a [(Tag, Option<Seed>)],
    /// Which of the processes that miss it ask the database.
    pub loaders: Loaders,
}

/// Which of several processes that miss the same ask the database. Of the threads of one process one does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Loaders {
    /// Each of them, without a lease: the query costs less than a round trip to take one. The load stands on the tokens that
    /// its look has seen.
    EachProcess,
    /// The one that takes the lease. The others wait for its entry.
    #[default]
    OneProcess,
}

impl<'a> Sought<'a> {
    /// Of whose tags nothing was seen.
    #[must_use]
    pub const fn new(key: CacheKey, tags: &'a [Tag], declared: &'a [TableDeclaration]) -> Self {
        Self { key, tags, declared, seen: &[], loaders: Loaders::OneProcess }
    }
}

/// The right to fill one key under the tokens that were read before the query.
///
/// If it is dropped, those who wait for it learn at once, and nothing is stored.
#[derive(Debug)]
pub struct Fill {
    cache: Cache,
    key: CacheKey,
    seeds: Vec<(Tag, Seed)>,
    /// The tokens are those that the look has seen. They are read again, and notes after them, before the query.
    presumed: Option<Vec<TableDeclaration>>,
    leader: Leader,
    /// Ends after those who wait were told, or when what was loaded is stored.
    right: Option<Right>,
    /// What a computation is told of the load.
    pub(crate) expected: Option<Expected>,
}

impl Reader<'_> {
    /// Starts the load of what is `sought`.
    #[must_use]
    pub fn start(&self, sought: &Sought<'_>) -> Start {
        let ground = self.ground(sought);
        let seeds = ground.as_ref().map(|ground| (self.cache, &*ground.seeds));
        // Whatever becomes of the load, it depends on this.
        let scope = Collecting::current().filter(|_| !is_planted(Mistake::Loads));
        let expected = scope.map(|scope| scope.expect(sought.tags, sought.declared, seeds));
        let Some(Ground { seeds, is_presumed, right }) = ground else { return Start::Alone };
        let presumed = is_presumed.then(|| sought.declared.to_vec());
        let (key, tokens) = (sought.key, seeds.iter().map(|(_, seed)| seed.token).collect());
        match self.cache.0.flights.board(key, tokens) {
            Seat::Follower(follower) => {
                self.cache.store().ledger.count_flight_wait();
                Start::Follow(follower)
            }
            Seat::Leader(leader) => {
                let mut fill = Fill { cache: self.cache.clone(), key, seeds, presumed, leader, right: None, expected };
                right.into_iter().for_each(|right| fill.give(right));
                Start::Lead(Box::new(fill))
            }
        }
    }

    /// What a load stands on; `None`: nothing is to be stored.
    fn ground(&self, sought: &Sought<'_>) -> Option<Ground> {
        let Some(seen) = self.seen_of(sought) else {
            let seeds = self.seed_declared(sought.tags, sought.declared)?;
            return Some(Ground { seeds, is_presumed: false, right: None });
        };
        let all = all_of(&seen, |_, (tag, seed)| Some((*tag, (*seed)?)));
        match all {
            Some(seeds) if self.may_stand_on(sought, &seeds) => {
                Some(Ground { seeds, is_presumed: false, right: Some(Right::UNLEASED) })
            }
            // It says who loads the same; whoever does asks again.
            Some(seeds) => Some(Ground { seeds, is_presumed: true, right: None }),
            None => self.found(sought, seen),
        }
    }

    /// Whether the load of what is `sought` needs no more than the tokens that its look has seen.
    fn may_stand_on(&self, sought: &Sought<'_>, seeds: &[(Tag, Seed)]) -> bool {
        sought.loaders == Loaders::EachProcess
            && seeds.iter().all(may_load_under)
            && self.cache.store().knows_notes(seeds, sought.declared)
    }

    /// What the look has seen of all tags, in their order.
    fn seen_of(&self, sought: &Sought<'_>) -> Option<Vec<(Tag, Option<Seed>)>> {
        if sought.seen.is_empty() || self.cache.mode() != Mode::Normal {
            return None;
        }
        all_of(sought.tags, |at, tag| {
            let is_it = |(seen, _): &&(Tag, Option<Seed>)| seen == tag;
            // Mostly they are in the same order.
            sought.seen.get(at).filter(is_it).or_else(|| sought.seen.iter().find(is_it)).copied()
        })
    }

    /// Seeds tags of which some were [seen](Sought::seen) to have no token, and takes the lease of the load if nothing can
    /// have been stored under what they hold then.
    fn found(&self, sought: &Sought<'_>, mut seen: Vec<(Tag, Option<Seed>)>) -> Option<Ground> {
        let (store, holder) = (self.cache.store(), Writer::fresh());
        let tables = store.noted(sought.declared);
        // What was lost is made good once.
        for _ in 0..2 {
            let holder = (holder, store.policy.lease_life);
            let starting = Starting { key: &sought.key, seen: &seen, tables: &tables, holder };
            let start = |store: &dyn SharedStore| {
                let started = store.start(&starting, self.now())?;
                Ok(Started { seeded: started.seeded.of_length(seen.len(), tables.len())?, ..started })
            };
            // A token that should have been changed must not be filled under.
            let started = self.cache.read_shared(Operation::Seed, start);
            let started = started.inspect_err(|trouble| self.note(trouble)).ok()?;
            let seeds: Vec<(Tag, Seed)> =
                sought.tags.iter().copied().zip(started.seeded.seeds.iter().copied()).collect();
            let tokens: Vec<Token> = started.seeded.seeds.iter().map(|seed| seed.token).collect();
            let right = started.is_leased.then(|| self.right(Lease::of(&sought.key, &tokens), holder.0));
            let settled = store.settle(sought.tags, started.seeded, sought.declared);
            match settled.inspect_err(|trouble| self.note(trouble)).ok()? {
                // Somebody else may load the same, or have stored it.
                FillStart::Ready(_) => return Some(Ground { seeds, is_presumed: right.is_none(), right }),
                FillStart::Again => seen = seeds.into_iter().map(|(tag, seed)| (tag, Some(seed))).collect(),
                FillStart::Unripe => return None,
            }
        }
        None
    }
}

impl Fill {
    /// The tokens that were read before the query.
    #[must_use]
    pub fn seeds(&self) -> &[(Tag, Seed)] {
        &self.seeds
    }

    /// Takes them: nothing else is done under them.
    pub(crate) fn take_seeds(&mut self) -> Vec<(Tag, Seed)> {
        core::mem::take(&mut self.seeds)
    }

    /// Whether what was loaded may be stored: not while another process is at it, nor under tokens that were not read
    /// for this fill.
    #[must_use]
    pub fn may_store(&self) -> bool {
        self.presumed.is_none() && self.right.as_ref().is_none_or(Right::may_store)
    }

    /// Hands what was loaded to those who wait.
    pub(crate) fn share(self, value: Value, lifetime: impl Into<Lifetime>) -> Life {
        let life = Life::starting(self.cache.now(), lifetime);
        self.leader.land(value, life);
        life
    }

    /// Hands what somebody else has stored to those who wait.
    pub fn hand_on(self, value: Value, life: Life) {
        self.leader.land(value, life);
    }

    /// What those wait for who wait for it.
    pub(crate) fn flight(&self) -> FlightId {
        self.leader.id()
    }

    /// The entry.
    #[must_use]
    pub fn key(&self) -> &CacheKey {
        &self.key
    }

    /// What is declared, if the tokens are still to be read for this fill.
    pub(crate) fn presumed(&self) -> Option<&[TableDeclaration]> {
        self.presumed.as_deref()
    }

    /// Every tag that what is loaded may depend on.
    #[must_use]
    pub fn tags(&self) -> Vec<Tag> {
        self.seeds.iter().map(|(tag, _)| *tag).collect()
    }

    /// The tokens were read for this fill.
    pub(crate) fn stand_on(&mut self, seeds: Vec<Seed>) {
        self.presumed = None;
        self.seeds.iter_mut().zip(seeds).for_each(|((_, held), seed)| *held = seed);
        self.right.iter_mut().for_each(|right| right.stand_on(&self.seeds));
    }

    pub(crate) const fn right(&mut self) -> &mut Option<Right> {
        &mut self.right
    }

    /// Goes by what is `declared`, as if nothing had been read for this fill yet but its tokens.
    pub(crate) fn presume(&mut self, declared: Vec<TableDeclaration>) {
        self.right = None;
        self.presumed = Some(declared);
    }

    /// Loads by this right.
    pub fn give(&mut self, mut right: Right) {
        right.stand_on(&self.seeds);
        self.right = Some(right);
    }

    pub(crate) const fn has_right(&self) -> bool {
        self.right.is_some()
    }
}

/// What `of` gives for each of `all` and its place; `None`: it gives none for one of them. Its room is taken at once.
pub(super) fn all_of<T, Of>(all: &[Of], mut of: impl FnMut(usize, &Of) -> Option<T>) -> Option<Vec<T>> {
    let mut given = Vec::with_capacity(all.len());
    for (at, one) in all.iter().enumerate() {
        given.push(of(at, one)?);
    }
    Some(given)
}

/// What a load begins with.
struct Ground {
    seeds: Vec<(Tag, Seed)>,
    /// The tokens were not read for this load.
    is_presumed: bool,
    right: Option<Right>,
}
