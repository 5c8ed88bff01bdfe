//! Gives the time: of the system, or as a test sets it.

use core::fmt;
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::sync::Arc;
#[cfg(not(any(target_os = "android", target_os = "linux")))]
use std::time::Instant;
use std::time::{SystemTime, UNIX_EPOCH};

#[cfg(any(target_os = "android", target_os = "linux"))]
use nix::time::{ClockId, clock_gettime};

/// A moment, in nanoseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

impl Timestamp {
    /// A moment that never comes.
    pub const NEVER: Self = Self(u64::MAX);

    /// The moment `nanos` nanoseconds after the Unix epoch.
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since the Unix epoch.
    #[must_use]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// The moment `duration` later; [`Timestamp::NEVER`] where that cannot be said.
    #[must_use]
    pub fn after(self, duration: Duration) -> Self {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(nanos))
    }

    /// How long it is from `earlier` to this moment; zero if that one is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

impl From<Timestamp> for SystemTime {
    fn from(timestamp: Timestamp) -> Self {
        UNIX_EPOCH + Duration::from_nanos(timestamp.0)
    }
}

/// A moment by two clocks: the cache's, which may stand still while the machine sleeps, and the wall's, which may be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Moment {
    /// By the cache's clock.
    pub by_cache: Timestamp,
    /// By the wall's clock.
    pub by_wall: Timestamp,
}

impl Moment {
    /// The present moment, of which `clock` is the cache's clock.
    #[must_use]
    pub fn now(clock: &dyn Clock) -> Self {
        Self { by_cache: clock.now(), by_wall: wall_now() }
    }

    /// The moment at which both clocks say `timestamp`.
    #[must_use]
    pub const fn at(timestamp: Timestamp) -> Self {
        Self { by_cache: timestamp, by_wall: timestamp }
    }

    /// How long it is from `earlier` to this moment, by the clock that says more. A wall's clock that was set back since
    /// says nothing: then it counts as for ever.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        if self.by_wall < earlier.by_wall {
            return Duration::MAX;
        }
        self.by_cache.since(earlier.by_cache).max(self.by_wall.since(earlier.by_wall))
    }
}

/// The present moment by the wall's clock.
pub(crate) fn wall_now() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let nanos = since_epoch.as_secs().wrapping_mul(1_000_000_000).wrapping_add(u64::from(since_epoch.subsec_nanos()));
    Timestamp::from_nanos(nanos)
}

/// Tells the time.
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// The present moment; never earlier than one given before.
    fn now(&self) -> Timestamp;

    /// A moment that is not before the present one, where that takes less time to tell: what lives on at that moment
    /// is alive, and of what does not nothing is said.
    fn latest(&self) -> Timestamp {
        self.now()
    }
}

/// The system's time as it was at the start, carried on by the monotonic clock: it never jumps.
#[derive(Debug)]
pub struct SystemClock {
    start: Monotonic,
    start_nanos: u64,
}

impl SystemClock {
    /// A clock that starts now.
    #[must_use]
    pub fn new() -> Self {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { start: Monotonic::now(), start_nanos: u64::try_from(since_epoch.as_nanos()).unwrap_or(0) }
    }

    #[inline]
    fn at(&self, nanos: u64) -> Timestamp {
        Timestamp(self.start_nanos.wrapping_add(nanos))
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        self.at(self.start.elapsed())
    }

    fn latest(&self) -> Timestamp {
        self.at(self.start.elapsed_at_most())
    }
}

/// A reading of the monotonic clock.
#[cfg(any(target_os = "android", target_os = "linux"))]
#[derive(Clone, Copy, Debug)]
struct Monotonic(u64);

#[cfg(any(target_os = "android", target_os = "linux"))]
impl Monotonic {
    /// By how much the time of the last tick may lag behind: a tick comes every ten milliseconds or more often, unless
    /// the processor that counts them is taken away from a virtual machine for a while.
    const LAG: u64 = 250_000_000;

    fn now() -> Self {
        Self(Self::read(ClockId::CLOCK_MONOTONIC))
    }

    fn elapsed(self) -> u64 {
        Self::read(ClockId::CLOCK_MONOTONIC).wrapping_sub(self.0)
    }

    #[inline]
    fn elapsed_at_most(self) -> u64 {
        // Read from memory that the kernel shares: the processor's counter, which takes longer, is not asked.
        Self::read(ClockId::CLOCK_MONOTONIC_COARSE).wrapping_add(Self::LAG).wrapping_sub(self.0)
    }

    #[inline]
    fn read(clock: ClockId) -> u64 {
        let time = clock_gettime(clock).expect("every kernel has both clocks");
        (time.tv_sec() as u64).wrapping_mul(1_000_000_000).wrapping_add(time.tv_nsec() as u64)
    }
}

/// A reading of the monotonic clock.
#[cfg(not(any(target_os = "android", target_os = "linux")))]
#[derive(Clone, Copy, Debug)]
struct Monotonic(Instant);

#[cfg(not(any(target_os = "android", target_os = "linux")))]
impl Monotonic {
    fn now() -> Self {
        Self(Instant::now())
    }

    fn elapsed(self) -> u64 {
        let elapsed = self.0.elapsed();
        elapsed.as_secs().wrapping_mul(1_000_000_000).wrapping_add(u64::from(elapsed.subsec_nanos()))
    }

    fn elapsed_at_most(self) -> u64 {
        self.elapsed()
    }
}

/// A clock that stands still until a test moves it. Clones share the time.
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<AtomicU64>);

impl ManualClock {
    /// A clock that stands at one day after the Unix epoch.
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(AtomicU64::new(86_400_000_000_000)))
    }

    /// Moves the time on by `duration`.
    pub fn advance(&self, duration: Duration) {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        self.0.fetch_add(nanos, Ordering::SeqCst);
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_moment_is_not_before_the_present_one_and_not_far_off() {
        let clock = SystemClock::new();
        for _ in 0..100_000 {
            let now = clock.now();
            let latest = clock.latest();
            assert!(latest >= now, "{latest:?} {now:?}");
            assert!(latest.since(clock.now()) < Duration::from_secs(1));
        }
    }

    #[test]
    fn a_clock_tells_the_time_of_the_system() {
        let clock = SystemClock::new();
        let by_system = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
        assert!(u128::from(clock.now().as_nanos()).abs_diff(by_system) < 1_000_000_000);
    }
}
