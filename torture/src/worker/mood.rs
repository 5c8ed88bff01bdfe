//! What do all workers do more of at a time? They go by the clock on the wall: nobody has to tell them.

use std::time::{SystemTime, UNIX_EPOCH};

/// How long it lasts, in seconds. Longer than memory may be behind, so that what it should have forgotten is asked for
/// again before something else ends it.
const LENGTH: u64 = 3;

/// One of so many is not narrow.
const WIDE: u64 = 6;

/// What is done more of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Mood {
    /// Writes name their rows by their keys. A write of rows that nobody can name ends the entries of all of its table,
    /// and with them those that something else should have ended.
    pub(super) is_narrow: bool,
    number: usize,
}

impl Mood {
    pub(super) fn now() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self::of(since.as_secs() / LENGTH)
    }

    fn of(number: u64) -> Self {
        Self { is_narrow: !number.is_multiple_of(WIDE), number: usize::try_from(number).unwrap_or(0) }
    }

    /// Which of so many rows everybody reads more than others.
    pub(super) const fn hot_of(self, count: usize) -> usize {
        self.number % count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hot_goes_round() {
        assert_eq!([3, 4, 5].map(|number| Mood::of(number).hot_of(4)), [3, 0, 1]);
    }

    #[test]
    fn some_are_not_narrow() {
        assert_eq!([0, 1, 5, 6].map(|number| Mood::of(number).is_narrow), [false, true, true, false]);
    }
}
