//! The time of a test: moved by hand, or real.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cache_core::{Clock, ManualClock, SystemClock, Timestamp};

/// The time of a test. Clones share it.
#[derive(Clone, Debug)]
pub enum Time {
    /// It stands still until a test lets it pass.
    Hand(ManualClock),
    /// It passes by itself; and whether a test has waited for it.
    Real(Arc<SystemClock>, Arc<AtomicBool>),
}

impl Time {
    /// A time that is moved by hand.
    #[must_use]
    pub fn by_hand() -> Self {
        Self::Hand(ManualClock::new())
    }

    /// The time that passes by itself.
    #[must_use]
    pub fn real() -> Self {
        Self::Real(Arc::new(SystemClock::new()), Arc::default())
    }

    /// Servers count whole milliseconds: what lives for two of them may be there until the third is over.
    const ROUNDED: Duration = Duration::from_millis(2);

    /// Lets `duration` pass: at once, or by waiting for it.
    pub fn pass(&self, duration: Duration) {
        match self {
            Self::Hand(clock) => clock.advance(duration),
            Self::Real(_, is_awaited) => {
                is_awaited.store(true, Ordering::SeqCst);
                std::thread::sleep(duration + Self::ROUNDED);
            }
        }
    }

    /// Whether a test has waited for time that passes by itself: a machine that does much else may have come too late.
    #[must_use]
    pub fn is_awaited(&self) -> bool {
        matches!(self, Self::Real(_, is_awaited) if is_awaited.load(Ordering::SeqCst))
    }

    /// Whether hours pass at once.
    #[must_use]
    pub const fn is_by_hand(&self) -> bool {
        matches!(self, Self::Hand(_))
    }
}

impl Clock for Time {
    fn now(&self) -> Timestamp {
        match self {
            Self::Hand(clock) => clock.now(),
            Self::Real(clock, _) => clock.now(),
        }
    }
}
