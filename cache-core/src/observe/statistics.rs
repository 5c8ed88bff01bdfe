//! Counts the outcomes of each manager's reads, and the invalidations of each table.

use core::array;
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::name::key::Kind;
use crate::observe::event::{Bypass, Cause};
use crate::protocol::candidate::Unstored;
use crate::protocol::miss::Miss;
use crate::protocol::write::Width;
use crate::sync::Mutex;

mod near;
mod reasons;
mod store;
mod written;

pub use near::NearCounts;
pub(crate) use near::NearLedger;
use reasons::Reasons;
pub use store::StoreCounts;
pub(crate) use store::{StoreCounter, StoreLedger};
pub(crate) use written::WrittenLedger;

/// What is counted for each manager and kind of read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counter {
    Bypass,
    Delete,
    Hit,
    LoadFailure,
    Load,
    Miss,
    Oversized,
    StaleHit,
    StoreFailure,
    Store,
    WriteThrough,
}

impl Counter {
    const COUNT: usize = Self::WriteThrough as usize + 1;
}

/// The numbers of one manager and kind of read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Reads that went to the database without looking at the cache.
    pub bypass_count: u64,
    /// Values that were deleted by hand.
    pub delete_count: u64,
    /// Reads that were answered from the cache, those of absent rows included.
    pub hit_count: u64,
    /// Loads that the database failed.
    pub load_failure_count: u64,
    /// Times the database was asked on behalf of a miss, or to refresh what was stale.
    pub load_count: u64,
    /// Reads that found nothing of use in the cache.
    pub miss_count: u64,
    /// Lists that were not stored because they had more rows than the model's `max_rows`.
    pub oversized_count: u64,
    /// Of the hits, those on stale entries.
    pub stale_hit_count: u64,
    /// Times the store failed.
    pub store_failure_count: u64,
    /// Entries that were stored. A row that was found by a unique value counts once, though what leads to it is
    /// stored too.
    pub store_count: u64,
    /// Rows that a write gave back, and that were to be stored with it (`write_through`).
    pub write_through_count: u64,
}

impl Counts {
    fn from_array(counts: [u64; Counter::COUNT]) -> Self {
        Self {
            bypass_count: counts[Counter::Bypass as usize],
            delete_count: counts[Counter::Delete as usize],
            hit_count: counts[Counter::Hit as usize],
            load_failure_count: counts[Counter::LoadFailure as usize],
            load_count: counts[Counter::Load as usize],
            miss_count: counts[Counter::Miss as usize],
            oversized_count: counts[Counter::Oversized as usize],
            stale_hit_count: counts[Counter::StaleHit as usize],
            store_failure_count: counts[Counter::StoreFailure as usize],
            store_count: counts[Counter::Store as usize],
            write_through_count: counts[Counter::WriteThrough as usize],
        }
    }

    fn add(&mut self, other: &Self) {
        self.bypass_count += other.bypass_count;
        self.delete_count += other.delete_count;
        self.hit_count += other.hit_count;
        self.load_failure_count += other.load_failure_count;
        self.load_count += other.load_count;
        self.miss_count += other.miss_count;
        self.oversized_count += other.oversized_count;
        self.stale_hit_count += other.stale_hit_count;
        self.store_failure_count += other.store_failure_count;
        self.store_count += other.store_count;
        self.write_through_count += other.write_through_count;
    }
}

/// The numbers of one cache at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Statistics {
    /// By the manager's name and the kind of read.
    pub reads: BTreeMap<(String, Kind), Counts>,
    /// Why reads missed: by the manager's name and the kind of read, how often for which reason.
    pub misses: BTreeMap<(String, Kind), BTreeMap<Miss, u64>>,
    /// Why reads did not look at the cache, likewise.
    pub bypasses: BTreeMap<(String, Kind), BTreeMap<Bypass, u64>>,
    /// Why rows that a write gave back were not stored, likewise.
    pub unstored: BTreeMap<(String, Kind), BTreeMap<Unstored, u64>>,
    /// How often each table was invalidated, by its SQL name: without a schema, in lower case.
    pub invalidation_counts: BTreeMap<String, u64>,
    /// The same, by what ended the write and by how much of the table it may have changed.
    pub invalidations: BTreeMap<(String, Cause, Width), u64>,
    /// How often entries were cleared by hand, by the manager's name; under an empty one: the whole cache.
    pub clear_counts: BTreeMap<String, u64>,
    /// How often it was noticed that new connections are not seen any more, as the program has replaced what sees them.
    pub default_replaced_count: u64,
    /// How often a whole database was invalidated.
    pub database_invalidation_count: u64,
    /// Reads that waited for another one of this process, which loaded the same.
    pub flight_wait_count: u64,
    /// How often a model's `after_save` or `after_delete` panicked.
    pub hook_panic_count: u64,
    /// Invalidations that the store failed, or that it was not asked for because it failed too often of late.
    pub invalidation_failure_count: u64,
    /// What is kept in memory in front of a store elsewhere, if anything is.
    pub near: Option<NearCounts>,
    /// Refreshes of stale entries that did not succeed: the database or the pool failed, or they panicked.
    pub refresh_failure_count: u64,
    /// Refreshes that panicked.
    pub refresh_panic_count: u64,
    /// What went wrong with the store, and what was done about it.
    pub store: StoreCounts,
}

