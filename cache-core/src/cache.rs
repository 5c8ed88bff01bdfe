//! Holds a cache: a store with a clock, limits, statistics and listeners.

pub(crate) mod audited;
pub(crate) mod awaited;
pub(crate) mod builder;
pub(crate) mod gathered;
mod journaled;
pub(crate) mod look_ups;
pub(crate) mod mode;
pub(crate) mod namespace;
pub mod registry;
mod shutdown;

use core::time::Duration;
use std::sync::Arc;

use crate::cache::look_ups::LookUps;
use crate::cache::mode::{Mode, Switch};
use crate::cache::namespace::Namespace;
use crate::clock::Timestamp;
use crate::error::Result;
use crate::name::key::{CacheKey, Kind};
use crate::name::tag::Tag;
use crate::observe::audit::Audit;
use crate::observe::event::Event;
use crate::observe::listeners::Attention;
use crate::observe::operation::Operation;
use crate::observe::statistics::{Counters, Statistics};
use crate::protocol::dirty::Failed;
use crate::protocol::sharding::Sharding;
use crate::runtime::background::{Background, Chores};
use crate::runtime::desk::Desk;
use crate::runtime::dirty::Dirty;
use crate::runtime::flight::Flights;
use crate::runtime::guard::{CallFailure, Entrance, GuardedStore};
use crate::runtime::open_intents::{OpenIntents, OpenWrite};
use crate::runtime::refresh::{Claim, Refreshes, Refreshing};
use crate::runtime::standing::StandingIntents;
use crate::setting::policy::Policy;
use crate::setting::secret::Secret;
use crate::store::{Outcome, PipeliningStore, Release, SharedStore, Store, Usage, Writer};

/// A cache. Clones are the same cache.
#[derive(Clone, Debug)]
pub struct Cache(pub(crate) Arc<CacheParts>, pub(crate) Namespace);

/// What the clones of a cache share.
#[derive(Debug)]
pub(crate) struct CacheParts {
    pub(crate) store: GuardedStore,
    pub(crate) dirty: Dirty,
    pub(crate) open_intents: OpenIntents,
    pub(crate) standing: StandingIntents,
    pub(crate) background: Background,
    pub(crate) refreshes: Arc<Refreshes>,
    pub(crate) flights: Arc<Flights>,
    /// Calls the store for tasks.
    pub(crate) desk: Desk,
    /// What tasks want to be looked up.
    look_ups: LookUps,
    switch: Switch,
    audit: Audit,
    database_url: Option<Secret>,
    /// What the reads and writes of values by hand are counted in.
    pub(crate) values: Arc<Counters>,
    /// What computed values are counted in that are computed under a key.
    pub(crate) computed: Arc<Counters>,
}

impl Chores for CacheParts {
    type Failure = CallFailure;

    /// Intents are renewed at half their life: a pause has to leave time for that.
    fn longest_pause(&self) -> Duration {
        Duration::from_secs(5).min(self.store.policy.intent_life / 4)
    }

    fn tend(&self) -> core::result::Result<Option<Duration>, CallFailure> {
        let renewed = self.open_intents.renew(&self.store);
        let kept = self.standing.tend(&self.store);
        if !self.is_released() {
            self.dirty.drain(&self.store, Entrance::Guarded)?;
        }
        self.standing.end_left(&self.store, || self.is_released());
        let (renewed, kept) = (renewed?, kept?);
        Ok(renewed.into_iter().chain(kept).min())
    }

    fn is_done(&self) -> bool {
        self.is_released() && self.standing.is_empty()
    }

    fn finish(&self) {
        // What is left is counted by whoever stops.
        drop(self.dirty.drain(&self.store, Entrance::Forced));
        self.standing.end_left(&self.store, || self.is_released());
        self.standing.stop(&self.store);
    }
}

impl CacheParts {
    /// Whether all that was written has got through to the store.
    fn is_released(&self) -> bool {
        self.dirty.count() == 0
    }
}

impl Cache {
    pub(crate) fn new(store: GuardedStore, database_url: Option<Secret>) -> Self {
        let parts = CacheParts {
            values: store.ledger.counters(Self::VALUES, Kind::Value),
            computed: store.ledger.counters(Self::COMPUTED, Kind::Computed),
            store,
            dirty: Dirty::default(),
            open_intents: OpenIntents::default(),
            standing: StandingIntents::default(),
            background: Background::default(),
            refreshes: Arc::default(),
            flights: Arc::default(),
            desk: Desk::new(),
            look_ups: LookUps::default(),
            switch: Switch::default(),
            audit: Audit::default(),
            database_url,
        };
        Self(Arc::new(parts), Namespace::first())
    }

