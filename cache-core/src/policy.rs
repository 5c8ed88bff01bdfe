//! How long entries live, and how long anybody waits.

use core::time::Duration;

use crate::clock::Timestamp;

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

/// The timeouts of one manager.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeouts {
    /// Rows.
    pub detail: Timeout,
    /// Lists, scopes, counts.
    pub list: Timeout,
    /// Rows that are known not to exist; `None`: they are asked for every time.
    pub negative: Option<Timeout>,
}

impl Timeouts {
    /// Lists live one day, rows one minute, absent rows are not remembered.
    pub const DEFAULT: Self = Self { detail: Timeout::from_secs(60), list: Timeout::from_secs(86_400), negative: None };
}

/// The limits of one cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Policy {
    /// How long a reader waits for another one's load of the same key before it queries by itself.
    pub flight_wait: Duration,
    /// How long a writer's intent stands if the writer never comes back.
    pub intent_life: Duration,
}

impl Policy {
    /// Readers wait five seconds, intents stand for ten.
    pub const DEFAULT: Self = Self { flight_wait: Duration::from_secs(5), intent_life: Duration::from_secs(10) };
}
