//! Counts what happens in near memory.

use core::array;
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;

use super::ShardIndex;

/// The numbers of a near cache: memory in front of a server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct NearCounts {
    /// Reads that were answered from memory without asking the server.
    pub hit_count: u64,
    /// The same, by how long before the server had been heard of: in eighths of `max_staleness`. What another process
    /// wrote longer ago than that, the read has seen.
    pub hit_age_counts: [u64; Self::AGES],
    /// Times that the server began to tell of changes: one more than the link was lost.
    pub link_count: u64,
    /// Tags that the server told of, those that this process changed included.
    pub told_count: u64,
    /// Entries in memory at present, those that are not served any more included.
    pub entry_count: u64,
    /// Tags that are known at present, or were asked for; each entry that a copy depends on counts as one.
    pub tag_count: u64,
    /// Bytes of the entries at present, as far as they are known.
    pub weight: u64,
    /// Whether entries are served from memory at present.
    pub is_trusted: bool,
    /// How far behind the server a read may be at most.
    pub max_staleness: Duration,
}

impl NearCounts {
    /// How many ages are told apart.
    pub const AGES: usize = 8;
}

/// The live numbers, spread over several cache lines so that readers do not contend.
#[derive(Debug, Default)]
pub(crate) struct NearLedger {
    shards: [Shard; NearLedger::SHARDS],
    links: AtomicU64,
    told: AtomicU64,
}

#[derive(Debug, Default)]
#[repr(align(128))]
struct Shard([AtomicU64; NearCounts::AGES]);

impl NearLedger {
    const SHARDS: usize = 8;

    pub(crate) fn count_hit(&self, age: Duration, longest: Duration) {
        let place = eighth_of(age, longest);
        self.shards[ShardIndex::of_this_thread() % Self::SHARDS].0[place].fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_link(&self) {
        self.links.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_told(&self, tags: usize) {
        self.told.fetch_add(tags as u64, Ordering::Relaxed);
    }

    pub(crate) fn read(&self) -> NearCounts {
        let of = |age: usize| self.shards.iter().map(|shard| shard.0[age].load(Ordering::Relaxed)).sum();
        let hit_age_counts: [u64; NearCounts::AGES] = array::from_fn(of);
        NearCounts {
            hit_count: hit_age_counts.iter().sum(),
            hit_age_counts,
            link_count: self.links.load(Ordering::Relaxed),
            told_count: self.told.load(Ordering::Relaxed),
            ..NearCounts::default()
        }
    }
}

/// The eighth of `longest` that `age` lies in.
fn eighth_of(age: Duration, longest: Duration) -> usize {
    let nanos = |duration: Duration| u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
    let eighth = (nanos(longest) / NearCounts::AGES as u64).max(1);
    usize::try_from(nanos(age) / eighth).unwrap_or(usize::MAX).min(NearCounts::AGES - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hits_are_counted_by_the_eighth_of_the_longest_age() {
        let (ledger, longest) = (NearLedger::default(), Duration::from_millis(800));
        for (millis, count) in [(0, 1), (99, 1), (100, 3), (799, 1), (5_000, 1)] {
            (0..count).for_each(|_| ledger.count_hit(Duration::from_millis(millis), longest));
        }
        let counts = ledger.read();
        assert_eq!((counts.hit_count, counts.hit_age_counts), (7, [2, 3, 0, 0, 0, 0, 0, 2]));
        assert_eq!(eighth_of(longest, Duration::ZERO), 7);
    }
}
