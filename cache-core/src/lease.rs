//! Which process loads: one at a time, while the others wait for what it stores.

use core::time::Duration;
use std::thread;
use std::time::Instant;

use crate::cache::Cache;
use crate::codec::Codec;
use crate::entry::{Life, Value};
use crate::foreign::Prepared;
use crate::guard::Trouble;
use crate::load::{Fill, Ground, Reader, Sought};
use crate::protocol::wait::{Wait, WaitStep};
use crate::statistics::StoreCounter;
use crate::store::{Beginning, Begun, Lease, Operation, Seed, Seeded, SharedStore, Started, Starting, Wanted, Writer};
use crate::tables::Declared;
use crate::tag::{Tag, Token};

/// How a load goes on that other processes may be at as well.
#[derive(Debug)]
#[non_exhaustive]
pub enum Approach<T> {
    /// Another process has stored it meanwhile.
    Answered(T),
    /// Query.
    Query(Right),
}

/// The right to load for all processes, as far as it was to be had. It ends when it is dropped.
#[derive(Debug)]
pub struct Right {
    /// Ends when it is dropped.
    held: Option<Held>,
    is_denied: bool,
}

#[derive(Debug)]
struct Held {
    cache: Cache,
    name: Lease,
    holder: Writer,
    is_over: bool,
    /// What is let go with it, if nobody has stored anything under these tokens.
    unused: Vec<(Tag, Token)>,
}

impl Right {
    /// Whether what is loaded may be stored. Not if another process is at it, however long that takes.
    #[must_use]
    pub const fn may_store(&self) -> bool {
        !self.is_denied
    }

    /// The lease that is held, and its holder.
    pub(crate) fn held(&self) -> Option<(Lease, Writer)> {
        self.held.as_ref().map(|held| (held.name, held.holder))
    }

    /// What is loaded will be stored under the tokens of `seeds`, or nothing is.
    pub fn stand_on(&mut self, seeds: &[(Tag, Seed)]) {
        if let Some(held) = &mut self.held {
            let narrow = seeds.iter().filter(|(tag, _)| tag.is_narrow());
            held.unused = narrow.map(|(tag, seed)| (*tag, seed.token)).collect();
        }
    }

    /// Somebody has ended the lease.
    pub(crate) fn ended(&mut self) {
        if let Some(held) = &mut self.held {
            held.is_over = true;
        }
    }

    /// The same, and nothing is stored.
    const fn denied(mut self) -> Self {
        self.is_denied = true;
        self
    }

    /// What the tokens allow: a lease keeps processes from doing the same work, and nobody's answer depends on it.
    const UNLEASED: Self = Self { held: None, is_denied: false };
    const DENIED: Self = Self { held: None, is_denied: true };
}

impl Drop for Held {
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        // If it cannot be ended, it ends by itself.
        let give_up = |store: &dyn SharedStore| store.give_up(self.name, self.holder, &self.unused);
        let _ = self.cache.0.call_shared(Operation::EndLease, give_up);
    }
}

