//! Decides whether a store that keeps failing is called at all.

use core::time::Duration;

use crate::clock::Timestamp;
use crate::protocol::wait::Backoff;
use crate::setting::policy::BreakerPolicy;

/// Whether a store is called.
///
/// Closed: it is. Open: it failed too often in a row, and is left alone for a pause. Half open: the pause is over, and
/// one caller finds out for all whether the store is back.
#[derive(Clone, Copy, Debug)]
pub struct Breaker {
    policy: BreakerPolicy,
    state: Position,
    pauses: Backoff,
}

#[derive(Clone, Copy, Debug)]
enum Position {
    Closed { failures: u32 },
    HalfOpen,
    Open { until: Timestamp },
}

/// What a caller is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Admission {
    /// Call the store.
    Admitted,
    /// Call the store, for all others too: they are refused until this call has ended.
    Probe,
    /// Leave the store alone.
    Refused,
}

/// How a call went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CallResult {
    /// It failed, or took too long.
    Bad,
    /// The store answered in time.
    Good,
    /// The store may not have been asked: what was to be stored could not be said.
    Untold,
}

/// What a breaker is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum BreakerState {
    /// The store is called.
    Closed,
    /// One caller finds out whether the store is back.
    HalfOpen,
    /// The store is left alone.
    Open,
}

impl Breaker {
    /// A closed breaker.
    #[must_use]
    pub const fn new(policy: BreakerPolicy) -> Self {
        let pauses = Backoff::new(policy.first_pause, policy.longest_pause);
        Self { policy, state: Position::Closed { failures: 0 }, pauses }
    }

    /// Whether to call the store at `now`. After a [`Probe`](Admission::Probe) the caller has to tell how it went.
    pub fn admit(&mut self, now: Timestamp) -> Admission {
        match self.state {
            Position::Closed { .. } => Admission::Admitted,
            Position::Open { until } if now >= until => {
                self.state = Position::HalfOpen;
                Admission::Probe
            }
            Position::HalfOpen | Position::Open { .. } => Admission::Refused,
        }
    }

    /// A call that was let in as `admission` has ended. `spread` is any number: it makes the pauses of several
    /// processes differ.
    ///
    /// What was let in before the breaker opened tells nothing that is new: only the probe does then.
    pub fn conclude(&mut self, admission: Admission, verdict: CallResult, now: Timestamp, spread: u64) {
        match (self.state, admission, verdict) {
            (Position::Closed { failures }, _, CallResult::Bad) if failures + 1 < self.policy.failures => {
                self.state = Position::Closed { failures: failures + 1 };
            }
            (Position::Closed { .. }, _, CallResult::Bad) | (Position::HalfOpen, Admission::Probe, CallResult::Bad) => {
                let pause = spread_out(self.pauses.pause(), spread);
                self.state = Position::Open { until: now.after(pause) };
            }
            (Position::Closed { .. }, _, CallResult::Good) | (_, Admission::Probe, CallResult::Good) => {
                self.state = Position::Closed { failures: 0 };
                self.pauses.reset();
            }
            // The next caller finds out.
            (Position::HalfOpen, Admission::Probe, CallResult::Untold) => self.state = Position::Open { until: now },
            (Position::Closed { .. }, _, CallResult::Untold) | (Position::HalfOpen | Position::Open { .. }, _, _) => {}
        }
    }

    /// What the breaker is.
    #[must_use]
    pub const fn state(&self) -> BreakerState {
        match self.state {
            Position::Closed { .. } => BreakerState::Closed,
            Position::HalfOpen => BreakerState::HalfOpen,
            Position::Open { .. } => BreakerState::Open,
        }
    }

    /// Whether nothing has failed of late.
    #[must_use]
    pub const fn is_calm(&self) -> bool {
        matches!(self.state, Position::Closed { failures: 0 })
    }
}

