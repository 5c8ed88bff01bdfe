//! Builds a computation: under which name, for how long, and what it has to depend on.

use core::hash::Hash;
use core::time::Duration;
use std::borrow::Cow;
use std::sync::Arc;

use crate::cache::Cache;
use crate::computed::form::Form;
use crate::computed::labelled::{Labelled, Name};
use crate::error::Result;
use crate::name::key::{CacheKey, KeyBytes, Kind};
use crate::name::tag::{ManagerTags, Tag};
use crate::protocol::collect::Needs;
use crate::protocol::wait::Wait;
use crate::read::Reader;
use crate::setting::policy::{Lifetime, Timeout};
use crate::values::IntoTimeout;

/// A value that is computed if it is not cached, and that ends when anything is written that was read for it.
///
/// Made by [`Cache::computation`]; `value` or `entry` ends it.
#[derive(Clone, Debug)]
#[must_use = "nothing is computed until `value` or `entry` is called"]
pub struct Computation<'a> {
    pub(super) of: Cow<'a, Labelled>,
    /// What ends by hand together: the key, and after it what it varies by, each time by one thing more.
    above: Vec<KeyBytes>,
    /// The last of these: what all that was said names.
    variant: KeyBytes,
    /// What the value is kept under.
    varied: KeyBytes,
    pub(super) name: Name<'a>,
    pub(super) lifetime: Lifetime,
    pub(super) negative: Option<Timeout>,
    pub(super) needs: Needs,
    pub(super) is_refreshed: bool,
    pub(super) lag: Option<Duration>,
    pub(super) wait: Option<Duration>,
    pub(super) tick: Option<Duration>,
}

impl Cache {
    /// What values that are computed under a key are counted and told under, with [`Kind::Computed`](crate::Kind::Computed).
    pub const COMPUTED: &'static str = "computed";

    /// A computation under `key`, with more to say of it than [`compute`](Self::compute) asks for.
    ///
    /// # Examples
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use cache_core::{Cache, Error};
    /// let cache = Cache::memory();
    /// let rate = |user: i32| {
    ///     cache.computation("rate").vary_by(&user).timeout(Duration::from_secs(60)).depends_on_nothing()
    /// };
    /// assert_eq!(rate(1).value(|| Ok::<_, Error>(1.5))?, 1.5);
    /// assert_eq!(rate(2).value(|| Ok::<_, Error>(2.5))?, 2.5);
    /// assert!(rate(1).entry(|| Ok::<_, Error>(9.5))?.is_hit());
    /// # Ok::<(), Error>(())
    /// ```
    pub fn computation<'a>(&self, key: &'a (impl AsRef<str> + ?Sized)) -> Computation<'a> {
        let key = key.as_ref();
        let (label, counters) = (Self::COMPUTED, Arc::clone(&self.0.computed));
        let of = Labelled { cache: self.clone(), label, counters, space: self.1.computed(label) };
        Computation::new(Cow::Owned(of), KeyBytes::of(key), Name::Said(Cow::Borrowed(key)))
    }
}

impl Labelled {
    /// The computation of the value under `key`, which messages call `name`.
    pub fn computation<'a>(&'a self, key: KeyBytes, name: impl Into<Name<'a>>) -> Computation<'a> {
        Computation::new(Cow::Borrowed(self), key, name.into())
    }
}

impl<'a> Computation<'a> {
    #[inline]
    fn new(of: Cow<'a, Labelled>, id: KeyBytes, name: Name<'a>) -> Self {
        let lifetime = Lifetime::from(of.cache.policy().value_timeout);
        Self {
            of,
            above: Vec::new(),
            variant: id,
            varied: id,
            name,
            lifetime,
            negative: None,
            needs: Needs::Reads,
            is_refreshed: false,
            lag: None,
            wait: None,
            tick: None,
        }
    }

    /// How long the value lives if nothing is written before; the cache's
    /// [`value_timeout`](crate::CacheBuilder::value_timeout) if not said.
    pub fn timeout(mut self, timeout: impl IntoTimeout) -> Self {
        self.lifetime.timeout = timeout.into_timeout(self.lifetime.timeout);
        self
    }

    /// From when on the value is stale: the first reader who finds it so computes it anew, and the others are given what is
    /// there.
    pub fn relevance_timeout(mut self, timeout: impl IntoTimeout) -> Self {
        self.lifetime.relevance = timeout.into_timeout(self.lifetime.relevance);
        self
    }

    /// How long it is remembered that there is nothing: that `None` was computed.
    pub fn negative_timeout(mut self, timeout: impl IntoTimeout) -> Self {
        self.negative = Some(timeout.into_timeout(self.lifetime.timeout));
        self
    }