    /// The numbers since the cache was built.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        let shared = self.store().shared();
        let mut statistics = Statistics {
            refresh_failure_count: self.0.refreshes.failure_count(),
            refresh_panic_count: self.0.refreshes.panic_count(),
            near: shared.and_then(|shared| shared.near_counts(self.now())),
            ..self.store().ledger.read()
        };
        let sender = shared.and_then(SharedStore::pipelining);
        statistics.store.is_breaker_open = self.store().is_breaker_open();
        statistics.store.put_unacknowledged_count = sender.map_or(0, PipeliningStore::unacknowledged_count);
        statistics
    }

    /// How much the store holds at present.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.store().usage()
    }

    /// Listens to what happens, unless a listener of this `id` does already; says whether it was added.
    ///
    /// Listeners run on the thread where it happens, after the fact. A panic of one is caught and counted.
    /// What a listener does itself is not told to any.
    ///
    /// # Examples
    ///
    /// ```
    /// let cache = cache_core::Cache::memory();
    /// assert!(cache.listen("log", |event| println!("{event:?}")));
    /// assert!(!cache.listen("log", |event| println!("{event:?}")));
    /// ```
    pub fn listen(&self, id: &str, listener: impl Fn(&Event<'_>) + Send + Sync + 'static) -> bool {
        self.store().listeners.add(id, Attention::AllButHits, Arc::new(listener))
    }

    /// The same, and is told of [hits](Event::Hit) too. Each hit then costs a call of the listener; while nobody asks,
    /// hits cost nothing but the look whether anybody does.
    ///
    /// # Examples
    ///
    /// ```
    /// use cache_core::Event;
    ///
    /// let cache = cache_core::Cache::memory();
    /// cache.listen_to_hits("log", |event| {
    ///     if let Event::Hit { manager, kind, key } = event {
    ///         println!("{manager}: {kind} {key}");
    ///     }
    /// });
    /// ```
    pub fn listen_to_hits(&self, id: &str, listener: impl Fn(&Event<'_>) + Send + Sync + 'static) -> bool {
        self.store().listeners.add(id, Attention::All, Arc::new(listener))
    }

    /// How many times a listener panicked.
    #[must_use]
    pub fn listener_panic_count(&self) -> u64 {
        self.store().listeners.panic_count()
    }

    /// Sets what reads may do with the cache, from now on, in this process.
    ///
    /// # Consistency
    ///
    /// What is written is seen in every mode: an entry that was stored before is never served after a write that it does
    /// not show. A read that has begun may still finish in the former mode.
    ///
    /// # Examples
    ///
    /// ```
    /// use cache_core::{Cache, Mode};
    ///
    /// let cache = Cache::memory();
    /// cache.set_mode(Mode::ReadOnly);
    /// assert_eq!(cache.mode(), Mode::ReadOnly);
    /// ```
    pub fn set_mode(&self, mode: Mode) {
        self.0.switch.set(mode);
    }

    /// The right to refresh the entry of `key`; `None`: somebody else is at it, or has failed a moment ago.
    #[must_use]
    pub fn claim_refresh(&self, key: CacheKey) -> Option<Claim> {
        self.0.refreshes.claim(key)
    }

    /// Runs `refreshing` in the background, unless too much waits already, or the cache was shut down. Says whether it
    /// will be run.
    ///
    /// A panic of it is caught and counted.
    #[must_use]
    pub fn refresh_later(&self, refreshing: Refreshing) -> bool {
        self.0.refreshes.add(refreshing)
    }

    /// Tells caches of this process apart.
    pub(crate) fn address(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }

    /// Whether everything that is kept is kept in this process.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.store().is_local()
    }

    /// What reads may do with the cache at present.
    #[inline]
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.0.switch.mode()
    }

    /// Whether the store keeps the tables in shards of their own.
    #[doc(hidden)]
    #[must_use]
    pub fn sharding(&self) -> Sharding {
        self.store().shared().map_or(Sharding::Whole, SharedStore::sharding)
    }

    /// Asks the store for the token of the whole cache, as a look-up does, to find out whether it answers.
    ///
    /// # Errors
    ///
    /// Returns an error of [`ErrorKind::Store`](crate::ErrorKind::Store) if the store failed, or is left alone because it
    /// failed too often of late.
    pub fn ping(&self) -> Result<()> {
        let now = self.now();
        let seeded = self.store().call(Operation::Seed, |store| store.seed(&[Tag::root()], &[], now));
        seeded.map(drop).map_err(|failure| failure.into_error("asking whether the store answers"))
    }

    /// Clears everything in the cache: what managers keep, and what was set by hand, of all versions and prefixes.
    ///
    /// # Consistency
    ///
    /// Takes effect at once; loads that are under way do not survive it.
    ///
    /// # Errors
    ///
    /// Returns an error of [`ErrorKind::Store`](crate::ErrorKind::Store) if the store refused.
    pub fn clear(&self) -> Result<()> {
        self.change_tags(&[Tag::root()])?;
        self.store().ledger.written.count_clear(None);
        self.store().listeners.tell_change(&Event::Cleared { manager: None }, &[Tag::root()]);
        self.store()
            .call(Operation::Reclaim, |store| store.reclaim())
            .map_err(|trouble| trouble.into_error("reclaiming room"))
    }

    /// Clears what depends on `tags`, for the manager called `manager`.
    ///
    /// # Errors
    ///
    /// Returns an error of [`ErrorKind::Store`](crate::ErrorKind::Store) if the store refused.
    pub fn clear_tags(&self, manager: &str, tags: &[Tag]) -> Result<()> {
        self.change_tags(tags)?;
        self.store().ledger.written.count_clear(Some(manager));
        self.store().listeners.tell_change(&Event::Cleared { manager: Some(manager) }, tags);
        Ok(())
    }

    /// Clears what depends on `tags`, for the manager called `manager`. If the store refuses, that is counted, and it is
    /// not looked at until the clear has got through.
    pub fn clear_tags_in_time(&self, manager: &str, tags: &[Tag]) {
        if self.change_tags(tags).is_err() {
            self.store().ledger.count_invalidation_failure();
            self.note_failed_release(&Failed { tags, tables: &[], may_still_run: false });
        }
        self.store().ledger.written.count_clear(Some(manager));
        self.store().listeners.tell_change(&Event::Cleared { manager: Some(manager) }, tags);
    }

    /// The database that reads without a connection are about, if the cache was told.
    #[must_use]
    pub fn database_url(&self) -> Option<&str> {
        self.0.database_url.as_ref().map(|url| &*url.0)
    }

    /// The limits of the cache.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.store().policy
    }

    /// The counters of a manager's reads of one kind.
    #[must_use]
    pub fn counters(&self, manager: &str, kind: Kind) -> Arc<Counters> {
        self.store().ledger.counters(manager, kind)
    }

    /// Counts a panic of what a model has called after its writes.
    pub fn note_hook_panic(&self) {
        self.store().ledger.count_hook_panic();
    }

    /// Counts, and tells the listeners, that connections which are opened from now on are not seen.
    pub fn note_default_replaced(&self) {
        self.store().ledger.count_default_replaced();
        self.tell(&Event::DefaultReplaced);
    }

    /// Tells the listeners.
    pub fn tell(&self, event: &Event<'_>) {
        self.store().listeners.tell(event);
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.store().now()
    }

    #[inline]
    pub(crate) fn store(&self) -> &GuardedStore {
        &self.0.store
    }

    /// Calls the store for a read: not before everything has got through that was written.
    pub(crate) fn read<T>(
        &self,
        operation: Operation,
        work: impl FnOnce(&dyn Store) -> Result<T>,
    ) -> core::result::Result<T, CallFailure> {
        self.unbar()?;
        self.store().call(operation, work)
    }

    /// The same, for what only a store can do that several processes share.
    pub(crate) fn read_shared<T>(
        &self,
        operation: Operation,
        work: impl FnOnce(&dyn SharedStore) -> Result<T>,
    ) -> core::result::Result<T, CallFailure> {
        self.unbar()?;
        self.store().call_shared(operation, work)
    }

    #[inline]
    pub(crate) fn unbar(&self) -> core::result::Result<(), CallFailure> {
        self.0.dirty.unbar(self.store())
    }

    /// Notes what the store did not acknowledge. Whoever reads afterwards bypasses, until it has got through.
    pub(crate) fn note_failed_release(&self, failed: &Failed<'_>) {
        if failed.tags.is_empty() {
            return;
        }
        self.0.dirty.note(failed, self.store());
        // A store in this process that fails is a test's: its readers do without a thread.
        if !self.is_local() {
            self.0.background.wake(&self.0);
        }
    }

    /// Sees to it that intents are placed again in time.
    pub(crate) fn renew_in_time(&self, open: OpenWrite) {
        self.0.open_intents.add(open);
        self.expect_upkeep();
    }

    /// Intents were placed that have to be placed again in time, or ended.
    pub(crate) fn expect_upkeep(&self) {
        self.0.background.expect(&self.0);
    }

    fn change_tags(&self, tags: &[Tag]) -> Result<()> {
        let releases: Vec<Release> = tags.iter().map(|tag| Release { tag: *tag, outcome: Outcome::Changed }).collect();
        let released =
            self.store().call(Operation::Release, |store| store.release(Writer::fresh(), &releases, &[], self.now()));
        released.map(drop).map_err(|trouble| trouble.into_error("clearing"))
    }
}