/// Between three quarters of `pause` and all of it.
fn spread_out(pause: Duration, spread: u64) -> Duration {
    let quarter = pause / 4;
    let nanos = u64::try_from(quarter.as_nanos()).unwrap_or(u64::MAX);
    pause - quarter + Duration::from_nanos(spread % nanos.saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: BreakerPolicy = BreakerPolicy {
        failures: 3,
        first_pause: Duration::from_millis(200),
        longest_pause: Duration::from_millis(700),
    };

    /// No spread: each pause is three quarters of what it may be at most.
    const SHORTEST: u64 = 0;

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_nanos(millis * 1_000_000)
    }

    fn opened() -> Breaker {
        let mut breaker = Breaker::new(POLICY);
        (0..3).for_each(|_| breaker.conclude(Admission::Admitted, CallResult::Bad, at(0), SHORTEST));
        breaker
    }

    #[test]
    fn it_opens_after_so_many_failures_in_a_row() {
        use CallResult::{Bad, Good};
        let cases: [(&[CallResult], BreakerState); 6] = [
            (&[], BreakerState::Closed),
            (&[Bad, Bad], BreakerState::Closed),
            (&[Bad, Bad, Good, Bad, Bad], BreakerState::Closed),
            (&[Bad, Bad, Bad], BreakerState::Open),
            (&[Bad, Bad, Bad, Bad], BreakerState::Open),
            (&[Bad, Bad, Bad, Good], BreakerState::Open),
        ];
        for (verdicts, state) in cases {
            let mut breaker = Breaker::new(POLICY);
            verdicts.iter().for_each(|verdict| breaker.conclude(Admission::Admitted, *verdict, at(0), SHORTEST));
            assert_eq!(breaker.state(), state, "{verdicts:?}");
        }
    }

    #[test]
    fn one_probe_is_let_in_after_the_pause() {
        let mut breaker = opened();
        assert_eq!(breaker.admit(at(149)), Admission::Refused);
        assert_eq!(breaker.admit(at(150)), Admission::Probe);
        assert_eq!(breaker.admit(at(9_000)), Admission::Refused);
        // A call from before it opened ends at last, and tells nothing.
        breaker.conclude(Admission::Admitted, CallResult::Good, at(9_000), SHORTEST);
        assert_eq!(breaker.state(), BreakerState::HalfOpen);
        breaker.conclude(Admission::Probe, CallResult::Good, at(9_001), SHORTEST);
        assert_eq!((breaker.admit(at(9_001)), breaker.is_calm()), (Admission::Admitted, true));
    }

    #[test]
    fn a_call_that_tells_nothing_leaves_it_as_it_was() {
        let mut breaker = opened();
        assert_eq!(breaker.admit(at(150)), Admission::Probe);
        breaker.conclude(Admission::Probe, CallResult::Untold, at(160), SHORTEST);
        assert_eq!((breaker.state(), breaker.admit(at(160))), (BreakerState::Open, Admission::Probe));
        breaker.conclude(Admission::Probe, CallResult::Good, at(160), SHORTEST);
        breaker.conclude(Admission::Admitted, CallResult::Bad, at(161), SHORTEST);
        breaker.conclude(Admission::Admitted, CallResult::Untold, at(161), SHORTEST);
        assert!(!breaker.is_calm());
    }

    #[test]
    fn the_pause_doubles_up_to_a_bound_and_begins_anew() {
        let mut breaker = opened();
        let mut now = 0;
        for pause in [150, 300, 525, 525] {
            assert_eq!(breaker.admit(at(now + pause - 1)), Admission::Refused);
            assert_eq!(breaker.admit(at(now + pause)), Admission::Probe);
            now += pause;
            breaker.conclude(Admission::Probe, CallResult::Bad, at(now), SHORTEST);
        }
        assert_eq!(breaker.admit(at(now + 525)), Admission::Probe);
        breaker.conclude(Admission::Probe, CallResult::Good, at(0), SHORTEST);
        (0..3).for_each(|_| breaker.conclude(Admission::Admitted, CallResult::Bad, at(0), SHORTEST));
        assert_eq!(breaker.admit(at(150)), Admission::Probe);
    }

    #[test]
    fn pauses_are_spread_over_their_last_quarter() {
        let pause = Duration::from_millis(200);
        for spread in [0, 1, 49_999_999, 50_000_000, 50_000_001, u64::MAX] {
            let spread = spread_out(pause, spread);
            assert!(spread >= pause * 3 / 4 && spread <= pause, "{spread:?}");
        }
    }
}