    /// A value of its own for each `by`: a user, a language, a tenant. May be called more than once. Integers of whatever type
    /// are the same `by` if they are equal.
    pub fn vary_by(mut self, by: &(impl Hash + ?Sized)) -> Self {
        let (by, is_plain) = (KeyBytes::of(by), self.varied == self.variant);
        self.above.push(self.variant);
        self.variant = KeyBytes::of(&(self.variant, by));
        self.varied = if is_plain { self.variant } else { KeyBytes::of(&(self.varied, by)) };
        self
    }

    /// A value of its own for this `place`, which ends by hand with those of other places.
    #[doc(hidden)]
    pub fn apart(mut self, place: &impl Hash) -> Self {
        self.varied = KeyBytes::of(&(self.varied, KeyBytes::of(place)));
        self
    }

    /// The value is kept though nothing is read for it: it ends by its timeout, or by hand. What is read all the same ends
    /// it too.
    pub fn depends_on_nothing(mut self) -> Self {
        self.needs = Needs::Nothing;
        self
    }

    /// Computes it anew, whatever is cached.
    pub fn refresh(mut self) -> Self {
        self.is_refreshed = true;
        self
    }

    /// How long to wait for somebody else who computes the same; the cache's
    /// [`flight_wait`](crate::CacheBuilder::flight_wait) if not said.
    pub fn wait(mut self, wait: Duration) -> Self {
        self.wait = Some(wait);
        self
    }

    /// How far the value may lag behind writes: for so long after its computation began it is served whatever is written, so
    /// that what is written all the time is not computed all the time. Not at all if not said.
    ///
    /// Nothing waits to be done meanwhile: a process that dies leaves no value behind that lags for longer. What is ended by
    /// hand does not lag. A value that is computed from another one adds its lag to that of the other.
    pub fn lag(mut self, lag: Duration) -> Self {
        self.lag = Some(lag).filter(|lag| !lag.is_zero());
        self
    }

    /// How often another process that computes the same is asked for its value while it is waited for. If not said, after
    /// pauses that grow from a millisecond to fifty. Who waits in the same process is woken.
    pub fn tick(mut self, tick: Duration) -> Self {
        self.tick = Some(tick).filter(|tick| !tick.is_zero());
        self
    }

    /// Ends what is cached under this key, in every variant; after [`vary_by`](Self::vary_by) this variant, and what varies
    /// further. What is being computed is not stored.
    ///
    /// # Errors
    ///
    /// Returns an error of [`ErrorKind::Store`](crate::ErrorKind::Store) if the store refused.
    pub fn invalidate(&self) -> Result<()> {
        self.of.cache.clear_tags(self.of.label, &[ManagerTags::of(self.of.space).one(self.variant)])
    }

    /// The same, for another thread.
    #[doc(hidden)]
    pub fn into_owned(self) -> Computation<'static> {
        let (of, name) = (Cow::Owned(self.of.into_owned()), self.name.into_owned());
        Computation { of, name, ..self }
    }

    /// What messages and events call it.
    pub(super) const fn id(&self) -> KeyBytes {
        self.varied
    }

    /// What a value of this form is kept under.
    pub(super) fn key<T>(&self, form: Form<T>) -> CacheKey {
        self.of.cache.1.computed_key(form.kind, self.of.space, self.varied)
    }

    /// What it is kept under for as long as it may lag.
    pub(super) fn lagging_key<T>(&self, form: Form<T>) -> CacheKey {
        CacheKey { id: KeyBytes::of(&(self.varied, "lag")), ..self.key(form) }
    }

    /// The tags that it depends on whatever was read: those by which it is ended by hand.
    pub(super) fn own(&self) -> Vec<Tag> {
        let tags = ManagerTags::of(self.of.space);
        let named = self.above.iter().chain([&self.variant]).map(|one| tags.one(*one));
        let root = self.of.cache.sharding().root_beside(&tags.lists());
        [root, tags.lists()].into_iter().chain(named).collect()
    }

    pub(super) fn reader(&self) -> Reader<'_> {
        let Labelled { cache, label, counters, .. } = &*self.of;
        Reader { cache, manager: label, kind: Kind::Computed, counters }
    }

    pub(super) fn wait_for_flight(&self) -> Duration {
        self.wait.unwrap_or_else(|| self.reader().flight_wait())
    }

    pub(super) fn wait_for_lease(&self) -> Wait {
        Wait::new(self.wait_for_flight() / 2).ticking(self.tick)
    }
}
