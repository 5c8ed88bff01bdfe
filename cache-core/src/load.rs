//! The way of a read through the store: looked up, or filled under the tokens that were read before the query.

use core::time::Duration;

use crate::cache::Cache;
use crate::clock::Timestamp;
use crate::entry::{Life, Value, Worth};
use crate::event::{Event, Miss};
use crate::flight::{Follower, Leader, Seat};
use crate::foreign::Prepared;
use crate::guard::Trouble;
use crate::key::{CacheKey, Kind};
use crate::lease::Right;
use crate::mode::Mode;
use crate::policy::Lifetime;
use crate::statistics::{Counter, Counters, StoreCounter};
use crate::store::{Found, Looked, Operation, Seed, SharedStore, Store, Wanted, same_length};
use crate::tables::Declared;
use crate::tag::Tag;

/// Who reads: the cache, the manager and its counters.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    /// The cache.
    pub cache: &'a Cache,
    /// The manager's name.
    pub manager: &'a str,
    /// The kind of read.
    pub kind: Kind,
    /// What it is counted in.
    pub counters: &'a Counters,
}

/// A value that is to be served, and how long it lives; or why there is none.
pub type Served = Result<(Value, Life), Miss>;

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

/// Why nothing is to be served, and what a look has seen on the way.
#[derive(Clone, Debug)]
pub struct Missed {
    /// Why.
    pub cause: Miss,
    /// What the tags of the entry held then: each of them, or none.
    pub seen: Vec<(Tag, Option<Seed>)>,
}

impl From<Miss> for Missed {
    fn from(cause: Miss) -> Self {
        Self { cause, seen: Vec::new() }
    }
}

/// What was missed, and is about to be loaded.
#[derive(Clone, Copy, Debug)]
pub struct Sought<'a> {
    /// Its name.
    pub key: CacheKey,
    /// Every tag that it may depend on.
    pub tags: &'a [Tag],
    /// What the process declares of the tables of which these name a part.
    pub declared: &'a [Declared],
    /// What the look has [seen](Missed::seen). Whoever names it [looks once more](Fill::approach).
    pub seen: &'a [(Tag, Option<Seed>)],
}

impl<'a> Sought<'a> {
    /// Of whose tags nothing was seen.
    #[must_use]
    pub const fn new(key: CacheKey, tags: &'a [Tag], declared: &'a [Declared]) -> Self {
        Self { key, tags, declared, seen: &[] }
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
    presumed: Option<Vec<Declared>>,
    leader: Leader,
    /// Ends after those who wait were told, or when what was loaded is stored.
    right: Option<Right>,
}

impl Reader<'_> {
    /// An entry that the memory of this process holds, and that is to be served for a while yet. Without one, nothing is
    /// said of what there is: [`look_up`](Self::look_up) tells.
    #[inline]
    #[must_use]
    pub fn find_alive(&self, key: &CacheKey) -> Option<(Value, Life)> {
        let inner = &*self.cache.0;
        if inner.is_barred() {
            return None;
        }
        inner.store.find_alive(key, inner.clock.latest())
    }

    /// Looks one entry up, without counting: a read may look more than once. What is found may be
    /// [stale](Life::is_stale).
    ///
    /// # Errors
    ///
    /// Returns why there is nothing to be served; a store that fails is reported, and a miss.
    pub fn look_up(&self, wanted: &Wanted<'_>) -> Result<(Value, Life), Missed> {
        let (inner, now) = (&*self.cache.0, self.cache.now());
        if !self.may_be_kept(wanted) {
            return Err(Miss::Absent.into());
        }
        let look = || {
            let mut looked =
                inner.call(Operation::Get, |store| same_length(store.look(core::slice::from_ref(wanted), now)?, 1))?;
            Ok(looked.pop().unwrap_or(Looked::unseen(None)))
        };
        let looked = match inner.unbar() {
            Ok(()) if self.cache.is_local() => look(),
            Ok(()) => match inner.store.find_alive(&wanted.key, now) {
                Some(alive) => return Ok(alive),
                None => look(),
            },
            Err(trouble) => Err(trouble),
        };
        match looked {
            Ok(looked) => self.judge(looked.found).map_err(|cause| Missed { cause, seen: looked.seen }),
            Err(trouble) => Err(self.troubled(&trouble).into()),
        }
    }

