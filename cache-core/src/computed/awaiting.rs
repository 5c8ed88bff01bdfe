//! Computes in a task, by the same decisions as on a thread.

use core::pin::Pin;
use std::sync::Arc;

use crate::cache::Cache;
use crate::computed::computation::Computation;
use crate::computed::entry::{CachedEntry, Origin};
use crate::computed::form::{Computable, Form};
use crate::computed::load::{Load, Looked, Refresh};
use crate::protocol::miss::Miss;
use crate::protocol::wait::WaitStep;
use crate::read::approach::Attempt;
use crate::read::collect::{InScope, amid};
use crate::read::fill::{Fill, Start};
use crate::read::lease::{LeaseWait, Right};
use crate::runtime::refresh::Claim;
use crate::store::{Lease, Writer};
use crate::values::{IntoTimeout, circle};

impl Cache {
    /// The same as [`compute`](Self::compute) for a task: what `compute` awaits counts too, as long as it is polled by this
    /// future. What is spawned counts if it was given to [`carry_task`](crate::carry_task) or [`carry`](crate::carry).
    ///
    /// No thread is blocked by the store.
    ///
    /// # Errors
    ///
    /// As [`compute`](Self::compute).
    ///
    /// # Panics
    ///
    /// As [`compute`](Self::compute).
    pub async fn compute_async<T, E, By>(
        &self,
        key: impl AsRef<str>,
        timeout: impl IntoTimeout,
        compute: impl AsyncFnOnce() -> Result<T, E>,
    ) -> Result<T, E>
    where
        T: Computable<By>,
        E: 'static,
        By: 'static,
    {
        let computation = self.computation(key.as_ref()).timeout(timeout);
        computation.value_async(compute).await
    }
}

impl Computation<'_> {
    /// The same as [`value`](Self::value) for a task.
    ///
    /// # Errors
    ///
    /// As [`Cache::compute`].
    ///
    /// # Panics
    ///
    /// As [`Cache::compute`].
    pub async fn value_async<T, E, By>(self, compute: impl AsyncFnOnce() -> Result<T, E>) -> Result<T, E>
    where
        T: Computable<By>,
        E: 'static,
        By: 'static,
    {
        Ok(self.entry_async(compute).await?.value)
    }

    /// The same as [`entry`](Self::entry) for a task.
    ///
    /// # Errors
    ///
    /// As [`Cache::compute`].
    ///
    /// # Panics
    ///
    /// As [`Cache::compute`].
    pub async fn entry_async<T, E, By>(self, compute: impl AsyncFnOnce() -> Result<T, E>) -> Result<CachedEntry<T>, E>
    where
        T: Computable<By>,
        E: 'static,
        By: 'static,
    {
        self.entry_telling_async(compute, circle).await
    }

    /// The same, where `tell` says what a computation fails with that would wait for itself.
    ///
    /// # Errors
    ///
    /// Those of `compute`, and that one.
    #[doc(hidden)]
    pub async fn entry_telling_async<T, E, By>(
        self,
        compute: impl AsyncFnOnce() -> Result<T, E>,
        tell: fn(&str) -> E,
    ) -> Result<CachedEntry<T>, E>
    where
        T: Computable<By>,
        By: 'static,
    {
        if let Some(entry) = self.found_at_hand::<T, By>() {
            return Ok(entry);
        }
        let task = Awaited { computation: Arc::new(self.into_owned()), form: Form::by::<By>() };
        let looked = task.look().await;
        task.go_on(looked, compute, tell).await
    }

    /// The same as [`entry_refreshing`](Self::entry_refreshing) for a task: `spawn` is given the task that computes a stale
    /// value anew, such as by `|task| drop(tokio::spawn(task))`, and every caller is given what is there.
    ///
    /// # Errors
    ///
    /// As [`Cache::compute`]. A task that is not spawned, is dropped, fails or panics is tried again a moment later.
    ///
    /// # Panics
    ///
    /// As [`Cache::compute`].
    ///
    /// # Examples
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use cache_core::{Cache, Error};
    /// # async fn rate(cache: &Cache, spawn: impl FnOnce(cache_core::RefreshTask)) -> Result<(), Error> {
    /// let rate = cache.computation("rate").relevance_timeout(Duration::from_secs(60)).depends_on_nothing();
    /// let rate = rate.entry_refreshing_async(spawn, || async { Ok::<_, Error>(1.5) }).await?;
    /// assert_eq!(rate.value, 1.5);
    /// # Ok(())
    /// # }
    /// ```
    #[allow(clippy::redundant_closure, reason = "a closure of its own is what an `AsyncFnOnce` is made of")]
    pub async fn entry_refreshing_async<T, E, By, Computing>(
        self,
        spawn: impl FnOnce(RefreshTask),
        compute: impl FnOnce() -> Computing + Send + 'static,
    ) -> Result<CachedEntry<T>, E>
    where
        T: Computable<By>,
        E: Send + 'static,
        By: 'static,
        Computing: Future<Output = Result<T, E>> + Send + 'static,
    {
        if let Some(entry) = self.found_at_hand::<T, By>() {
            return Ok(entry);
        }
        let task = Awaited { computation: Arc::new(self.into_owned()), form: Form::by::<By>() };
        match task.look().await {
            Looked::Stale(entry, claim) => {
                task.computation.reader().stale_hit(|| task.computation.id());
                spawn(Box::pin(async move { task.refresh(claim, move || compute()).await }));
                Ok(entry)
            }
            looked => task.go_on(looked, move || compute(), circle).await,
        }
    }
}

