//! Counts what comparisons of entries with the database gave, and says which reads are compared.

use core::cell::Cell;
use core::fmt;
use core::num::NonZeroU32;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::cache::mode::Watch;
use crate::clock::Timestamp;
use crate::name::key::{CacheKey, Kind};
use crate::name::tag::Token;
use crate::protocol::compare::{Comparison, Confirmation, Difference, confirm};
use crate::sync::Mutex;

/// What follows for a manager once one of its entries was found stale.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OnStale {
    /// Its reads go to the database, until the program [trusts it again](crate::Cache::trust_again).
    Bypass,
    /// It is counted and reported.
    #[default]
    Report,
}

/// How entries are compared with the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "nothing is compared until a cache is given it"]
pub struct AuditSettings {
    pub(crate) one_in: NonZeroU32,
    pub(crate) on_stale: OnStale,
    pub(crate) grace: Option<Duration>,
}

impl AuditSettings {
    /// One in so many hits is compared; zero counts as one.
    pub const fn one_in(hits: u32) -> Self {
        let one_in = match NonZeroU32::new(hits) {
            Some(hits) => hits,
            None => NonZeroU32::MIN,
        };
        Self { one_in, on_stale: OnStale::Report, grace: None }
    }

    /// What follows for a manager once one of its entries was found stale; [`OnStale::Report`] if not said.
    pub const fn on_stale(mut self, on_stale: OnStale) -> Self {
        self.on_stale = on_stale;
        self
    }

    /// How long a write may take between its effect and its release: an entry that differs for longer is stale. A second if
    /// not said; for a store that processes share a second more than [`intent_life`](crate::CacheBuilder::intent_life).
    pub const fn grace(mut self, grace: Duration) -> Self {
        self.grace = Some(grace);
        self
    }
}

/// What comparisons with the database gave, of one manager and kind of read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuditCounts {
    /// Entries that were compared.
    pub compared_count: u64,
    /// Entries that were not compared: nothing waits for so long, the database did not answer, or no bytes can be made of
    /// them.
    pub skipped_count: u64,
    /// Those that a write overtook, or that have ended meanwhile.
    pub raced_count: u64,
    /// Lists with the same rows in another order.
    pub reordered_count: u64,
    /// Queries that answer otherwise each time.
    pub unsteady_count: u64,
    /// Entries that were served though they are not what the database says.
    pub stale_count: u64,
    /// In shadow mode: reads that would have been hits.
    pub shadow_hit_count: u64,
    /// In shadow mode: reads that are misses.
    pub shadow_miss_count: u64,
    /// In shadow mode: how long the database took for those that would have been hits.
    pub shadow_time: Duration,
}

impl AuditCounts {
    /// The sum of both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            compared_count: self.compared_count + other.compared_count,
            skipped_count: self.skipped_count + other.skipped_count,
            raced_count: self.raced_count + other.raced_count,
            reordered_count: self.reordered_count + other.reordered_count,
            unsteady_count: self.unsteady_count + other.unsteady_count,
            stale_count: self.stale_count + other.stale_count,
            shadow_hit_count: self.shadow_hit_count + other.shadow_hit_count,
            shadow_miss_count: self.shadow_miss_count + other.shadow_miss_count,
            shadow_time: self.shadow_time + other.shadow_time,
        }
    }

    /// The share of reads that shadow mode would have answered from the cache; `None` before the first one.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a ratio of counts")]
    pub fn shadow_hit_ratio(&self) -> Option<f64> {
        let all = self.shadow_hit_count + self.shadow_miss_count;
        (all > 0).then(|| self.shadow_hit_count as f64 / all as f64)
    }
}

/// An entry that was not what the database said.
#[derive(Clone, Copy, Debug)]
struct Doubt {
    difference: Difference,
    since: Timestamp,
    /// When the hit that comes next is compared, whether it is drawn or not.
    due: Timestamp,
    /// It is known to be stale: nobody wants to hear of it twice.
    is_reported: bool,
}

/// Which reads of a cache are compared, and what that gave.
#[derive(Default)]
pub(crate) struct Audit {
    settings: Mutex<Option<AuditSettings>>,
    grace: Mutex<Option<Duration>>,
    /// One in so many hits is drawn; zero: none is.
    one_in: AtomicU32,
    is_shadow: AtomicBool,
    is_barring: AtomicBool,
    barred: Mutex<BTreeSet<String>>,
    /// Held while it is worked out whether anybody watches.
    pub(crate) changing: Mutex<()>,
    counts: Mutex<BTreeMap<(String, Kind), AuditCounts>>,
    has_doubts: AtomicBool,
    /// Entries that were not what the database said.
    doubts: Mutex<HashMap<CacheKey, Doubt>>,
}

