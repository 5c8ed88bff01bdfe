//! Carries a read through the store: looks its entry up, or fills it under the tokens from before the query.

pub(crate) mod approach;
pub(crate) mod candidate;
pub(crate) mod collect;
pub(crate) mod fill;
pub(crate) mod inspect;
pub(crate) mod lease;
pub(crate) mod settle;

use core::time::Duration;

use crate::cache::Cache;
use crate::cache::awaited::Manner;
use crate::cache::gathered::look_at;
use crate::cache::look_ups::{Glimpse, Sight};
use crate::cache::mode::Mode;
use crate::clock::Timestamp;
use crate::entry::{Life, Value, Worth};
use crate::name::key::{CacheKey, KeyBytes, Kind};
use crate::name::tables::TableDeclaration;
use crate::name::tag::Tag;
use crate::observe::operation::Operation;
use crate::observe::statistics::{Counter, Counters, StoreCounter};
use crate::protocol::miss::Miss;
use crate::runtime::guard::CallFailure;
use crate::runtime::notes::FillStart;
use crate::store::{Found, LookUp, Seed, SharedStore, Store, Wanted, Wish, same_length};

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

impl Reader<'_> {
    /// An entry that the memory of this process holds, and that is to be served for a while yet. Without one, nothing is
    /// said of what there is: [`look_up`](Self::look_up) tells.
    #[inline]
    #[must_use]
    pub fn find(&self, key: &CacheKey) -> Option<(Value, Life)> {
        let parts = &*self.cache.0;
        if parts.dirty.is_barred() {
            return None;
        }
        parts.store.find(key, parts.store.clock.latest())
    }

    /// Looks one entry up, without counting: a read may look more than once. What is found may be
    /// [stale](Life::is_stale).
    ///
    /// # Errors
    ///
    /// Returns why there is nothing to be served; a store that fails is reported, and a miss.
    pub fn look_up(&self, wanted: &Wanted<'_>) -> Result<(Value, Life), Missed> {
        let (store, now) = (self.cache.store(), self.now());
        if !self.may_be_kept(wanted) {
            return Err(Miss::Absent.into());
        }
        let look = || {
            let wanted = core::slice::from_ref(wanted);
            let looked = store.call(Operation::Get, |store| look_at(store, wanted, (self.sight(), now)));
            looked.map(|mut looked| looked.pop().unwrap_or(LookUp::unseen(None)))
        };
        let looked = match self.cache.unbar() {
            Ok(()) if store.is_local() => look(),
            Ok(()) => match store.find(&wanted.key, now) {
                Some(alive) => return Ok(alive),
                None => look(),
            },
            Err(trouble) => Err(trouble),
        };
        match looked {
            Ok(looked) => self.seen(looked),
            Err(trouble) => Err(self.troubled(&trouble).into()),
        }
    }

    /// The same as a driver does it. What several tasks want at the same time is looked up together, on a thread of the cache.
    ///
    /// # Errors
    ///
    /// As [`look_up`](Self::look_up).
    pub async fn look_up_by(&self, manner: Manner, wish: Wish) -> Result<(Value, Life), Missed> {
        if self.cache.is_called_at_once(manner) {
            return wish.with(|wanted| self.look_up(wanted));
        }
        if !wish.with(|wanted| self.may_be_kept(wanted)) {
            return Err(Miss::Absent.into());
        }
        match self.cache.gather(wish, self.sight()).await {
            Ok(Glimpse::Alive(value, life)) => Ok((value, life)),
            Ok(Glimpse::Looked(looked)) => self.seen(looked),
            Err(trouble) => Err(self.troubled(&trouble).into()),
        }
    }

    /// A reader of a row loads what it does not find, where it may store it.
    fn sight(&self) -> Sight {
        if self.kind.is_of_row() && self.cache.mode() == Mode::Normal { Sight::ToLoad } else { Sight::Only }
    }

    /// What a look has shown to the reader.
    fn seen(&self, looked: LookUp) -> Result<(Value, Life), Missed> {
        self.judge(looked.found).map_err(|cause| Missed { cause, seen: looked.seen })
    }

    /// Looks several entries up in one round trip, as [`look_up`](Self::look_up) does.
    #[must_use]
    pub fn look_up_many(&self, wanted: &[Wanted<'_>]) -> Vec<Served> {
        // The keys of one model: all of them have a codec, or none.
        if !wanted.iter().any(|wanted| self.may_be_kept(wanted)) {
            return wanted.iter().map(|_| Err(Miss::Absent)).collect();
        }
        let find = |glimpse| match glimpse {
            Glimpse::Alive(value, life) => Ok((value, life)),
            Glimpse::Looked(looked) => self.judge(looked.found),
        };
        match self.cache.look_for_all(wanted, Sight::Only) {
            Ok(found) => found.into_iter().map(find).collect(),
            Err(trouble) => {
                let cause = self.troubled(&trouble);
                wanted.iter().map(|_| Err(cause)).collect()
            }
        }
    }

    /// Counts a read that was answered from the cache, and tells those who want to hear of it.
    #[inline]
    pub fn hit(&self, key: impl FnOnce() -> KeyBytes) {
        self.counters.count(Counter::Hit);
        self.cache.store().listeners.tell_hit(self.manager, self.kind, key);
    }

    /// Counts a read that was answered by an entry which is stale.
    pub fn stale_hit(&self, key: impl FnOnce() -> KeyBytes) {
        self.hit(key);
        self.counters.count(Counter::StaleHit);
    }

    /// Counts and reports a read that was not.
    pub fn miss(&self, cause: Miss, key: impl FnOnce() -> KeyBytes) {
        self.counters.miss(cause);
        self.cache.store().listeners.tell_miss(self.manager, self.kind, key, cause);
    }

    /// The present tokens of `tags`; `None` if the store fails, or nothing is to be stored.
    #[must_use]
    pub fn seed(&self, tags: &[Tag]) -> Option<Vec<(Tag, Seed)>> {
        if self.cache.mode() != Mode::Normal {
            return None;
        }
        let now = self.now();
        // A token that should have been changed must not be filled under.
        let seed = |store: &dyn Store| same_length(store.seed(tags, &[], now)?.seeds, tags.len());
        let seeds = self.cache.read(Operation::Seed, seed).inspect_err(|trouble| self.note(trouble)).ok()?;
        Some(tags.iter().copied().zip(seeds).collect())
    }

    /// The present tokens of `tags`, for a fill that goes by what is `declared` of the tables of which they name a part;
    /// `None` if the store fails, or nothing is to be stored.
    #[must_use]
    pub fn seed_declared(&self, tags: &[Tag], declared: &[TableDeclaration]) -> Option<Vec<(Tag, Seed)>> {
        let store = self.cache.store();
        if store.noted(declared).is_empty() {
            return self.seed(tags);
        }
        if self.cache.mode() != Mode::Normal {
            return None;
        }
        // What was lost is made good once.
        for _ in 0..2 {
            let prepared = self.cache.unbar().and_then(|()| store.prepare(tags, declared));
            match prepared.inspect_err(|trouble| self.note(trouble)).ok()? {
                FillStart::Ready(seeds) => return Some(tags.iter().copied().zip(seeds).collect()),
                FillStart::Again => {}
                FillStart::Unripe => return None,
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
        self.cache.policy().flight_wait
    }

    fn may_be_kept(&self, wanted: &Wanted<'_>) -> bool {
        wanted.codec.is_some() || !self.cache.store().shared().is_some_and(SharedStore::keeps_bytes_only)
    }

    /// Counts what went wrong; gives what it is to a read.
    fn troubled(&self, trouble: &CallFailure) -> Miss {
        self.note(trouble);
        trouble.miss()
    }

    /// Counts what went wrong.
    pub(crate) fn note(&self, trouble: &CallFailure) {
        if let CallFailure::Failed(_) = trouble {
            self.store_failed();
        }
    }

    pub(crate) fn judge(&self, found: Option<Found>) -> Result<(Value, Life), Miss> {
        let found = found.ok_or(Miss::Absent)?;
        match found.worth {
            Worth::Fresh | Worth::Stale => Ok((found.value, found.life)),
            Worth::Changed(kind) => Err(Miss::Changed(kind)),
            Worth::Expired => Err(Miss::Expired),
            Worth::Unreadable(flaw) => {
                self.cache.store().ledger.store.count(StoreCounter::Unreadable);
                Err(Miss::Unreadable(flaw))
            }
        }
    }

    pub(crate) fn store_failed(&self) {
        self.counters.count(Counter::StoreFailure);
    }
}
