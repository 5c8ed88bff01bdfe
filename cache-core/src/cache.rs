//! A cache: a store with a clock, limits, numbers and listeners.

use std::sync::Arc;

use crate::background::Background;
use crate::clock::{Clock, Timestamp};
use crate::dirty::Dirty;
use crate::error::Result;
use crate::event::{Event, Listeners};
use crate::flight::Flights;
use crate::guard::Watch;
use crate::key::Kind;
use crate::mode::{Mode, Switch};
use crate::policy::Policy;
use crate::protocol::dirty::Failed;
use crate::refresh::Refreshes;
use crate::secret::Secret;
use crate::standing::Standing;
use crate::statistics::{Counters, Ledger, Statistics};
use crate::store::{Operation, Outcome, Release, Store, Usage, Writer};
use crate::tag::Tag;
use crate::values::Place;

/// A cache. Clones are the same cache.
#[derive(Clone, Debug)]
pub struct Cache(pub(crate) Arc<Inner>, pub(crate) Place);

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) policy: Policy,
    pub(crate) switch: Switch,
    pub(crate) ledger: Ledger,
    pub(crate) listeners: Listeners,
    pub(crate) flights: Arc<Flights>,
    pub(crate) database_url: Option<Secret>,
    pub(crate) dirty: Dirty,
    pub(crate) watch: Option<Watch>,
    pub(crate) standing: Standing,
    pub(crate) background: Background,
    pub(crate) refreshes: Refreshes,
    /// What the reads and writes of values by hand are counted in.
    pub(crate) values: Arc<Counters>,
}

impl Inner {
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

impl Cache {
    /// The numbers since the cache was built.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        Statistics {
            refresh_failure_count: self.0.refreshes.failure_count(),
            refresh_panic_count: self.0.refreshes.panic_count(),
            near: self.0.store.shared().and_then(|shared| shared.near_counts(self.now())),
            ..self.0.ledger.read()
        }
    }

    /// How much the store holds at present.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.0.store.usage()
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
        self.0.listeners.add(id, Arc::new(listener))
    }

    /// How many times a listener panicked.
    #[must_use]
    pub fn listener_panic_count(&self) -> u64 {
        self.0.listeners.panic_count()
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

    /// Tells caches of this process apart.
    pub(crate) fn address(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }

    /// Whether everything that is kept is kept in this process.
    pub(crate) fn is_local(&self) -> bool {
        self.0.watch.is_none()
    }

    /// What reads may do with the cache at present.
    #[inline]
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.0.switch.mode()
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
        self.0.listeners.tell(&Event::Cleared { manager: None });
        self.0
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
        self.0.listeners.tell(&Event::Cleared { manager: Some(manager) });
        Ok(())
    }

    /// Clears what depends on `tags`, for the manager called `manager`. If the store refuses, that is counted, and it is
    /// not looked at until the clear has got through.
    pub fn clear_tags_in_time(&self, manager: &str, tags: &[Tag]) {
        if self.change_tags(tags).is_err() {
            self.0.ledger.count_invalidation_failure();
            self.note_failed_release(&Failed { tags, tables: &[], may_still_run: false });
        }
        self.0.listeners.tell(&Event::Cleared { manager: Some(manager) });
    }

    /// The database that reads without a connection are about, if the cache was told.
    #[must_use]
    pub fn database_url(&self) -> Option<&str> {
        self.0.database_url.as_ref().map(|url| &*url.0)
    }

    /// The limits of the cache.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.0.policy
    }

    /// The counters of a manager's reads of one kind.
    #[must_use]
    pub fn counters(&self, manager: &str, kind: Kind) -> Arc<Counters> {
        self.0.ledger.counters(manager, kind)
    }

    /// Counts a panic of what a model has called after its writes.
    pub fn note_hook_panic(&self) {
        self.0.ledger.count_hook_panic();
    }

    /// Counts, and tells the listeners, that connections which are opened from now on are not seen.
    pub fn note_default_replaced(&self) {
        self.0.ledger.count_default_replaced();
        self.tell(&Event::DefaultReplaced);
    }

    /// Tells the listeners.
    pub fn tell(&self, event: &Event<'_>) {
        self.0.listeners.tell(event);
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn change_tags(&self, tags: &[Tag]) -> Result<()> {
        let releases: Vec<Release> = tags.iter().map(|tag| Release { tag: *tag, outcome: Outcome::Changed }).collect();
        let released =
            self.0.call(Operation::Release, |store| store.release(Writer::fresh(), &releases, &[], self.now()));
        released.map(drop).map_err(|trouble| trouble.into_error("clearing"))
    }
}
