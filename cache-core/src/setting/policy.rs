//! Holds the policies of a cache: how long entries live, and how long callers wait.

use core::time::Duration;

use crate::clock::Timestamp;
use crate::error::{Error, Result};

/// How long an entry lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Timeout(Option<Duration>);

impl Timeout {
    /// The entry stays until it is invalidated, cleared or evicted.
    pub const NEVER: Self = Self(None);

    /// The entry lives for `duration`; zero stores nothing.
    #[must_use]
    pub const fn after(duration: Duration) -> Self {
        Self(Some(duration))
    }

    /// The entry lives for `millis` milliseconds.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(Some(Duration::from_millis(millis)))
    }

    /// The entry lives for `secs` seconds.
    #[must_use]
    pub const fn from_secs(secs: u64) -> Self {
        Self(Some(Duration::from_secs(secs)))
    }

    /// The length of the life; `None`: without end.
    #[must_use]
    pub const fn duration(self) -> Option<Duration> {
        self.0
    }

    /// Whether entries with this timeout are gone at once.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        matches!(self.0, Some(Duration::ZERO))
    }

    /// The shorter of both.
    pub(crate) fn shorter(self, other: Self) -> Self {
        match (self.0, other.0) {
            (Some(own), Some(other)) => Self::after(own.min(other)),
            (own, other) => Self(own.or(other)),
        }
    }

    /// When an entry that is created at `now` ends.
    #[must_use]
    pub fn deadline(self, now: Timestamp) -> Timestamp {
        self.0.map_or(Timestamp::NEVER, |duration| now.after(duration))
    }
}

impl From<Duration> for Timeout {
    fn from(duration: Duration) -> Self {
        Self::after(duration)
    }
}

/// How long an entry lives, and from when on it is stale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lifetime {
    /// From its end on the entry is stale: it is served while it is refreshed. Without end: never.
    pub relevance: Timeout,
    /// At its end the entry is gone.
    pub timeout: Timeout,
}

impl Lifetime {
    /// A life of `timeout` that is stale from the end of `relevance` on.
    #[must_use]
    pub const fn new(timeout: Timeout, relevance: Timeout) -> Self {
        Self { relevance, timeout }
    }
}

/// An entry that is never stale.
impl From<Timeout> for Lifetime {
    fn from(timeout: Timeout) -> Self {
        Self::new(timeout, Timeout::NEVER)
    }
}

/// From when on entries are stale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Relevance {
    /// Rows; `None`: nothing is said.
    pub detail: Option<Timeout>,
    /// Lists, scopes, counts; `None`: nothing is said.
    pub list: Option<Timeout>,
}

impl Relevance {
    /// Nothing is said.
    pub const UNSAID: Self = Self { detail: None, list: None };
}

/// How long the entries of managers live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EntryTimeouts {
    /// Rows; `None`: nothing is said.
    pub detail: Option<Timeout>,
    /// Lists, scopes, counts; `None`: nothing is said.
    pub list: Option<Timeout>,
}

impl EntryTimeouts {
    /// Nothing is said.
    pub const UNSAID: Self = Self { detail: None, list: None };

    /// What is said here, or else by `others`.
    #[must_use]
    pub fn or(self, others: Self) -> Self {
        Self { detail: self.detail.or(others.detail), list: self.list.or(others.list) }
    }

    /// How long rows live: one minute, if nothing is said.
    #[must_use]
    pub fn of_rows(self) -> Timeout {
        self.detail.unwrap_or(Timeout::from_secs(60))
    }

    /// How long lists, scopes and counts live: one day, if nothing is said.
    #[must_use]
    pub fn of_lists(self) -> Timeout {
        self.list.unwrap_or(Timeout::from_secs(86_400))
    }
}

/// The timeouts of one manager.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeouts {
    /// How long entries live; what is not said is what the cache says.
    pub entries: EntryTimeouts,
    /// From when on they are stale; what is not said is what the cache says.
    pub relevance: Relevance,
    /// By how much lives differ; `None`: not at all.
    pub jitter: Option<Jitter>,
    /// Rows that are known not to exist; `None`: they are asked for every time.
    pub negative: Option<Timeout>,
}

impl Timeouts {
    /// Entries live as the cache says, absent rows are not remembered.
    pub const DEFAULT: Self =
        Self { entries: EntryTimeouts::UNSAID, relevance: Relevance::UNSAID, jitter: None, negative: None };
}

