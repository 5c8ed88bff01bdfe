//! Prepares the query of a fill: takes the lease, looks once more, and reads the tokens.

use crate::entry::codec::Codec;
use crate::entry::{Life, Value};
use crate::name::tables::TableDeclaration;
use crate::name::tag::Token;
use crate::observe::operation::Operation;
use crate::protocol::wait::Wait;
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
    /// `accept` says whether that is of use. Waits for another process as `wait` says. Afterwards the query may
    /// be asked.
    pub fn approach<T>(
        &mut self,
        reader: &Reader<'_>,
        wait: Wait,
        codec: Option<Codec>,
        accept: impl Fn(Value, Life) -> Option<T>,
    ) -> Option<T> {
        let (key, tags) = (*self.key(), self.tags());
        let wanted = Wanted { key, tags: &|| tags.clone(), codec };
        let look = || reader.look_up(&wanted).ok().and_then(|(value, life)| accept(value, life));
        match self.attempt(reader, codec) {
            Attempt::Query => None,
            Attempt::Look => look(),
            Attempt::Found(value, life) => accept(value, life),
            Attempt::Wait(lease, found) => {
                let found = found.and_then(|(value, life)| accept(value, life));
                found.or_else(|| match reader.wait_for_lease(lease, wait, look) {
                    Approach::Answered(found) => Some(found),
                    Approach::Query(right) => {
                        self.give(right);
                        None
                    }
                })
            }
        }
    }

    /// Asks for the right to load, and waits for nobody. If another process has it, whoever drives this [waits](crate::LeaseWait),
    /// and [gives](Self::give) the right that comes of it.
    pub fn attempt(&mut self, reader: &Reader<'_>, codec: Option<Codec>) -> Attempt {
        if reader.cache.is_local() {
            return Attempt::Look;
        }
        if self.has_right() {
            // Nothing can have been stored under a token that was put there with the lease, or no lease is wanted.
            return Attempt::Query;
        }
        let (key, tags) = (*self.key(), self.tags());
        let (lease, request) = self.request(reader, &Wanted { key, tags: &|| tags.clone(), codec });
        let has_looked = request.looked.is_some();
        match (request.right, request.looked.flatten()) {
            (None, found) => Attempt::Wait(lease, found),
            (Some(right), found) => {
                self.give(right);
                match found {
                    Some((value, life)) => Attempt::Found(value, life),
                    None if has_looked => Attempt::Query,
                    None => Attempt::Look,
                }
            }
        }
    }

    /// Takes the right to load under the tokens that the tags hold then, and looks once more if it can be done with it.
    fn request(&mut self, reader: &Reader<'_>, wanted: &Wanted<'_>) -> ((Lease, Writer), Request) {
        /// A table that is written all the time has other tokens each time.
        const ROUNDS: usize = 3;
        let Some(declared) = self.presumed().map(<[TableDeclaration]>::to_vec) else {
            let lease = (self.lease(), Writer::fresh());
            return (lease, Request { right: reader.try_right(lease), looked: None });
        };
        let mut round = 1;
        loop {
            let lease = (self.lease(), Writer::fresh());
            let request = self.begin(reader, wanted, lease);
            // Whoever loads under the tokens of now has another lease.
            let is_another = self.presumed().is_none() && self.lease() != lease.0;
            if round == ROUNDS || !is_another || !request.may_go_on() {
                return (lease, request);
            }
            drop(request);
            self.presume(declared.clone());
            round += 1;
        }
    }

    /// Takes the lease, looks once more, and reads the tokens to fill under, all of it in one call.
    fn begin(&mut self, reader: &Reader<'_>, wanted: &Wanted<'_>, (name, holder): (Lease, Writer)) -> Request {
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
                return Request { right: Some(reader.right(name, holder).denied()), looked: Some(None) };
            }
        };
        let right = match begun.is_taken {
            Some(true) => Some(reader.right(name, holder)),
            Some(false) => None,
            None => Some(Right::UNLEASED),
        };
        let looked = reader.judge(begun.found).ok();
        if looked.is_none() && !self.settle(reader, begun.seeded, &declared) {
            return Request { right: Some(Right::DENIED), looked: Some(None) };
        }
        Request { right, looked: Some(looked) }
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

impl Request {
    /// Whether nothing was found, and what is loaded may be stored as far as is known.
    fn may_go_on(&self) -> bool {
        self.looked.as_ref().is_none_or(Option::is_none) && self.right.as_ref().is_none_or(Right::may_store)
    }
}

/// How a load goes on that has asked for its right.
#[derive(Debug)]
pub enum Attempt {
    /// Query, unless this is of use, which was found on the way.
    Found(Value, Life),
    /// Look once more, then query.
    Look,
    /// Query.
    Query,
    /// Another process has the lease; this was found on the way.
    Wait((Lease, Writer), Option<(Value, Life)>),
}

/// What came of asking for the right to load.
struct Request {
    /// `None`: another process has it.
    right: Option<Right>,
    /// What was found on the way; `None`: nobody has looked.
    looked: Option<Option<(Value, Life)>>,
}
