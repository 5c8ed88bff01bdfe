//! Prepares the query of a fill: takes the lease, looks once more, and reads the tokens.

use core::time::Duration;

use crate::entry::codec::Codec;
use crate::entry::{Life, Value};
use crate::name::tables::TableDeclaration;
use crate::name::tag::Token;
use crate::observe::operation::Operation;
use crate::read::Reader;
use crate::read::fill::Fill;
use crate::read::lease::{Approach, Right};
use crate::runtime::notes::FillStart;
use crate::store::{Beginning, Begun, Lease, Seeded, SharedStore, Wanted, Writer};

impl Fill {
    /// Takes the right to load for all processes without waiting for anybody; says whether this process may load.
    pub fn is_first(&mut self, reader: &Reader<'_>) -> bool {
        if reader.cache.is_local() {
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
        if reader.cache.is_local() {
            return look();
        }
        if self.has_right() {
            // Nothing can have been stored under a token that was put there with the lease, or no lease is wanted.
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
        let Some(declared) = self.presumed().map(<[TableDeclaration]>::to_vec) else {
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
        let (store, now, tags) = (reader.cache.store(), reader.now(), self.tags());
        let declared = self.presumed().unwrap_or_default().to_vec();
        let tables = store.noted(&declared);
        let lease = (name, holder, store.policy.lease_life);
        let beginning = Beginning { lease, wanted, tags: &tags, tables: &tables };
        // A token that should have been changed must not be filled under.
        let begin = |store: &dyn SharedStore| {
            let begun = store.begin(&beginning, now)?;
            Ok(Begun { seeded: begun.seeded.of_length(tags.len(), tables.len())?, ..begun })
        };
        let begun = match reader.cache.read_shared(Operation::Seed, begin) {
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
    fn settle(&mut self, reader: &Reader<'_>, seeded: Seeded, declared: &[TableDeclaration]) -> bool {
        let settled = reader.cache.store().settle(&self.tags(), seeded, declared);
        let seeds = match settled.inspect_err(|trouble| reader.note(trouble)) {
            Ok(FillStart::Ready(seeds)) => Some(seeds),
            Ok(FillStart::Again) => {
                let again = reader.seed_declared(&self.tags(), declared);
                again.map(|seeds| seeds.into_iter().map(|(_, seed)| seed).collect())
            }
            Ok(FillStart::Unripe) | Err(_) => None,
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
