//! Counts the failures of a store, and the responses to them.

use core::array;
use core::sync::atomic::{AtomicU64, Ordering};
use std::collections::BTreeMap;

use crate::observe::operation::Operation;

/// What is counted of a store, besides its failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StoreCounter {
    BreakerClosed,
    BreakerHalfOpen,
    BreakerOpen,
    IntentRenewal,
    LeaseTimeout,
    LeaseWait,
    ReleaseDelivered,
    ReleasePending,
    Unreadable,
}

impl StoreCounter {
    const COUNT: usize = 9;
}

/// What went wrong with the store of one cache, and what was done about it.
///
/// All of it is about stores outside of this process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoreCounts {
    /// Calls that were left out because the store failed too often of late, or because too many readers were inside.
    pub avoided_counts: BTreeMap<Operation, u64>,
    /// Times the breaker closed: the store was back.
    pub breaker_closed_count: u64,
    /// Times the breaker let one caller find out whether the store is back.
    pub breaker_half_open_count: u64,
    /// Times the breaker opened.
    pub breaker_open_count: u64,
    /// Tags whose change the store has not acknowledged, at this moment. The one of the whole cache stands for more.
    pub dirty_tag_count: u64,
    /// Calls that failed.
    pub failure_counts: BTreeMap<Operation, u64>,
    /// Intents of long writes that were placed again.
    pub intent_renewal_count: u64,
    /// Whether the store is left alone at present, as it failed too often.
    pub is_breaker_open: bool,
    /// Reads that waited for another process as long as they may, and then queried.
    pub lease_timeout_count: u64,
    /// Reads that waited for another process.
    pub lease_wait_count: u64,
    /// Entries that were sent, and that the store refused or of which nothing was heard. Nobody had waited for them.
    pub put_unacknowledged_count: u64,
    /// Times that everything that was pending has got through.
    pub release_delivered_count: u64,
    /// Writes whose change the store did not acknowledge when they returned.
    pub release_pending_count: u64,
    /// Entries whose bytes could not be read.
    pub unreadable_count: u64,
}

/// The live numbers.
#[derive(Debug, Default)]
pub(crate) struct StoreLedger {
    counts: [AtomicU64; StoreCounter::COUNT],
    avoided: ByOperation,
    failed: ByOperation,
    dirty: AtomicU64,
}

impl StoreLedger {
    pub(crate) fn count(&self, counter: StoreCounter) {
        self.counts[counter as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_avoided(&self, operation: Operation) {
        self.avoided.count(operation);
    }

    pub(crate) fn count_failure(&self, operation: Operation) {
        self.failed.count(operation);
    }

    pub(crate) fn note_dirty(&self, tags: usize) {
        self.dirty.store(tags as u64, Ordering::Relaxed);
    }

    pub(crate) fn read(&self) -> StoreCounts {
        let of = |counter: StoreCounter| self.counts[counter as usize].load(Ordering::Relaxed);
        StoreCounts {
            avoided_counts: self.avoided.read(),
            breaker_closed_count: of(StoreCounter::BreakerClosed),
            breaker_half_open_count: of(StoreCounter::BreakerHalfOpen),
            breaker_open_count: of(StoreCounter::BreakerOpen),
            dirty_tag_count: self.dirty.load(Ordering::Relaxed),
            failure_counts: self.failed.read(),
            intent_renewal_count: of(StoreCounter::IntentRenewal),
            is_breaker_open: false,
            lease_timeout_count: of(StoreCounter::LeaseTimeout),
            lease_wait_count: of(StoreCounter::LeaseWait),
            put_unacknowledged_count: 0,
            release_delivered_count: of(StoreCounter::ReleaseDelivered),
            release_pending_count: of(StoreCounter::ReleasePending),
            unreadable_count: of(StoreCounter::Unreadable),
        }
    }
}

#[derive(Debug)]
struct ByOperation([AtomicU64; Operation::ALL.len()]);

impl ByOperation {
    fn count(&self, operation: Operation) {
        self.0[operation as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// Those that were counted.
    fn read(&self) -> BTreeMap<Operation, u64> {
        let counts =
            Operation::ALL.iter().map(|operation| (*operation, self.0[*operation as usize].load(Ordering::Relaxed)));
        counts.filter(|(_, count)| *count > 0).collect()
    }
}

impl Default for ByOperation {
    fn default() -> Self {
        Self(array::from_fn(|_| AtomicU64::new(0)))
    }
}