/// By how much lives are shorter than their timeout, so that what was stored together does not end together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Jitter {
    /// By up to this many hundredths of the timeout.
    Percent(u32),
    /// By up to so long, and by up to half of the timeout.
    UpTo(Duration),
}

impl Jitter {
    /// A life of `timeout` at most, by the fall of `dice`: any number, each as likely as the next.
    #[must_use]
    pub fn spread(self, timeout: Timeout, dice: u64) -> Timeout {
        let Some(longest) = timeout.duration() else { return timeout };
        let widest = match self {
            Self::Percent(percent) => longest.saturating_mul(percent) / 100,
            Self::UpTo(widest) => widest,
        };
        let nanos = widest.min(longest / 2).as_nanos();
        // The product of two numbers of 64 bits fits.
        let nanos = (u128::from(u64::try_from(nanos).unwrap_or(u64::MAX)) * u128::from(dice)) >> 64;
        Timeout::after(longest - Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX)))
    }
}

/// The limits of one cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Policy {
    /// When a store that keeps failing is left alone.
    pub breaker: BreakerPolicy,
    /// Whether nothing but a computation reads while it is under way.
    pub computes_alone: bool,
    /// How long a reader waits for another one's load of the same key before it queries by itself.
    pub flight_wait: Duration,
    /// How long a writer's intent stands if the writer never comes back.
    pub intent_life: Duration,
    /// How long a process keeps the right to load one entry for all processes.
    pub lease_life: Duration,
    /// How many reads may be inside the store at once.
    pub most_readers: usize,
    /// How long one call of the store may take.
    pub operation_timeout: Duration,
    /// From when on the entries of managers that say nothing of it are stale.
    pub relevance: Relevance,
    /// How long the entries of managers live that say nothing of it.
    pub timeouts: EntryTimeouts,
    /// How long a value that is set by hand lives if nothing else is said.
    pub value_timeout: Timeout,
    /// What a manager's own write does if its intents cannot be placed.
    pub writes: Writes,
}

impl Policy {
    /// What is not set is this.
    pub const DEFAULT: Self = Self {
        breaker: BreakerPolicy::DEFAULT,
        computes_alone: false,
        flight_wait: Duration::from_secs(5),
        intent_life: Duration::from_secs(10),
        lease_life: Duration::from_secs(5),
        most_readers: 64,
        operation_timeout: Duration::from_millis(250),
        relevance: Relevance::UNSAID,
        timeouts: EntryTimeouts::UNSAID,
        value_timeout: Timeout::from_secs(300),
        writes: Writes::Open,
    };

    /// From when on entries are stale, and how long they live, of managers that say nothing of it.
    #[must_use]
    pub const fn lives(&self) -> (Relevance, EntryTimeouts) {
        (self.relevance, self.timeouts)
    }

    /// Refuses settings that cannot be, of a store that [is shared](crate::store::Store::shared) or is not.
    pub(crate) fn check(&self, is_shared: bool) -> Result<()> {
        let wrong = |context: String| Err(Error::configuration(context));
        let durations = [
            ("intent_life", self.intent_life),
            ("lease_life", self.lease_life),
            ("operation_timeout", self.operation_timeout),
            ("breaker_pause", self.breaker.first_pause),
        ];
        if let Some((name, _)) = durations.iter().find(|(_, duration)| duration.is_zero()) {
            return wrong(format!("`{name}` has to be longer than zero"));
        }
        let relevance = self.relevance;
        let said = [("detail_relevance_timeout", relevance.detail), ("list_relevance_timeout", relevance.list)];
        if let Some((name, _)) = said.iter().find(|(_, said)| said.is_some_and(Timeout::is_zero)) {
            return wrong(format!("`{name}` has to be longer than zero"));
        }
        let timeouts = [
            ("detail_timeout", self.timeouts.detail, "detail_relevance_timeout", relevance.detail),
            ("list_timeout", self.timeouts.list, "list_relevance_timeout", relevance.list),
        ];
        for (name, timeout, stale, relevance) in timeouts {
            let both = relevance.and_then(Timeout::duration).zip(timeout.and_then(Timeout::duration));
            if both.is_some_and(|(relevance, timeout)| relevance > timeout) {
                return wrong(format!("`{stale}` has to be at most as long as `{name}`"));
            }
        }
        if self.breaker.longest_pause < self.breaker.first_pause {
            return wrong("the longest `breaker_pause` has to be as long as the first".to_owned());
        }
        // An intent is renewed at half its life: the call has to come through in what is left.
        if is_shared && self.operation_timeout > self.intent_life / 4 {
            return wrong("`operation_timeout` has to be at most a quarter of `intent_life`".to_owned());
        }
        for (name, count) in [("breaker_failures", self.breaker.failures as usize), ("most_readers", self.most_readers)]
        {
            if count == 0 {
                return wrong(format!("`{name}` has to be at least one"));
            }
        }
        Ok(())
    }
}