impl Audit {
    /// Of so many doubts it is known since when; what is beyond is not followed up.
    const MOST_DOUBTS: usize = 1_024;

    pub(crate) fn set(&self, settings: Option<AuditSettings>) {
        *self.settings.lock() = settings;
        self.set_grace(settings.and_then(|settings| settings.grace));
        self.one_in.store(settings.map_or(0, |settings| settings.one_in.get()), Ordering::Relaxed);
    }

    pub(crate) fn set_grace(&self, grace: Option<Duration>) {
        *self.grace.lock() = grace;
    }

    pub(crate) fn grace(&self) -> Option<Duration> {
        *self.grace.lock()
    }

    pub(crate) fn settings(&self) -> Option<AuditSettings> {
        *self.settings.lock()
    }

    /// What a comparison of the entry of `key` comes to, where each read of it is compared; `None`: that will be seen.
    pub(crate) fn judge(
        &self,
        key: CacheKey,
        compared: Comparison,
        (now, grace): (Timestamp, Duration),
    ) -> Option<Confirmation> {
        let mut doubts = self.doubts.lock();
        let Comparison::Differs(difference) = compared else {
            let was_doubted = doubts.remove(&key).is_some();
            self.has_doubts.store(!doubts.is_empty(), Ordering::Relaxed);
            return was_doubted.then_some(Confirmation::Raced);
        };
        let former = doubts.get(&key).copied();
        let confirmed = match former {
            Some(Doubt { is_reported: true, difference: reported, .. }) if difference.is_of(&reported) => return None,
            Some(Doubt { since, .. }) if now.since(since) < grace => return None,
            Some(Doubt { difference: former, .. }) => Some(confirm(&former, [&compared, &Comparison::Differs(former)])),
            None => None,
        };
        if doubts.len() < Self::MOST_DOUBTS || former.is_some() {
            let is_reported = confirmed == Some(Confirmation::Stale);
            doubts.insert(key, Doubt { difference, since: now, due: now.after(grace), is_reported });
            self.has_doubts.store(true, Ordering::Relaxed);
        }
        confirmed
    }

    /// Whether this hit is to be compared. Each is by chance, so that no pattern of reads escapes; nothing is written that
    /// threads share.
    #[inline]
    pub(crate) fn draws(&self) -> bool {
        match self.one_in.load(Ordering::Relaxed) {
            0 => false,
            one_in => is_first(one_in, roll()),
        }
    }

    /// Whether any entry was not what the database said.
    #[inline]
    pub(crate) fn has_doubts(&self) -> bool {
        self.has_doubts.load(Ordering::Relaxed)
    }

    /// Whether the entry of `key` was not what the database said, and it is time to compare it again; then for a `grace` it
    /// is not.
    pub(crate) fn is_due(&self, key: impl FnOnce() -> CacheKey, (now, grace): (Timestamp, Duration)) -> bool {
        if !self.has_doubts() || self.one_in.load(Ordering::Relaxed) == 0 {
            return false;
        }
        let mut doubts = self.doubts.lock();
        let Some(doubt) = doubts.get_mut(&key()).filter(|doubt| !doubt.is_reported && doubt.due <= now) else {
            return false;
        };
        doubt.due = now.after(grace);
        true
    }

    pub(crate) fn set_shadow(&self, is_shadow: bool) {
        self.is_shadow.store(is_shadow, Ordering::SeqCst);
    }

    pub(crate) fn is_shadow(&self) -> bool {
        self.is_shadow.load(Ordering::SeqCst)
    }

    /// What is asked of reads.
    pub(crate) fn watch(&self) -> Watch {
        match self.one_in.load(Ordering::Relaxed) {
            _ if self.is_shadow() || self.is_barring.load(Ordering::SeqCst) => Watch::Reads,
            0 => Watch::Nothing,
            _ => Watch::Hits,
        }
    }

    /// Bars a manager; says whether it was not yet.
    pub(crate) fn bar(&self, manager: &str) -> bool {
        let mut barred = self.barred.lock();
        self.is_barring.store(true, Ordering::SeqCst);
        barred.insert(manager.to_owned())
    }

    pub(crate) fn unbar(&self, manager: &str) -> bool {
        let mut barred = self.barred.lock();
        let was_barred = barred.remove(manager);
        self.is_barring.store(!barred.is_empty(), Ordering::SeqCst);
        was_barred
    }