impl Statistics {
    /// The numbers of one manager and kind.
    #[must_use]
    pub fn of(&self, manager: &str, kind: Kind) -> Counts {
        self.reads.get(&(manager.to_owned(), kind)).copied().unwrap_or_default()
    }

    /// How often reads of one manager and kind missed for this reason.
    #[must_use]
    pub fn miss_count(&self, manager: &str, kind: Kind, cause: Miss) -> u64 {
        self.misses.get(&(manager.to_owned(), kind)).and_then(|causes| causes.get(&cause)).copied().unwrap_or_default()
    }

    /// How often reads of one manager and kind did not look at the cache for this reason.
    #[must_use]
    pub fn bypass_count(&self, manager: &str, kind: Kind, reason: Bypass) -> u64 {
        let reasons = self.bypasses.get(&(manager.to_owned(), kind));
        reasons.and_then(|reasons| reasons.get(&reason)).copied().unwrap_or_default()
    }

    /// How often a row that a write of one manager gave back was not stored for this reason.
    #[must_use]
    pub fn unstored_count(&self, manager: &str, reason: Unstored) -> u64 {
        let reasons = self.unstored.get(&(manager.to_owned(), Kind::Detail));
        reasons.and_then(|reasons| reasons.get(&reason)).copied().unwrap_or_default()
    }

    /// The sum over all managers and kinds.
    #[must_use]
    pub fn total(&self) -> Counts {
        let mut total = Counts::default();
        self.reads.values().for_each(|counts| total.add(counts));
        total
    }
}

/// The counters of one manager and kind, spread over several cache lines so that threads do not contend.
#[derive(Debug)]
pub struct Counters {
    shards: [Shard; Counters::SHARDS],
    // A database is asked for each of them: a lock is not what they cost.
    misses: Reasons<Miss>,
    bypasses: Reasons<Bypass>,
    unstored: Reasons<Unstored>,
}

#[derive(Debug, Default)]
#[repr(align(128))]
struct Shard([AtomicU64; Counter::COUNT]);

impl Counters {
    /// Those of threads that nobody else counts in.
    const OWN: usize = 8;
    /// Those and the ones that the other threads share.
    const SHARDS: usize = 2 * Self::OWN;

    fn new() -> Self {
        let shards = array::from_fn(|_| Shard::default());
        let (misses, bypasses, unstored) = Default::default();
        Self { shards, misses, bypasses, unstored }
    }

