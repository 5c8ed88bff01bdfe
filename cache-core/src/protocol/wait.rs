//! Decides how long to wait before something is tried again.

use core::time::Duration;

/// Pauses that double from the first to the longest.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
    coming: Duration,
}

impl Backoff {
    /// Pauses from `first` to `longest`.
    #[must_use]
    pub const fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest, coming: first }
    }

    /// The pause to make now; the one after it is twice as long.
    #[must_use]
    pub fn pause(&mut self) -> Duration {
        let pause = self.coming.min(self.longest);
        self.coming = pause.saturating_mul(2);
        pause
    }

    /// Begins with the first pause again.
    pub const fn reset(&mut self) {
        self.coming = self.first;
    }
}

/// Waiting for what another process loads: pauses that grow with what was waited, so that nobody comes more than a
/// quarter later than need be, and looks are few.
#[derive(Clone, Copy, Debug)]
pub struct Wait {
    budget: Duration,
    tick: Option<Duration>,
}

/// What somebody who waits does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WaitStep {
    /// Query, and store nothing: whoever loads may still do so.
    GiveUp,
    /// Wait for so long, then look again.
    Nap(Duration),
}

impl Wait {
    const FIRST: Duration = Duration::from_millis(1);
    const LONGEST: Duration = Duration::from_millis(50);

    /// Waits for `budget` at most.
    #[must_use]
    pub const fn new(budget: Duration) -> Self {
        Self { budget, tick: None }
    }

    /// With a pause of the same length before each look; `None`: with pauses that grow.
    #[must_use]
    pub const fn ticking(self, tick: Option<Duration>) -> Self {
        Self { tick, ..self }
    }

    /// What to do after having waited for `waited` in all, the looking included.
    #[must_use]
    pub fn next(&self, waited: Duration) -> WaitStep {
        let left = self.budget.saturating_sub(waited);
        let pause = self.tick.unwrap_or_else(|| (waited / 4).clamp(Self::FIRST, Self::LONGEST));
        if left.is_zero() { WaitStep::GiveUp } else { WaitStep::Nap(pause.min(left)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn pauses_double_up_to_the_longest_and_begin_anew() {
        let mut backoff = Backoff::new(millis(3), millis(10));
        assert_eq!([(); 4].map(|()| backoff.pause()), [3, 6, 10, 10].map(millis));
        backoff.reset();
        assert_eq!(backoff.pause(), millis(3));
    }

    #[test]
    fn pauses_grow_with_what_was_waited_until_the_budget_is_used_up() {
        let wait = Wait::new(millis(300));
        let cases = [
            (0, WaitStep::Nap(millis(1))),
            (3, WaitStep::Nap(millis(1))),
            (8, WaitStep::Nap(millis(2))),
            (40, WaitStep::Nap(millis(10))),
            (200, WaitStep::Nap(millis(50))),
            (240, WaitStep::Nap(millis(50))),
            (280, WaitStep::Nap(millis(20))),
            (300, WaitStep::GiveUp),
            (u64::MAX / 2, WaitStep::GiveUp),
        ];
        for (waited, step) in cases {
            assert_eq!(wait.next(millis(waited)), step, "{waited}");
        }
    }

    #[test]
    fn ticks_are_of_one_length_and_end_with_the_budget() {
        let wait = Wait::new(millis(250)).ticking(Some(millis(100)));
        let cases = [
            (0, WaitStep::Nap(millis(100))),
            (101, WaitStep::Nap(millis(100))),
            (202, WaitStep::Nap(millis(48))),
            (250, WaitStep::GiveUp),
        ];
        for (waited, step) in cases {
            assert_eq!(wait.next(millis(waited)), step, "{waited}");
        }
    }

    #[test]
    fn without_a_budget_nobody_waits() {
        assert_eq!(Wait::new(Duration::ZERO).next(Duration::ZERO), WaitStep::GiveUp);
    }
}