/// The task that computes a stale value anew.
pub type RefreshTask = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A computation whose store is called for a task.
struct Awaited<T> {
    computation: Arc<Computation<'static>>,
    form: Form<T>,
}

impl<T: Clone + Send + Sync + 'static> Awaited<T> {
    /// Does what calls the store.
    async fn offload<U: Send + 'static>(
        &self,
        work: impl FnOnce(&Computation<'static>, Form<T>) -> U + Send + 'static,
    ) -> U {
        let (computation, form) = (Arc::clone(&self.computation), self.form);
        self.computation.of.cache.offload(move || work(&computation, form)).await
    }

    async fn look(&self) -> Looked<T> {
        self.offload(|computation, form| computation.look(form)).await
    }

    async fn go_on<E>(
        self,
        looked: Looked<T>,
        compute: impl AsyncFnOnce() -> Result<T, E>,
        tell: fn(&str) -> E,
    ) -> Result<CachedEntry<T>, E> {
        let missed = match looked {
            Looked::Found(entry) => return Ok(entry),
            Looked::Stale(entry, claim) => return Ok(self.refreshed(entry, claim, compute).await),
            Looked::Missed(missed) => missed,
            Looked::Off => return Ok(CachedEntry::new(compute().await?, Origin::Bypass, None)),
        };
        let cause = missed.cause;
        let fill = match self.offload(move |computation, form| computation.start(&missed, form)).await {
            Start::Alone => None,
            Start::Follow(follower) => {
                let wait = self.computation.wait_for_flight();
                let Ok(in_line) = follower.stand_in_line(amid()) else {
                    return Err(tell(&self.computation.name.text()));
                };
                // What was computed before this call began may be older than what it has to see: the tokens tell.
                let _ = self.computation.of.cache.follow(follower, wait).await;
                drop(in_line);
                match self.find().await {
                    Some(entry) => return Ok(entry),
                    None => None,
                }
            }
            Start::Lead(fill) if cause.may_pass() => match self.approach(fill).await {
                Ok(entry) => return Ok(entry),
                Err(fill) => Some(fill),
            },
            Start::Lead(fill) => Some(fill),
        };
        let load = self.offload(move |computation, _| computation.begin(fill, cause)).await;
        self.compute(load, compute).await
    }

    /// What somebody has stored by now.
    async fn find(&self) -> Option<CachedEntry<T>> {
        let entry = self.offload(|computation, form| computation.find(form).ok()).await?;
        Some(entry.from(Origin::Miss))
    }

    /// Looks once more, now that nobody else in this process computes the same, or waits for another process.
    async fn approach(&self, fill: Box<Fill>) -> Result<CachedEntry<T>, Box<Fill>> {
        let attempt = |mut fill: Box<Fill>| {
            self.offload(move |computation, form| {
                let attempt = fill.attempt(&computation.reader(), form.codec);
                (fill, attempt)
            })
        };
        let (mut fill, attempt) = attempt(fill).await;
        let found = match attempt {
            Attempt::Query => None,
            Attempt::Look => self.find().await,
            Attempt::Found(value, life) => self.computation.serve(value, life),
            Attempt::Wait(lease, found) => match found.and_then(|(value, life)| self.computation.serve(value, life)) {
                Some(found) => Some(found),
                None => match self.wait_for_lease(lease).await {
                    Ok(found) => Some(found),
                    Err(right) => {
                        fill.give(right);
                        None
                    }
                },
            },
        };
        found.map(|entry| entry.from(Origin::Miss)).ok_or(fill)
    }

    async fn wait_for_lease(&self, lease: (Lease, Writer)) -> Result<CachedEntry<T>, Right> {
        let wait = LeaseWait::begin(&self.computation.reader(), lease, self.computation.wait_for_lease());
        while let WaitStep::Nap(nap) = wait.next() {
            self.computation.of.cache.nap(nap).await;
            if let Some(found) = self.find().await {
                return Ok(found);
            }
            let Some(right) = self.offload(move |computation, _| wait.retry(&computation.reader())).await else {
                continue;
            };
            let found = if right.wants_a_look() { self.find().await } else { None };
            return found.ok_or(right);
        }
        Err(LeaseWait::give_up(&self.computation.reader()))
    }

    /// If this fails, panics or is dropped, those who wait learn it when the load is dropped.
    async fn compute<E>(&self, load: Load, compute: impl AsyncFnOnce() -> Result<T, E>) -> Result<CachedEntry<T>, E> {
        self.computation.reader().counters.load();
        let computed = InScope { scope: load.scope.clone(), future: Box::pin(compute()) }.await;
        let value = computed.inspect_err(|_| self.computation.reader().counters.load_failure())?;
        Ok(self.offload(move |computation, form| computation.conclude(load, value, form)).await)
    }

    /// Computes what is stale anew, for whoever claims it.
    async fn refresh<E>(self, claim: Claim, compute: impl AsyncFnOnce() -> Result<T, E>) {
        let is_done = match self.offload(|computation, form| computation.begin_refresh(form)).await {
            Refresh::Begun(load) => self.compute(load, compute).await.is_ok(),
            Refresh::Another | Refresh::Done(_) => true,
        };
        // What failed is tried again a moment later.
        if is_done {
            claim.done();
        }
    }

    /// The stale `entry`, or what it is once this caller, who claims it, has refreshed it.
    async fn refreshed<E>(
        &self,
        entry: CachedEntry<T>,
        claim: Claim,
        compute: impl AsyncFnOnce() -> Result<T, E>,
    ) -> CachedEntry<T> {
        let reader = self.computation.reader();
        let computed = match self.offload(|computation, form| computation.begin_refresh(form)).await {
            Refresh::Begun(load) => Some(self.compute(load, compute).await),
            Refresh::Another => None,
            Refresh::Done(entry) => {
                claim.done();
                reader.hit(|| self.computation.id());
                return entry;
            }
        };
        match computed {
            Some(Ok(fresh)) => {
                claim.done();
                reader.miss(Miss::Stale, || self.computation.id());
                return fresh;
            }
            // What is there may be served until its hard deadline: what fails is no reason not to.
            Some(Err(_)) => {}
            None => claim.done(),
        }
        reader.stale_hit(|| self.computation.id());
        entry
    }
}