    #[inline]
    pub(crate) fn count(&self, counter: Counter) {
        let shard = ShardIndex::of_this_thread();
        let number = &self.shards[shard].0[counter as usize];
        if shard < Self::OWN {
            // Nobody else writes it: no other processor need be waited for.
            number.store(number.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
        } else {
            number.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Counts a read that did not look at the cache.
    pub fn bypass(&self, reason: Bypass) {
        self.count(Counter::Bypass);
        self.bypasses.count(reason);
    }

    pub(crate) fn miss(&self, cause: Miss) {
        self.count(Counter::Miss);
        self.misses.count(cause);
    }

    pub(crate) fn unstored(&self, reason: Unstored) {
        self.unstored.count(reason);
    }

    /// Counts a query on behalf of a miss.
    pub fn load(&self) {
        self.count(Counter::Load);
    }

    /// Counts a query that failed.
    pub fn load_failure(&self) {
        self.count(Counter::LoadFailure);
    }

    /// Counts a list that is too long to be stored.
    pub fn oversized(&self) {
        self.count(Counter::Oversized);
    }

    fn read(&self) -> Counts {
        Counts::from_array(array::from_fn(|counter| {
            self.shards.iter().map(|shard| shard.0[counter].load(Ordering::Relaxed)).sum()
        }))
    }
}

/// Where a thread counts. The first threads have a place of their own, which the next one takes over when they end.
struct ShardIndex(usize);

/// Which places are taken, a bit for each.
static TAKEN: AtomicUsize = AtomicUsize::new(0);

impl ShardIndex {
    #[inline]
    fn of_this_thread() -> usize {
        thread_local! {
            static SEAT: ShardIndex = ShardIndex::take();
        }
        // What counts while its thread ends counts among the others.
        SEAT.try_with(|seat| seat.0).unwrap_or(Counters::OWN)
    }

    fn take() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let with_first_free =
            |taken: usize| (taken.trailing_ones() < Counters::OWN as u32).then_some(taken | (taken + 1));
        // Acquired of whoever had the place before: all that was counted there is to be seen.
        Self(match TAKEN.fetch_update(Ordering::Acquire, Ordering::Relaxed, with_first_free) {
            Ok(taken) => taken.trailing_ones() as usize,
            Err(_) => Counters::OWN + NEXT.fetch_add(1, Ordering::Relaxed) % (Counters::SHARDS - Counters::OWN),
        })
    }
}

impl Drop for ShardIndex {
    fn drop(&mut self) {
        if self.0 < Counters::OWN {
            TAKEN.fetch_and(!(1 << self.0), Ordering::Release);
        }
    }
}

/// The live numbers of one cache.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    reads: Mutex<BTreeMap<(String, Kind), Arc<Counters>>>,
    pub(crate) written: WrittenLedger,
    failures: AtomicU64,
    flight_waits: AtomicU64,
    hook_panics: AtomicU64,
    replaced_defaults: AtomicU64,
    pub(crate) store: StoreLedger,
}

impl Ledger {
    pub(crate) fn counters(&self, manager: &str, kind: Kind) -> Arc<Counters> {
        let mut reads = self.reads.lock();
        Arc::clone(reads.entry((manager.to_owned(), kind)).or_insert_with(|| Arc::new(Counters::new())))
    }

    pub(crate) fn count_invalidation_failure(&self) {
        self.failures.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_flight_wait(&self) {
        self.flight_waits.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_hook_panic(&self) {
        self.hook_panics.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_default_replaced(&self) {
        self.replaced_defaults.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn read(&self) -> Statistics {
        let reads = self.reads.lock();
        let counted = reads.iter().map(|(name, counters)| (name.clone(), counters.read()));
        Statistics {
            reads: counted.filter(|(_, counts)| *counts != Counts::default()).collect(),
            misses: reasons_of(&reads, |counters| &counters.misses),
            bypasses: reasons_of(&reads, |counters| &counters.bypasses),
            unstored: reasons_of(&reads, |counters| &counters.unstored),
            invalidation_counts: self.written.by_table(),
            invalidations: self.written.by_cause(),
            clear_counts: self.written.clears(),
            default_replaced_count: self.replaced_defaults.load(Ordering::Relaxed),
            database_invalidation_count: self.written.databases(),
            flight_wait_count: self.flight_waits.load(Ordering::Relaxed),
            hook_panic_count: self.hook_panics.load(Ordering::Relaxed),
            invalidation_failure_count: self.failures.load(Ordering::Relaxed),
            store: self.store.read(),
            ..Statistics::default()
        }
    }
}

/// What `reasons` counted for each manager and kind; those for which there is nothing are left out.
fn reasons_of<Reason: Copy + Ord>(
    reads: &BTreeMap<(String, Kind), Arc<Counters>>,
    reasons: impl Fn(&Counters) -> &Reasons<Reason>,
) -> BTreeMap<(String, Kind), BTreeMap<Reason, u64>> {
    let counted = reads.iter().map(|(name, counters)| (name.clone(), reasons(counters).read()));
    counted.filter(|(_, counts)| !counts.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_that_follow_each_other_lose_no_count() {
        let ledger = Ledger::default();
        let counters = ledger.counters("product", Kind::Detail);
        for _ in 0..100 {
            std::thread::scope(|scope| {
                (0..3).for_each(|_| drop(scope.spawn(|| (0..10).for_each(|_| counters.count(Counter::Hit)))));
            });
        }
        assert_eq!(ledger.read().of("product", Kind::Detail).hit_count, 3_000);
    }

    #[test]
    fn counts_are_exact_over_threads() {
        let ledger = Ledger::default();
        std::thread::scope(|scope| {
            for _ in 0..16 {
                let counters = ledger.counters("product", Kind::Detail);
                scope.spawn(move || (0..1_000).for_each(|_| counters.count(Counter::Hit)));
            }
        });
        assert_eq!(ledger.read().of("product", Kind::Detail).hit_count, 16_000);
        assert_eq!(ledger.read().total().hit_count, 16_000);
        assert_eq!(ledger.read().of("product", Kind::List), Counts::default());
    }
}