    /// Looks several entries up in one round trip, as [`look_up`](Self::look_up) does.
    #[must_use]
    pub fn look_up_many(&self, wanted: &[Wanted<'_>]) -> Vec<Served> {
        let inner = &*self.cache.0;
        // The keys of one model: all of them have a codec, or none.
        if !wanted.iter().any(|wanted| self.may_be_kept(wanted)) {
            return wanted.iter().map(|_| Err(Miss::Absent)).collect();
        }
        match inner.unbar().and_then(|()| self.find_many(wanted)) {
            Ok(found) => found,
            Err(trouble) => {
                let cause = self.troubled(&trouble);
                wanted.iter().map(|_| Err(cause)).collect()
            }
        }
    }

    /// Counts a read that was answered from the cache.
    #[inline]
    pub fn hit(&self) {
        self.counters.count(Counter::Hit);
    }

    /// Counts a read that was answered by an entry which is stale.
    pub fn stale_hit(&self) {
        self.hit();
        self.counters.count(Counter::StaleHit);
    }

    /// Counts and reports a read that was not.
    pub fn miss(&self, cause: Miss) {
        self.counters.miss(cause);
        self.cache.tell(&Event::Missed { manager: self.manager, kind: self.kind, cause });
    }

    /// Starts the load of what is `sought`.
    #[must_use]
    pub fn start(&self, sought: &Sought<'_>) -> Start {
        let Some(Ground { seeds, is_presumed, right }) = self.ground(sought) else { return Start::Alone };
        let presumed = is_presumed.then(|| sought.declared.to_vec());
        let (key, tokens) = (sought.key, seeds.iter().map(|(_, seed)| seed.token).collect());
        match self.cache.0.flights.board(key, tokens) {
            Seat::Follower(follower) => Start::Follow(follower),
            Seat::Leader(leader) => {
                let mut fill = Fill { cache: self.cache.clone(), key, seeds, presumed, leader, right: None };
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
        match seen.iter().map(|(tag, seed)| Some((*tag, (*seed)?))).collect() {
            // It says who loads the same; whoever does asks again.
            Some(seeds) => Some(Ground { seeds, is_presumed: true, right: None }),
            None => self.found(sought, seen),
        }
    }

    /// What the look has seen of all tags, in their order.
    fn seen_of(&self, sought: &Sought<'_>) -> Option<Vec<(Tag, Option<Seed>)>> {
        if sought.seen.is_empty() || self.cache.mode() != Mode::Normal {
            return None;
        }
        sought.tags.iter().map(|tag| sought.seen.iter().find(|(seen, _)| seen == tag).copied()).collect()
    }

    /// The present tokens of `tags`; `None` if the store fails, or nothing is to be stored.
    #[must_use]
    pub fn seed(&self, tags: &[Tag]) -> Option<Vec<(Tag, Seed)>> {
        if self.cache.mode() != Mode::Normal {
            return None;
        }
        let (inner, now) = (&*self.cache.0, self.cache.now());
        // A token that should have been changed must not be filled under.
        let seed = |store: &dyn Store| same_length(store.seed(tags, &[], now)?.seeds, tags.len());
        let seeds = inner.unbar().and_then(|()| inner.call(Operation::Seed, seed));
        let seeds = seeds.inspect_err(|trouble| self.note(trouble)).ok()?;
        Some(tags.iter().copied().zip(seeds).collect())
    }

    /// The present tokens of `tags`, for a fill that goes by what is `declared` of the tables of which they name a part;
    /// `None` if the store fails, or nothing is to be stored.
    #[must_use]
    pub fn seed_declared(&self, tags: &[Tag], declared: &[Declared]) -> Option<Vec<(Tag, Seed)>> {
        let inner = &*self.cache.0;
        if inner.noted(declared).is_empty() {
            return self.seed(tags);
        }
        if self.cache.mode() != Mode::Normal {
            return None;
        }
        // What was lost is made good once.
        for _ in 0..2 {
            let prepared = inner.unbar().and_then(|()| inner.prepare(tags, declared));
            match prepared.inspect_err(|trouble| self.note(trouble)).ok()? {
                Prepared::Ready(seeds) => return Some(tags.iter().copied().zip(seeds).collect()),
                Prepared::Again => {}
                Prepared::Unripe => return None,
            }
        }
        None
    }

    /// The present moment, by the cache's clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.cache.now()
    }

    /// How long to wait for somebody else's load.
    #[must_use]
    pub fn flight_wait(&self) -> Duration {
        self.cache.0.policy.flight_wait
    }

    fn may_be_kept(&self, wanted: &Wanted<'_>) -> bool {
        wanted.codec.is_some() || !self.cache.0.store.shared().is_some_and(SharedStore::keeps_bytes_only)
    }

    /// Finds entries in one round trip, or in none if all of them can be served from this process.
    fn find_many(&self, wanted: &[Wanted<'_>]) -> Result<Vec<Served>, Trouble> {
        let (inner, now) = (&*self.cache.0, self.cache.now());
        let alive: Vec<_> = wanted.iter().map(|wanted| inner.store.find_alive(&wanted.key, now)).collect();
        let left: Vec<Wanted<'_>> =
            wanted.iter().zip(&alive).filter(|(_, alive)| alive.is_none()).map(|(wanted, _)| *wanted).collect();
        if left.is_empty() {
            return Ok(alive.into_iter().map(|alive| alive.ok_or(Miss::Absent)).collect());
        }
        let look = |store: &dyn Store| same_length(store.look(&left, now)?, left.len());
        let mut looked = inner.call(Operation::Get, look)?.into_iter();
        let find = |alive: Option<_>| match alive {
            Some(alive) => Ok(alive),
            None => self.judge(looked.next().and_then(|looked| looked.found)),
        };
        Ok(alive.into_iter().map(find).collect())
    }

    /// Counts what went wrong; gives what it is to a read.
    fn troubled(&self, trouble: &Trouble) -> Miss {
        self.note(trouble);
        trouble.miss()
    }

    pub(crate) fn judge(&self, found: Option<Found>) -> Result<(Value, Life), Miss> {
        let found = found.ok_or(Miss::Absent)?;
        match found.worth {
            Worth::Fresh | Worth::Stale => Ok((found.value, found.life)),
            Worth::Changed(kind) => Err(Miss::Changed(kind)),
            Worth::Expired => Err(Miss::Expired),
            Worth::Unreadable(flaw) => {
                self.cache.0.ledger.store.count(StoreCounter::Unreadable);
                Err(Miss::Unreadable(flaw))
            }
        }
    }

    pub(crate) fn store_failed(&self) {
        self.counters.count(Counter::StoreFailure);
    }
}

impl Fill {
    /// The tokens that were read before the query.
    #[must_use]
    pub fn seeds(&self) -> &[(Tag, Seed)] {
        &self.seeds
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

    pub(crate) fn key(&self) -> &CacheKey {
        &self.key
    }

    /// What is declared, if the tokens are still to be read for this fill.
    pub(crate) fn presumed(&self) -> Option<&[Declared]> {
        self.presumed.as_deref()
    }

    /// Every tag that what is loaded may depend on.
    pub(crate) fn tags(&self) -> Vec<Tag> {
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
    pub(crate) fn presume(&mut self, declared: Vec<Declared>) {
        self.right = None;
        self.presumed = Some(declared);
    }

    pub(crate) fn give(&mut self, mut right: Right) {
        right.stand_on(&self.seeds);
        self.right = Some(right);
    }

    pub(crate) const fn has_right(&self) -> bool {
        self.right.is_some()
    }
}

/// What a load begins with.
pub(crate) struct Ground {
    pub(crate) seeds: Vec<(Tag, Seed)>,
    /// The tokens were not read for this load.
    pub(crate) is_presumed: bool,
    pub(crate) right: Option<Right>,
}