    pub(crate) fn is_barred(&self, manager: &str) -> bool {
        self.is_barring.load(Ordering::SeqCst) && self.barred.lock().contains(manager)
    }

    pub(crate) fn barred(&self) -> Vec<String> {
        self.barred.lock().iter().cloned().collect()
    }

    pub(crate) fn count(&self, manager: &str, kind: Kind, change: impl FnOnce(&mut AuditCounts)) {
        let mut counts = self.counts.lock();
        change(counts.entry((manager.to_owned(), kind)).or_default());
    }

    pub(crate) fn counts(&self) -> BTreeMap<(String, Kind), AuditCounts> {
        self.counts.lock().clone()
    }
}

impl fmt::Debug for Audit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Audit").field("watch", &self.watch()).finish_non_exhaustive()
    }
}

thread_local! {
    /// What a thread rolls next; zero: it has not rolled yet.
    static DICE: Cell<u64> = const { Cell::new(0) };
}

/// A number that looks like chance: each thread has a sequence of its own (a linear congruence, of which the upper half is
/// taken).
#[inline]
fn roll() -> u32 {
    DICE.with(|dice| {
        let state = match dice.get() {
            0 => seed(),
            state => state,
        };
        let next = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        dice.set(next);
        (next >> 32) as u32
    })
}

#[cold]
fn seed() -> u64 {
    Token::fresh().bits()
}

/// Whether `dice` falls on the first of `one_in` equal sides.
#[inline]
fn is_first(one_in: u32, dice: u32) -> bool {
    (u64::from(dice) * u64::from(one_in)) >> 32 == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::key::{Fingerprint, KeyBytes};
    use crate::protocol::compare::{Sight, compare};

    #[test]
    fn one_in_so_many_is_drawn() {
        let audit = Audit::default();
        assert!((0..100).all(|_| !audit.draws()), "nobody asked for it");
        audit.set(Some(AuditSettings::one_in(0)));
        assert!((0..100).all(|_| audit.draws()));
        audit.set(Some(AuditSettings::one_in(10)));
        let drawn = (0..100_000).filter(|_| audit.draws()).count();
        assert!((9_000..11_000).contains(&drawn), "{drawn}");
    }

    #[test]
    fn every_read_of_a_pattern_is_drawn() {
        let audit = Audit::default();
        audit.set(Some(AuditSettings::one_in(10)));
        let mut drawn = [0_u32; 10];
        (0..100_000).for_each(|turn| drawn[turn % 10] += u32::from(audit.draws()));
        assert!(drawn.iter().all(|count| (800..1_200).contains(count)), "{drawn:?}");
    }

    #[test]
    fn each_thread_draws_otherwise() {
        let sequence = || std::thread::spawn(|| [(); 4].map(|()| roll())).join().unwrap();
        assert_ne!(sequence(), sequence());
    }

    #[test]
    fn what_differed_is_due_once_for_each_grace_until_it_is_decided() {
        let audit = Audit::default();
        let key = CacheKey {
            space: Fingerprint::of(&[b"space"]),
            manager: Fingerprint::of(&[b"product"]),
            kind: Kind::Detail,
            id: KeyBytes::of(&1),
        };
        let (grace, at) = (Duration::from_nanos(10), Timestamp::from_nanos);
        let before = Sight { created_at: at(1), parts: vec![vec![1]] };
        let differs = || compare(&before, &vec![vec![2]], Some(&before));
        let is_due = |now| audit.is_due(|| key, (at(now), grace));
        assert_eq!(audit.judge(key, differs(), (at(100), grace)), None);
        assert!(!is_due(200), "no hit is compared");
        audit.set(Some(AuditSettings::one_in(1_000_000)));
        let due: Vec<u64> = (100..125).filter(|now| is_due(*now)).collect();
        assert_eq!(due, [110, 120]);
        assert_eq!(audit.judge(key, differs(), (at(125), grace)), Some(Confirmation::Stale));
        assert!(!is_due(200), "it was reported");
        assert_eq!(audit.judge(key, Comparison::Same, (at(201), grace)), Some(Confirmation::Raced));
        assert!(!is_due(300));
    }

    #[test]
    fn a_manager_is_barred_until_it_is_trusted_again() {
        let audit = Audit::default();
        assert_eq!(audit.watch(), Watch::Nothing);
        assert!(audit.bar("product"));
        assert!(!audit.bar("product"));
        assert!(audit.watch() == Watch::Reads && audit.is_barred("product") && !audit.is_barred("category"));
        assert!(audit.unbar("product"));
        assert!(audit.watch() == Watch::Nothing && !audit.is_barred("product"));
    }
}
