//! What do all workers do more of at a time? They go by the clock on the wall: nobody has to tell them.

use std::time::{SystemTime, UNIX_EPOCH};

/// How long it lasts, in seconds. Longer than memory may be behind, so that what it should have forgotten is asked for
/// again before something else ends it.
const LENGTH: u64 = 3;

/// What is done more of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Mood {
    /// Writes name their rows by their keys. A write of rows that nobody can name ends the entries of all of its table,
    /// and with them those that something else should have ended.
    pub(super) is_narrow: bool,
    /// Which of its own rows each process writes again and again, and everybody reads. A row is quiet afterwards for as
    /// long as the others take.
    pub(super) hot: usize,
}

impl Mood {
    pub(super) fn now() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self::of(since.as_secs() / LENGTH)
    }

    fn of(number: u64) -> Self {
        Self { is_narrow: number % 3 != 0, hot: usize::try_from(number).unwrap_or(0) }
    }

    /// The row that is hot now or was before, of so many.
    pub(super) const fn hot_of(self, count: usize, is_before: bool) -> usize {
        // Counted from behind nothing it would be negative.
        (self.hot + if is_before { count - 1 } else { 0 }) % count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hot_goes_round_and_what_was_hot_is_the_one_before() {
        let hot = |number| Mood::of(number).hot_of(4, false);
        assert_eq!([3, 4, 5].map(hot), [3, 0, 1]);
        assert_eq!(Mood::of(4).hot_of(4, true), 3);
    }

    #[test]
    fn two_of_three_are_narrow() {
        assert_eq!([0, 1, 2, 3].map(|number| Mood::of(number).is_narrow), [false, true, true, false]);
    }
}
