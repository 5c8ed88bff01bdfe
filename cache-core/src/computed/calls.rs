//! Computes on the caller's thread.

use crate::cache::Cache;
use crate::computed::computation::Computation;
use crate::computed::entry::{CachedEntry, Origin};
use crate::computed::form::{Computable, Form};
use crate::computed::load::{Load, Looked, Refresh};
use crate::protocol::miss::Miss;
use crate::read::collect::amid;
use crate::read::fill::{Fill, Start};
use crate::runtime::refresh::Claim;
use crate::values::{IntoTimeout, circle};

impl Cache {
    /// The value under `key`; if there is none, what `compute` gives, which is then kept for `timeout` at most.
    ///
    /// It depends on everything that is read while it is computed: rows, lists and pages through managers, other computed
    /// values, and plain statements of Diesel on tracked connections. As soon as any of that is written, it is computed
    /// anew. If nothing was read, nothing is stored ([`Computation::depends_on_nothing`] for what has nothing to read), and a
    /// message says so once; likewise if something was read that cannot be followed.
    ///
    /// Of those who ask for one key at once, one computes, and the others wait for the cache's `flight_wait`; then they
    /// compute by themselves. An error of `compute` goes to its caller, and nothing is stored.
    ///
    /// The key names the value for all databases and users: whatever else it depends on belongs into the key, or into
    /// [`Computation::vary_by`].
    ///
    /// # Consistency
    ///
    /// The value is stored under the tokens from before each of its reads. One that something has overtaken is stored under
    /// tokens that are not the present ones, and never served. Values that are set by hand, the time and other services are
    /// not followed.
    ///
    /// # Errors
    ///
    /// Those of `compute`. A computation that would wait for itself fails as [`get_or_set`](Self::get_or_set) says, over
    /// whatever tasks and threads its work is [carried](crate::carry) to.
    ///
    /// # Panics
    ///
    /// As [`get_or_set`](Self::get_or_set).
    pub fn compute<T, E, By>(
        &self,
        key: impl AsRef<str>,
        timeout: impl IntoTimeout,
        compute: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E>
    where
        T: Computable<By>,
        E: 'static,
        By: 'static,
    {
        self.computation(key.as_ref()).timeout(timeout).value(compute)
    }
}

impl Computation<'_> {
    /// The value; if there is none, what `compute` gives, as [`Cache::compute`] says.
    ///
    /// # Errors
    ///
    /// As [`Cache::compute`].
    ///
    /// # Panics
    ///
    /// As [`Cache::compute`].
    pub fn value<T, E, By>(self, compute: impl FnOnce() -> Result<T, E>) -> Result<T, E>
    where
        T: Computable<By>,
        E: 'static,
        By: 'static,
    {
        self.entry(compute).map(|entry| entry.value)
    }

    /// The value with what the cache knows of it.
    ///
    /// # Errors
    ///
    /// As [`Cache::compute`].
    ///
    /// # Panics
    ///
    /// As [`Cache::compute`].
    pub fn entry<T, E, By>(self, compute: impl FnOnce() -> Result<T, E>) -> Result<CachedEntry<T>, E>
    where
        T: Computable<By>,
        E: 'static,
        By: 'static,
    {
        self.run(Form::by::<By>(), compute)
    }

    /// The value, which nothing has to say in bytes: it is kept in the memory of this process alone. Over a store elsewhere
    /// nothing is kept.
    ///
    /// # Errors
    ///
    /// As [`Cache::compute`].
    ///
    /// # Panics
    ///
    /// As [`Cache::compute`].
    pub fn value_in_memory<T, E>(self, compute: impl FnOnce() -> Result<T, E>) -> Result<T, E>
    where
        T: Clone + Send + Sync + 'static,
        E: 'static,
    {
        self.run(Form::in_memory(), compute).map(|entry| entry.value)
    }

