//! Keeps the moment until which near memory is trusted, so that hits take no lock.

use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;

use crate::clock::{Timestamp, wall_now};

/// Trust by two clocks: the cache's, which may stand still while the machine sleeps, and the wall's, which may be set.
/// Whichever is over first ends it.
#[derive(Debug)]
pub(super) struct Trust {
    longest: Duration,
    until: AtomicU64,
    wall_from: AtomicU64,
}

impl Trust {
    pub(super) const fn of(longest: Duration) -> Self {
        Self { longest, until: AtomicU64::new(0), wall_from: AtomicU64::new(0) }
    }

    /// How long trust lasts at most.
    pub(super) const fn longest(&self) -> Duration {
        self.longest
    }

    /// The heartbeat that was answered last was sent at `sent_by_wall`, by the wall's clock.
    pub(super) fn extend(&self, until: Timestamp, sent_by_wall: Timestamp) {
        self.wall_from.store(sent_by_wall.as_nanos(), Ordering::SeqCst);
        self.until.store(until.as_nanos(), Ordering::SeqCst);
    }

    pub(super) fn end(&self) {
        self.until.store(0, Ordering::SeqCst);
    }

    /// How long ago that heartbeat was sent, by the wall's clock; `None`: too long for anything to be served. `now` may be
    /// a little later than it is.
    pub(super) fn age(&self, now: Timestamp) -> Option<Duration> {
        self.age_at(now, wall_now())
    }

    fn age_at(&self, now: Timestamp, wall: Timestamp) -> Option<Duration> {
        if now.as_nanos() >= self.until.load(Ordering::SeqCst) {
            return None;
        }
        let wall_from = Timestamp::from_nanos(self.wall_from.load(Ordering::SeqCst));
        // A wall's clock that was set back since says nothing: better to wait for the next heartbeat.
        if wall < wall_from || wall.since(wall_from) >= self.longest {
            return None;
        }
        Some(wall.since(wall_from))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(nanos: u64) -> Timestamp {
        Timestamp::from_nanos(nanos)
    }

    #[test]
    fn trust_ends_by_whichever_clock_is_over_first() {
        let trust = Trust::of(Duration::from_nanos(10));
        assert_eq!(trust.age_at(at(1), at(1)), None);
        trust.extend(at(110), at(1_000));
        let age = |now, wall| trust.age_at(at(now), at(wall)).map(|age| age.as_nanos());
        assert_eq!(age(104, 1_004), Some(4));
        assert_eq!(age(110, 1_004), None, "by the cache's clock");
        assert_eq!(age(101, 1_010), None, "the machine slept meanwhile");
        assert_eq!(age(104, 999), None, "the wall's clock was set back");
        trust.end();
        assert_eq!(age(104, 1_004), None);
    }
}
