//! Loads missing values: one caller for all who ask at once.

use std::sync::Arc;

use crate::cache::Cache;
use crate::entry::{Life, Value};
use crate::error::Error;
use crate::name::key::CacheKey;
use crate::name::tag::Token;
use crate::observe::event::Event;
use crate::observe::operation::Operation;
use crate::protocol::miss::Miss;
use crate::read::collect::amid;
use crate::read::lease::{Approach, Right};
use crate::runtime::flight::{Circle, Follower, Leader, Seat, Waited};
use crate::runtime::guard::CallFailure;
use crate::setting::policy::Timeout;
use crate::store::{Content, Exchanged, Lease, Mark, Slot};
use crate::values::circle::{Loading, circle};
use crate::values::form::{Cacheable, Form};
use crate::values::timeout::IntoTimeout;

impl Cache {
    /// The value under `key`; if there is none, what `load` gives, which is then set.
    ///
    /// Of those who ask for one key at once, one loads and the others wait for what it brings: in this process for the
    /// cache's `flight_wait`, and for other processes half as long; then they load by themselves. An error of `load`
    /// goes to its caller, nothing is set, and the others load by themselves too; so they do if `load` panics. `None` can
    /// be loaded, as any value: it is set, and is not loaded again.
    ///
    /// A store that fails is counted and told, and costs a call of `load`. So does a value that cannot be set; what was there,
    /// of another type, is removed.
    ///
    /// # Consistency
    ///
    /// What was loaded is not set if meanwhile the key was set or deleted, or the cache was cleared. If there is another
    /// value by then, the caller gets that. A `load` that takes longer than five minutes may be in vain: its caller gets
    /// the value, and nothing is set.
    ///
    /// # Errors
    ///
    /// Those of `load`. A load that would wait for itself, because its thread is in the middle of loading `key` or because
    /// those who are wait for it in turn, fails with an error of [`ErrorKind::Circle`](crate::ErrorKind::Circle) that
    /// names the key: if `E` is an [`Error`](crate::Error) of the cache, one of Diesel, a boxed error, a
    /// [`std::io::Error`] or a `String`. What other processes wait for is not known: there a circle ends when they have waited
    /// long enough.
    ///
    /// # Panics
    ///
    /// If a load would wait for itself, and `E` is another type.
    ///
    /// # Examples
    ///
    /// ```
    /// # use cache_core::{Cache, Error};
    /// let cache = Cache::memory();
    /// let load = || Ok::<_, Error>(vec![1, 2, 3]);
    /// assert_eq!(cache.get_or_set("ranking", (), load)?, [1, 2, 3]);
    /// let again = || -> Result<Vec<i32>, Error> { panic!("it is there already") };
    /// assert_eq!(cache.get_or_set("ranking", (), again)?, [1, 2, 3]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn get_or_set<T, E>(
        &self,
        key: impl AsRef<str>,
        timeout: impl IntoTimeout,
        load: impl FnOnce() -> core::result::Result<T, E>,
    ) -> core::result::Result<T, E>
    where
        T: Cacheable + Clone,
        E: 'static,
    {
        self.get_or_set_arc(key, timeout, load).map(Arc::unwrap_or_clone)
    }

    /// The same, shared: in memory a hit clones nothing.
    ///
    /// # Errors
    ///
    /// As [`get_or_set`](Self::get_or_set).
    ///
    /// # Panics
    ///
    /// As [`get_or_set`](Self::get_or_set).
    pub fn get_or_set_arc<T, E>(
        &self,
        key: impl AsRef<str>,
        timeout: impl IntoTimeout,
        load: impl FnOnce() -> core::result::Result<T, E>,
    ) -> core::result::Result<Arc<T>, E>
    where
        T: Cacheable,
        E: 'static,
    {
        let key = key.as_ref();
        let question = ValueRequest { cache: self, key: self.1.key(key), timeout: self.timeout(timeout) };
        let fill = match question.prepare() {
            LoadStep::Answered(value) => return Ok(value),
            LoadStep::Circle => return Err(circle(key)),
            LoadStep::Load(fill) => fill,
        };
        self.0.values.load();
        let _loading = Loading::begin(self, question.key, fill.seen.map(Lack::seen));
        let _led = fill.leader.as_ref().map(Leader::lead_here);
        // If this fails or panics, those who wait learn it when the fill is dropped.
        let value = load().inspect_err(|_| self.0.values.load_failure())?;
        Ok(question.keep(*fill, Arc::new(value)))
    }
}

/// What is asked for, and how long it lives if it has to be loaded.
struct ValueRequest<'a> {
    cache: &'a Cache,
    key: CacheKey,
    timeout: Timeout,
}

enum LoadStep<T> {
    Answered(Arc<T>),
    /// Whoever loads it waits for this caller.
    Circle,
    Load(Box<SlotFill>),
}

/// A slot without a value of use, as it was before the load.
#[derive(Clone, Copy)]
struct Lack {
    mark: Mark,
    token: Token,
    /// There is a value of another type.
    is_foreign: bool,
}

impl Lack {
    const fn seen(self) -> (Mark, Token) {
        (self.mark, self.token)
    }
}

/// The right to fill a slot that was seen before the load. Whoever changes the slot takes the right away.
#[derive(Default)]
struct SlotFill {
    seen: Option<Lack>,
    leader: Option<Leader>,
    /// Ends after those who wait were told.
    _right: Option<Right>,
}

enum Opened<T> {
    Answered(Arc<T>),
    Lacking(Lack),
}