    /// The value with what the cache knows of it. Once it is [stale](Self::relevance_timeout) every caller is given what is
    /// there, and a thread of the cache's computes it anew of the `input` of the first of them.
    ///
    /// # Errors
    ///
    /// As [`Cache::compute`]. What the thread's `compute` fails with is counted
    /// ([`refresh_failure_count`](crate::Statistics::refresh_failure_count)), and tried again a moment later.
    ///
    /// # Panics
    ///
    /// As [`Cache::compute`]. A panic on that thread is caught and counted.
    ///
    /// # Examples
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use cache_core::{Cache, Error};
    /// let cache = Cache::memory();
    /// let rate = |user: i32| {
    ///     let rate = cache.computation("rate").vary_by(&user).relevance_timeout(Duration::from_secs(60));
    ///     rate.depends_on_nothing().entry_refreshing(user, |user| Ok::<_, Error>(user * 2))
    /// };
    /// assert_eq!((*rate(4)?, rate(4)?.is_hit()), (8, true));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn entry_refreshing<I, T, E, By>(
        self,
        input: I,
        compute: impl FnOnce(I) -> Result<T, E> + Send + 'static,
    ) -> Result<CachedEntry<T>, E>
    where
        I: Clone + Send + 'static,
        T: Computable<By>,
        E: 'static,
        By: 'static,
    {
        let form = Form::by::<By>();
        match self.look(form) {
            Looked::Stale(entry, claim) => {
                self.refresh_later(claim, form, move || compute(input));
                Ok(entry)
            }
            looked => self.go_on(looked, form, || compute(input)),
        }
    }

    /// Stores `value` without computing it. It depends on nothing that was read.
    pub fn prime<T, By>(self, value: T)
    where
        T: Computable<By>,
        By: 'static,
    {
        let computation = self.depends_on_nothing();
        let load = computation.begin(None, Miss::Refresh);
        drop(computation.conclude(load, value, Form::by::<By>()));
    }

    /// What this process has in its memory, without a call to any store, and without a wait: a layer around services that are
    /// awaited answers so at once.
    #[doc(hidden)]
    #[must_use]
    pub fn found_at_hand<T, By>(&self) -> Option<CachedEntry<T>>
    where
        T: Computable<By>,
        By: 'static,
    {
        self.at_hand(Form::by::<By>())
    }

    fn run<T, E>(self, form: Form<T>, compute: impl FnOnce() -> Result<T, E>) -> Result<CachedEntry<T>, E>
    where
        T: Clone + Send + Sync + 'static,
        E: 'static,
    {
        let looked = self.look(form);
        self.go_on(looked, form, compute)
    }

    fn go_on<T, E>(
        &self,
        looked: Looked<T>,
        form: Form<T>,
        compute: impl FnOnce() -> Result<T, E>,
    ) -> Result<CachedEntry<T>, E>
    where
        T: Clone + Send + Sync + 'static,
        E: 'static,
    {
        let missed = match looked {
            Looked::Found(entry) => return Ok(entry),
            Looked::Stale(entry, claim) => return Ok(self.refreshed(entry, claim, (form, compute))),
            Looked::Missed(missed) => missed,
            Looked::Off => return Ok(CachedEntry::new(compute()?, Origin::Bypass, None)),
        };
        let fill = match self.start(&missed, form) {
            Start::Alone => None,
            Start::Follow(follower) => match follower.wait_amid(amid(), self.wait_for_flight()) {
                Err(_) => return Err(circle(&self.name.text())),
                // What was computed before this call began may be older than what it has to see: the tokens tell.
                Ok(_) => match self.find(form) {
                    Ok(entry) => return Ok(entry.from(Origin::Miss)),
                    Err(_) => None,
                },
            },
            Start::Lead(fill) => match self.approach(fill, missed.cause, (form, self.wait_for_lease())) {
                Ok(entry) => return Ok(entry),
                Err(fill) => Some(fill),
            },
        };
        self.load(fill, missed.cause, (form, compute))
    }

    fn load<T, E>(
        &self,
        fill: Option<Box<Fill>>,
        cause: Miss,
        (form, compute): (Form<T>, impl FnOnce() -> Result<T, E>),
    ) -> Result<CachedEntry<T>, E>
    where
        T: Clone + Send + Sync + 'static,
    {
        self.compute(self.begin(fill, cause), form, compute)
    }

    /// If this fails or panics, those who wait learn it when the load is dropped.
    fn compute<T, E>(
        &self,
        load: Load,
        form: Form<T>,
        compute: impl FnOnce() -> Result<T, E>,
    ) -> Result<CachedEntry<T>, E>
    where
        T: Clone + Send + Sync + 'static,
    {
        self.reader().counters.load();
        let computed = load.scope.enter(compute);
        let value = computed.inspect_err(|_| self.reader().counters.load_failure())?;
        Ok(self.conclude(load, value, form))
    }

    /// Refreshes what is stale on another thread, for whoever claims it.
    fn refresh_later<T, E>(self, claim: Claim, form: Form<T>, compute: impl FnOnce() -> Result<T, E> + Send + 'static)
    where
        T: Clone + Send + Sync + 'static,
    {
        self.reader().stale_hit(|| self.id());
        let (cache, computation) = (self.of.cache.clone(), self.into_owned());
        let refreshing = move || {
            let is_done = match computation.begin_refresh(form) {
                Refresh::Begun(load) => computation.compute(load, form, compute).is_ok(),
                Refresh::Another | Refresh::Done(_) => true,
            };
            // What failed is tried again a moment later.
            if is_done {
                claim.done();
            }
        };
        // So is what finds no room.
        _ = cache.refresh_later(Box::new(refreshing));
    }

    /// The stale `entry`, or what it is once this caller, who claims it, has refreshed it.
    fn refreshed<T, E>(
        &self,
        entry: CachedEntry<T>,
        claim: Claim,
        (form, compute): (Form<T>, impl FnOnce() -> Result<T, E>),
    ) -> CachedEntry<T>
    where
        T: Clone + Send + Sync + 'static,
    {
        let reader = self.reader();
        let refreshed = match self.begin_refresh(form) {
            Refresh::Begun(load) => self.compute(load, form, compute),
            Refresh::Another => {
                claim.done();
                reader.stale_hit(|| self.id());
                return entry;
            }
            Refresh::Done(entry) => {
                claim.done();
                reader.hit(|| self.id());
                return entry;
            }
        };
        match refreshed {
            Ok(fresh) => {
                claim.done();
                reader.miss(Miss::Stale, || self.id());
                fresh
            }
            // What is there may be served until its hard deadline: what fails is no reason not to.
            Err(_) => {
                reader.stale_hit(|| self.id());
                entry
            }
        }
    }
}