impl Reader<'_> {
    /// Takes the lease called `name`, or waits for what its holder stores: `look` looks for that. After `budget` the
    /// caller has to query by himself.
    pub fn take_lease<T>(&self, name: Lease, budget: Duration, look: impl FnMut() -> Option<T>) -> Approach<T> {
        if self.cache.0.watch.is_none() {
            return Approach::Query(Right::UNLEASED);
        }
        let lease = (name, Writer::fresh());
        match self.try_right(lease) {
            Some(right) => Approach::Query(right),
            None => self.wait_for_lease(lease, budget, look),
        }
    }

    /// The right to load, as far as it is to be had; `None`: another process has it.
    fn try_right(&self, (name, holder): (Lease, Writer)) -> Option<Right> {
        match self.try_lease(name, holder) {
            None => Some(Right::UNLEASED),
            Some(true) => Some(self.right(name, holder)),
            Some(false) => None,
        }
    }

    /// Waits for what the lease's holder stores, or for the lease.
    fn wait_for_lease<T>(
        &self,
        (name, holder): (Lease, Writer),
        budget: Duration,
        mut look: impl FnMut() -> Option<T>,
    ) -> Approach<T> {
        self.cache.0.ledger.store.count(StoreCounter::LeaseWait);
        let (began, wait) = (Instant::now(), Wait::new(budget));
        while let WaitStep::Nap(nap) = wait.next(began.elapsed()) {
            thread::sleep(nap);
            if let Some(found) = look() {
                return Approach::Answered(found);
            }
            match self.try_lease(name, holder) {
                None => return Approach::Query(Right::UNLEASED),
                Some(false) => {}
                Some(true) => {
                    let right = self.right(name, holder);
                    // Its holder may have stored it since.
                    return look().map_or(Approach::Query(right), Approach::Answered);
                }
            }
        }
        self.cache.0.ledger.store.count(StoreCounter::LeaseTimeout);
        Approach::Query(Right::DENIED)
    }

    /// How long to wait for another process: those who wait in this one should still get the answer of the query that
    /// comes then.
    #[must_use]
    pub fn lease_wait(&self) -> Duration {
        self.flight_wait() / 2
    }

    fn right(&self, name: Lease, holder: Writer) -> Right {
        let held = Held { cache: self.cache.clone(), name, holder, is_over: false, unused: Vec::new() };
        Right { held: Some(held), is_denied: false }
    }

    /// Whether the lease was taken; `None`: the store does not say.
    fn try_lease(&self, name: Lease, holder: Writer) -> Option<bool> {
        let life = self.cache.0.policy.lease_life;
        let leased = self.cache.0.call_shared(Operation::Lease, |store| store.lease(name, holder, life));
        leased.inspect_err(|trouble| self.note(trouble)).ok()
    }

    /// Seeds tags of which some were [seen](Sought::seen) to have no token, and takes the lease of the load if nothing can
    /// have been stored under what they hold then.
    pub(crate) fn found(&self, sought: &Sought<'_>, mut seen: Vec<(Tag, Option<Seed>)>) -> Option<Ground> {
        let (inner, holder) = (&*self.cache.0, Writer::fresh());
        let tables = inner.noted(sought.declared);
        // What was lost is made good once.
        for _ in 0..2 {
            let holder = (holder, inner.policy.lease_life);
            let starting = Starting { key: &sought.key, seen: &seen, tables: &tables, holder };
            let start = |store: &dyn SharedStore| {
                let started = store.start(&starting, self.now())?;
                Ok(Started { seeded: started.seeded.of_length(seen.len(), tables.len())?, ..started })
            };
            // A token that should have been changed must not be filled under.
            let started = inner.unbar().and_then(|()| inner.call_shared(Operation::Seed, start));
            let started = started.inspect_err(|trouble| self.note(trouble)).ok()?;
            let seeds: Vec<(Tag, Seed)> =
                sought.tags.iter().copied().zip(started.seeded.seeds.iter().copied()).collect();
            let tokens: Vec<Token> = started.seeded.seeds.iter().map(|seed| seed.token).collect();
            let right = started.is_leased.then(|| self.right(Lease::of(&sought.key, &tokens), holder.0));
            let settled = inner.settle(started.seeded, sought.declared);
            match settled.inspect_err(|trouble| self.note(trouble)).ok()? {
                // Somebody else may load the same, or have stored it.
                Prepared::Ready(_) => return Some(Ground { seeds, is_presumed: right.is_none(), right }),
                Prepared::Again => seen = seeds.into_iter().map(|(tag, seed)| (tag, Some(seed))).collect(),
                Prepared::Unripe => return None,
            }
        }
        None
    }

    /// Counts what went wrong.
    pub(crate) fn note(&self, trouble: &Trouble) {
        if let Trouble::Failed(_) = trouble {
            self.store_failed();
        }
    }
}

impl Fill {
    /// Takes the right to load for all processes without waiting for anybody; says whether this process may load.
    pub fn is_first(&mut self, reader: &Reader<'_>) -> bool {
        if reader.cache.0.watch.is_none() {
            return true;
        }
        if self.has_right() {
            return true;
        }
        let (name, holder) = (self.lease(), Writer::fresh());
        let is_taken = reader.try_lease(name, holder);
        if is_taken == Some(true) {
            self.give(reader.right(name, holder));
        }
        is_taken != Some(false)
    }

    fn lease(&self) -> Lease {
        let tokens: Vec<Token> = self.seeds().iter().map(|(_, seed)| seed.token).collect();
        Lease::of(self.key(), &tokens)
    }

    /// Looks once more, now that nobody else loads the same, for what somebody may have stored since the reader missed;
    /// `accept` says whether that is of use. Waits for another process for `budget` at most. Afterwards the query may
    /// be asked.
    pub fn approach<T>(
        &mut self,
        reader: &Reader<'_>,
        budget: Duration,
        codec: Option<Codec>,
        accept: impl Fn(Value, Life) -> Option<T>,
    ) -> Option<T> {
        let (key, tags) = (*self.key(), self.tags());
        let wanted = Wanted { key, tags: &|| tags.clone(), codec };
        let look = || reader.look_up(&wanted).ok().and_then(|(value, life)| accept(value, life));
        if reader.cache.0.watch.is_none() {
            return look();
        }
        if self.has_right() {
            // Nothing can have been stored under a token that was put there with the lease.
            return None;
        }
        let (lease, attempt) = self.attempt(reader, &wanted);
        let (has_looked, found) = (attempt.looked.is_some(), attempt.looked.flatten());
        let found = found.and_then(|(value, life)| accept(value, life));
        let (right, has_looked) = match attempt.right {
            Some(right) => (right, has_looked),
            None if found.is_some() => return found,
            None => match reader.wait_for_lease(lease, budget, look) {
                Approach::Answered(found) => return Some(found),
                Approach::Query(right) => (right, true),
            },
        };
        self.give(right);
        if has_looked { found } else { look() }
    }