impl ValueRequest<'_> {
    /// An answer, or what is to be known before the load begins.
    fn prepare<T: Cacheable>(&self) -> LoadStep<T> {
        let lack = match self.open() {
            Ok(Opened::Answered(value)) => return LoadStep::Answered(value),
            Ok(Opened::Lacking(lack)) => Some(lack),
            Err(cause) => {
                self.cache.value_reader().miss(cause, || self.key.id);
                None
            }
        };
        if Loading::is_under_way(self.cache, &self.key, lack.map(Lack::seen)) {
            return LoadStep::Circle;
        }
        let Some(lack) = lack else { return LoadStep::Load(Box::default()) };
        let flight = vec![lack.token, lack.mark.token()];
        let seen = Some(lack);
        match self.cache.0.flights.board(self.key, flight.clone()) {
            Seat::Leader(leader) => self.lead(leader, &flight, seen),
            Seat::Follower(follower) => match self.follow(follower) {
                Err(Circle) => LoadStep::Circle,
                Ok(Waited::Landed(Value::Shared(value), _)) => value.downcast().map_or_else(
                    |_| LoadStep::Load(Box::new(SlotFill { seen, ..SlotFill::default() })),
                    LoadStep::Answered,
                ),
                Ok(_) => LoadStep::Load(Box::new(SlotFill { seen, ..SlotFill::default() })),
            },
        }
    }

    /// Waits for what another caller loads.
    fn follow(&self, follower: Follower) -> core::result::Result<Waited, Circle> {
        self.cache.store().ledger.count_flight_wait();
        follower.wait_amid(amid(), self.cache.policy().flight_wait)
    }

    /// Looks; opens a slot if there is no value. Counts a hit or a miss, once.
    fn open<T: Cacheable>(&self) -> core::result::Result<Opened<T>, Miss> {
        let (cache, reader) = (self.cache, self.cache.value_reader());
        let cause = match cache.find(&self.key, Form::SERDE).map_err(|trouble| self.note(&trouble))? {
            Ok(value) => {
                reader.hit(|| self.key.id);
                return Ok(Opened::Answered(value));
            }
            Err(cause) => cause,
        };
        let (mut slots, token) = cache.open(&[self.key]).map_err(|trouble| self.note(&trouble))?;
        let Slot { mark, content } = slots.pop().flatten().ok_or(cause)?;
        let is_foreign = matches!(content, Content::Value(..));
        if let Content::Value(body, _) = content
            && let Some(value) = Form::SERDE.unpack(body)
        {
            reader.hit(|| self.key.id);
            return Ok(Opened::Answered(value));
        }
        reader.miss(cause, || self.key.id);
        Ok(Opened::Lacking(Lack { mark, token, is_foreign }))
    }

    /// Counts what went wrong; gives what that is to a read.
    fn note(&self, trouble: &CallFailure) -> Miss {
        self.cache.value_reader().note(trouble);
        trouble.miss()
    }

    /// Looks once more, now that nobody else in this process loads the same; over a store outside of it, when no other
    /// process does either.
    fn lead<T: Cacheable>(&self, leader: Leader, tokens: &[Token], seen: Option<Lack>) -> LoadStep<T> {
        let look = || self.look::<T>();
        let mut right = None;
        if !self.cache.is_local() {
            let reader = self.cache.value_reader();
            match reader.take_lease(Lease::of(&self.key, tokens), reader.lease_wait(), look) {
                Approach::Answered(value) => return self.answer(leader, value),
                Approach::Query(taken) => right = Some(taken),
            }
        }
        match look() {
            Some(value) => self.answer(leader, value),
            None => LoadStep::Load(Box::new(SlotFill { seen, leader: Some(leader), _right: right })),
        }
    }

    fn look<T: Cacheable>(&self) -> Option<Arc<T>> {
        let found = self.cache.find(&self.key, Form::SERDE);
        found.inspect_err(|trouble| self.cache.value_reader().note(trouble)).ok()?.ok()
    }

    fn answer<T: Cacheable>(&self, leader: Leader, value: Arc<T>) -> LoadStep<T> {
        self.land(leader, &value);
        LoadStep::Answered(value)
    }

    /// Sets what was loaded, if the slot is still what was seen before; gives what is to be returned.
    fn keep<T: Cacheable>(&self, fill: SlotFill, value: Arc<T>) -> Arc<T> {
        let winner = fill.seen.and_then(|lack| self.set(lack, &value));
        let value = winner.unwrap_or(value);
        if let Some(leader) = fill.leader {
            self.land(leader, &value);
        }
        value
    }

    /// Sets the value; gives the one that somebody else has set meanwhile, if there is one.
    fn set<T: Cacheable>(&self, lack: Lack, value: &Arc<T>) -> Option<Arc<T>> {
        let packed = Form::SERDE.pack(Arc::clone(value), self.cache.is_local());
        let parcel = packed.inspect_err(|error| self.refused(error)).ok().filter(|_| !self.timeout.is_zero());
        let replacement = parcel.map(|parcel| self.cache.replacement(&parcel, self.timeout, lack.token));
        let is_set = replacement.is_some();
        // Nobody is to be given, as another type, what was there before.
        if !is_set && !lack.is_foreign {
            return None;
        }
        match self.cache.exchange_one(&self.key, lack.mark, replacement) {
            Ok(Exchanged::Changed) => return self.look(),
            Ok(Exchanged::Done) if is_set => self.cache.count_stored(&self.key),
            Ok(Exchanged::Declined | Exchanged::Done) => {}
            Err(trouble) => self.cache.value_reader().note(&trouble),
        }
        None
    }

    fn refused(&self, error: &Error) {
        self.cache.value_reader().store_failed();
        self.cache.tell(&Event::StoreFailed { operation: Operation::Exchange, error });
    }

    fn land<T: Cacheable>(&self, leader: Leader, value: &Arc<T>) {
        let value: Arc<T> = Arc::clone(value);
        leader.land(Value::Shared(value), Life::starting(self.cache.now(), self.timeout));
    }
}
