//! A server of a test's own, and a process with memory in front of it.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use cache_core::policy::NearPolicy;
use cache_core::store::{RedisStore, Store as _, Stored};
use cache_core::{NearCounts, Tag, Timeout};
use conformance::redis_server::{Hands, RedisServer};
use conformance::{Subject, key, shared, tag};

/// How far behind a read may be where that is measured.
pub(crate) const STALENESS: Duration = Duration::from_secs(1);

/// Trust lasts longer than a busy machine lets anything wait: what is not served was told of.
pub(crate) const fn policy() -> NearPolicy {
    NearPolicy::with_capacity(1 << 20).max_staleness(Duration::from_secs(30))
}

/// A process over a server of its own.
pub(crate) fn subject() -> Subject {
    Process::new().subject
}

/// A process with memory, the server, and another process without.
pub(crate) struct Process {
    pub(crate) subject: Subject,
    pub(crate) hands: Hands,
    pub(crate) other: RedisStore,
}

impl Process {
    pub(crate) fn new() -> Self {
        Self::with(policy())
    }

    /// One in which trust is soon over.
    pub(crate) fn of_short_trust() -> Self {
        Self::with(policy().max_staleness(STALENESS))
    }

    pub(crate) fn with(policy: NearPolicy) -> Self {
        Self::on(Hands::on(RedisServer::start()), policy)
    }

    pub(crate) fn on(hands: Hands, policy: NearPolicy) -> Self {
        let (subject, other) = (hands.near(policy), hands.store("shop"));
        Self { subject, hands, other }
    }

    /// Whether an entry is served from memory.
    pub(crate) fn recalls(&self, id: u64) -> bool {
        self.subject.store().find(&key(id), self.subject.now()).is_some()
    }

    /// Stores an entry that depends on the tag of its number, and sees to it that it is in memory.
    pub(crate) fn keep(&self, id: u64) {
        _ = self.keep_under(id, &[tag(id)]);
    }

    /// The same under `tags`; gives how many changes this makes the server tell of.
    pub(crate) fn keep_under(&self, id: u64, tags: &[Tag]) -> u64 {
        let tokens = tags.iter().map(|tag| self.subject.under(*tag)).collect();
        let timeout = Timeout::after(Duration::from_secs(600));
        assert_eq!(self.subject.put_value(id, shared(b"value"), tokens, timeout), Stored::Kept);
        let (known, told) = (|| tags.to_vec(), Cell::new(tags.len() as u64));
        within(Duration::from_secs(10), || {
            let found = self.subject.find_knowing(id, &known);
            assert!(found.is_some());
            // The tags are new, and the server tells of that.
            told.set(told.get() + self.hear_of(tags.len() as u64));
            self.recalls(id)
        });
        told.get()
    }

    /// Waits until this process was told of the last `count` changes: once it is told of one that comes after them. Gives how
    /// many of those it makes.
    fn hear_of(&self, count: u64) -> u64 {
        static NEXT: AtomicU64 = AtomicU64::new(1 << 40);
        let told = || self.counts().told_count;
        let (before, fences) = (told(), Cell::new(0));
        within(Duration::from_secs(10), || {
            // A link that was lost meanwhile tells of the next one.
            let fence = tag(NEXT.fetch_add(1, Ordering::Relaxed));
            self.other.seed(&[fence], &[], self.subject.now()).unwrap();
            fences.set(fences.get() + 1);
            told() > before + count
        });
        fences.get()
    }

    pub(crate) fn counts(&self) -> NearCounts {
        self.subject.store().shared().unwrap().near_counts(self.subject.now()).unwrap()
    }

    /// Waits until the server tells of changes.
    pub(crate) fn await_trust(&self) {
        within(Duration::from_secs(10), || self.counts().is_trusted);
    }
}

/// Waits until something is so; says how long it took.
pub(crate) fn within(time: Duration, is_so: impl Fn() -> bool) -> Duration {
    let begin = Instant::now();
    while !is_so() {
        assert!(begin.elapsed() < time, "not within {time:?}");
        std::thread::sleep(Duration::from_micros(200));
    }
    begin.elapsed()
}