/// How much of a store elsewhere is kept in memory too, and how far that may be behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NearPolicy {
    /// Bytes of entries and of what is known of their tags.
    pub capacity: u64,
    /// How far behind the store a read may be at most.
    pub max_staleness: Duration,
}

impl NearPolicy {
    /// How far behind a read may be if nothing else is said.
    pub const MAX_STALENESS: Duration = Duration::from_secs(1);
    const SHORTEST: Duration = Duration::from_millis(10);
    /// The least that entries can be kept in.
    const SMALLEST: u64 = 64 * 1024;

    /// Keeps up to `capacity` bytes, at most a second behind.
    #[must_use]
    pub const fn with_capacity(capacity: u64) -> Self {
        Self { capacity, max_staleness: Self::MAX_STALENESS }
    }

    /// Sets how far behind the store a read may be at most.
    #[must_use]
    pub const fn max_staleness(mut self, max_staleness: Duration) -> Self {
        self.max_staleness = max_staleness;
        self
    }

    pub(crate) fn check(&self) -> Result<()> {
        let wrong = |context| Err(Error::configuration(context));
        if self.capacity < Self::SMALLEST {
            return wrong(format!("`near` needs a capacity of at least 64 KiB, got {} bytes", self.capacity));
        }
        if self.max_staleness < Self::SHORTEST {
            return wrong(format!("`max_staleness` has to be at least 10 milliseconds, got {:?}", self.max_staleness));
        }
        Ok(())
    }
}

/// When a store that keeps failing is left alone, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BreakerPolicy {
    /// After so many failures in a row.
    pub failures: u32,
    /// For so long at first; twice as long after each further failure.
    pub first_pause: Duration,
    /// For so long at most.
    pub longest_pause: Duration,
}

impl BreakerPolicy {
    /// After five failures, for 200 milliseconds up to 30 seconds.
    pub const DEFAULT: Self =
        Self { failures: 5, first_pause: Duration::from_millis(200), longest_pause: Duration::from_secs(30) };
}

/// What a manager's own write does if the store does not take its intents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Writes {
    /// It goes on. Should the process end before the store is back, other processes serve what was there before until
    /// it expires.
    #[default]
    Open,
    /// It fails before its statement.
    Strict,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c20_lives_are_spread_below_their_timeout() {
        let second = Timeout::from_secs(1);
        let cases = [
            (Jitter::Percent(10), second, 0, 1_000),
            (Jitter::Percent(10), second, u64::MAX / 2, 951),
            (Jitter::Percent(10), second, u64::MAX, 901),
            (Jitter::Percent(50), second, u64::MAX, 501),
            // Half of the life is left, whatever is asked for.
            (Jitter::Percent(100), second, u64::MAX, 501),
            (Jitter::UpTo(Duration::from_millis(200)), second, 0, 1_000),
            (Jitter::UpTo(Duration::from_millis(200)), second, u64::MAX, 801),
            (Jitter::UpTo(Duration::MAX), second, u64::MAX, 501),
            (Jitter::Percent(50), Timeout::after(Duration::ZERO), u64::MAX, 0),
        ];
        for (jitter, timeout, dice, millis) in cases {
            // Nobody gets the very end of the span.
            let life = jitter.spread(timeout, dice).duration().map(|life| life.as_nanos().div_ceil(1_000_000));
            assert_eq!(life, Some(millis), "{jitter:?} {timeout:?} {dice}");
        }
        assert_eq!(Jitter::Percent(50).spread(Timeout::NEVER, u64::MAX), Timeout::NEVER);
        let ages = Jitter::UpTo(Duration::from_secs(9)).spread(Timeout::after(Duration::MAX), u64::MAX);
        assert!(ages.duration() > Some(Duration::MAX - Duration::from_secs(9)));
    }
}