    /// Takes the right to load under the tokens that the tags hold then, and looks once more if it can be done with it.
    fn attempt(&mut self, reader: &Reader<'_>, wanted: &Wanted<'_>) -> ((Lease, Writer), Attempt) {
        /// A table that is written all the time has other tokens each time.
        const ROUNDS: usize = 3;
        let Some(declared) = self.presumed().map(<[Declared]>::to_vec) else {
            let lease = (self.lease(), Writer::fresh());
            return (lease, Attempt { right: reader.try_right(lease), looked: None });
        };
        let mut round = 1;
        loop {
            let lease = (self.lease(), Writer::fresh());
            let attempt = self.begin(reader, wanted, lease);
            // Whoever loads under the tokens of now has another lease.
            let is_another = self.presumed().is_none() && self.lease() != lease.0;
            if round == ROUNDS || !is_another || !attempt.may_go_on() {
                return (lease, attempt);
            }
            drop(attempt);
            self.presume(declared.clone());
            round += 1;
        }
    }

    /// Takes the lease, looks once more, and reads the tokens to fill under, all of it in one call.
    fn begin(&mut self, reader: &Reader<'_>, wanted: &Wanted<'_>, (name, holder): (Lease, Writer)) -> Attempt {
        let (inner, now, tags) = (&*reader.cache.0, reader.now(), self.tags());
        let declared = self.presumed().unwrap_or_default().to_vec();
        let tables = inner.noted(&declared);
        let lease = (name, holder, inner.policy.lease_life);
        let beginning = Beginning { lease, wanted, tags: &tags, tables: &tables };
        // A token that should have been changed must not be filled under.
        let begin = |store: &dyn SharedStore| {
            let begun = store.begin(&beginning, now)?;
            Ok(Begun { seeded: begun.seeded.of_length(tags.len(), tables.len())?, ..begun })
        };
        let begun = match inner.unbar().and_then(|()| inner.call_shared(Operation::Seed, begin)) {
            Ok(begun) => begun,
            Err(trouble) => {
                reader.note(&trouble);
                // It may have been taken, and nobody is to wait for it.
                return Attempt { right: Some(reader.right(name, holder).denied()), looked: Some(None) };
            }
        };
        let right = match begun.is_taken {
            Some(true) => Some(reader.right(name, holder)),
            Some(false) => None,
            None => Some(Right::UNLEASED),
        };
        let looked = reader.judge(begun.found).ok();
        if looked.is_none() && !self.settle(reader, begun.seeded, &declared) {
            return Attempt { right: Some(Right::DENIED), looked: Some(None) };
        }
        Attempt { right, looked: Some(looked) }
    }

    /// Goes by the tokens that were read for this fill, and by notes that were read after them; says whether anything may
    /// be stored.
    fn settle(&mut self, reader: &Reader<'_>, seeded: Seeded, declared: &[Declared]) -> bool {
        let settled = reader.cache.0.settle(seeded, declared);
        let seeds = match settled.inspect_err(|trouble| reader.note(trouble)) {
            Ok(Prepared::Ready(seeds)) => Some(seeds),
            Ok(Prepared::Again) => {
                let again = reader.seed_declared(&self.tags(), declared);
                again.map(|seeds| seeds.into_iter().map(|(_, seed)| seed).collect())
            }
            Ok(Prepared::Unripe) | Err(_) => None,
        };
        seeds.map(|seeds| self.stand_on(seeds)).is_some()
    }
}

impl Attempt {
    /// Whether nothing was found, and what is loaded may be stored as far as is known.
    fn may_go_on(&self) -> bool {
        self.looked.as_ref().is_none_or(Option::is_none) && self.right.as_ref().is_none_or(Right::may_store)
    }
}

/// What came of asking for the right to load.
struct Attempt {
    /// `None`: another process has it.
    right: Option<Right>,
    /// What was found on the way; `None`: nobody has looked.
    looked: Option<Option<(Value, Life)>>,
}
