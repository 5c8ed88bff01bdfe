//! Holds what a program says of the comparison of a cache with the database, and what that gave.

use core::time::Duration;
use std::collections::BTreeMap;

use crate::cache::Cache;
use crate::cache::mode::Watch;
use crate::error::Result;
use crate::name::key::{CacheKey, KeyBytes, Kind};
use crate::name::tag::{Tag, Token};
use crate::observe::audit::{Audit, AuditCounts, AuditSettings, OnStale};
use crate::observe::event::Event;
use crate::observe::operation::Operation;
use crate::protocol::compare::{Comparison, Confirmation};
use crate::store::{Store, same_length};

impl Cache {
    /// Puts the cache in shadow mode, or ends it: reads go to the database, what is missing is stored, and what would have
    /// been a hit is compared with what the database says. No stored row is served.
    ///
    /// A read that has begun may still finish in the former mode. [`audit_counts`](Self::audit_counts) says what came of it.
    ///
    /// # Consistency
    ///
    /// A read is answered by the database, as without a cache. Readers that miss at the same time may share one load.
    /// [Computed](Self::compute) values are computed each time. Values that the program sets itself are served: no
    /// database has them.
    pub fn set_shadow(&self, is_shadow: bool) {
        self.audit().set_shadow(is_shadow);
        self.watch_as_asked();
    }

    /// Whether the cache is in [shadow mode](Self::set_shadow).
    #[must_use]
    pub fn is_shadow(&self) -> bool {
        self.watch() == Watch::Reads && self.audit().is_shadow()
    }

    /// What comparisons with the database gave since the cache was built, by manager and kind of read.
    #[must_use]
    pub fn audit_counts(&self) -> BTreeMap<(String, Kind), AuditCounts> {
        self.audit().counts()
    }

    /// The managers whose reads go to the database because a stale entry was found.
    #[must_use]
    pub fn distrusted(&self) -> Vec<String> {
        self.audit().barred()
    }

    /// Lets the reads of `manager` look in the cache again; says whether they did not.
    ///
    /// Clear the manager first: the stale entry may still be there.
    pub fn trust_again(&self, manager: &str) -> bool {
        let was_barred = self.audit().unbar(manager);
        self.watch_as_asked();
        was_barred
    }

    /// From now on hits are compared with the database as told; `None`: none is. The auditor does it, over connections that
    /// `cache_diesel::audit_with` is given.
    pub fn set_audit(&self, settings: Option<AuditSettings>) {
        self.audit().set(settings);
        self.watch_as_asked();
    }

    /// Says how long a write may take between its effect and its release, as [`AuditSettings::grace`] does, where no hit is
    /// compared: for `verify` and shadow mode.
    pub fn set_audit_grace(&self, grace: Duration) {
        self.audit().set_grace(Some(grace));
    }

    /// What follows for a manager once one of its entries was found stale.
    #[doc(hidden)]
    #[must_use]
    pub fn on_stale(&self) -> OnStale {
        self.audit().settings().map_or_else(OnStale::default, |settings| settings.on_stale)
    }

    /// How long a write may take between its effect and its release.
    #[doc(hidden)]
    #[must_use]
    pub fn audit_grace(&self) -> Duration {
        let second = Duration::from_secs(1);
        self.audit()
            .grace()
            .unwrap_or_else(|| if self.is_local() { second } else { self.policy().intent_life + second })
    }

    /// What a comparison of the entry of `key` comes to, where each read of it is compared; `None`: that will be seen.
    #[doc(hidden)]
    #[must_use]
    pub fn judge_compared(&self, key: CacheKey, compared: Comparison) -> Option<Confirmation> {
        self.audit().judge(key, compared, (self.now(), self.audit_grace()))
    }

    /// Whether the hit on the entry of `key` is to be compared: it is drawn, or it was not what the database said.
    #[doc(hidden)]
    #[inline]
    #[must_use]
    pub fn draws_for_audit(&self, key: impl FnOnce() -> CacheKey) -> bool {
        // A clock and a lock are for those hits only that ask for them.
        self.audit().draws() || self.audit().has_doubts() && self.is_due_for_audit(key)
    }

    #[cold]
    fn is_due_for_audit(&self, key: impl FnOnce() -> CacheKey) -> bool {
        self.audit().is_due(key, (self.now(), self.audit_grace()))
    }

    /// Whether an ordinary read may look in the cache without asking for more.
    #[doc(hidden)]
    #[inline]
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.0.switch.is_plain()
    }

    /// What is watched of an ordinary read; `None`: it has to ask whether it may look.
    #[doc(hidden)]
    #[inline]
    #[must_use]
    pub fn watch_at_a_glance(&self) -> Option<Watch> {
        self.0.switch.glance()
    }

    /// What of the reads is compared with the database.
    #[doc(hidden)]
    #[must_use]
    pub fn watch(&self) -> Watch {
        self.0.switch.watch()
    }

    /// Whether the reads of `manager` go to the database because a stale entry was found.
    #[doc(hidden)]
    #[must_use]
    pub fn is_distrusted(&self, manager: &str) -> bool {
        self.audit().is_barred(manager)
    }

    /// Counts what a comparison gave.
    #[doc(hidden)]
    pub fn count_audit(&self, manager: &str, kind: Kind, change: impl FnOnce(&mut AuditCounts)) {
        self.audit().count(manager, kind, change);
    }

    /// An entry is served that is not what the database says: counts it and tells the listeners. Says whether the reads of
    /// its manager go to the database from now on, and did not before.
    #[doc(hidden)]
    pub fn note_stale(&self, manager: &str, (kind, key): (Kind, KeyBytes), on_stale: OnStale) -> bool {
        self.audit().count(manager, kind, |counts| counts.stale_count += 1);
        let is_barred = on_stale == OnStale::Bypass && self.audit().bar(manager);
        self.watch_as_asked();
        self.tell(&Event::Differed { manager, kind, key });
        is_barred
    }

    /// The present token of each of `tags`; one that holds none is given one, so that the next write changes it.
    ///
    /// # Errors
    ///
    /// Returns an error of [`ErrorKind::Store`](crate::ErrorKind::Store) if the store failed.
    #[doc(hidden)]
    pub fn tokens(&self, tags: &[Tag]) -> Result<Vec<Token>> {
        let now = self.now();
        let seed = |store: &dyn Store| same_length(store.seed(tags, &[], now)?.seeds, tags.len());
        let seeds = self.store().call(Operation::Seed, seed);
        let seeds = seeds.map_err(|trouble| trouble.into_error("looking at tokens"))?;
        Ok(seeds.into_iter().map(|seed| seed.token).collect())
    }

    fn audit(&self) -> &Audit {
        &self.0.audit
    }

    fn watch_as_asked(&self) {
        // Whoever is last sees what all have asked for.
        let _one_at_a_time = self.audit().changing.lock();
        self.0.switch.set_watch(self.audit().watch());
    }
}
