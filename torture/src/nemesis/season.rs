//! How rough is it at present, and has a worker had peace for long enough?

use core::time::Duration;

use conformance::Dice;

use super::plan::{Concern, Harm};
use crate::ledger::Moment;

/// After so long a breaker has closed, and what was pending has got through.
pub(super) const SETTLED: Duration = Duration::from_secs(3);

/// What is done at a time. They follow each other: workers that are killed in peace have placed their intents, and what
/// they wrote is known to be bounded if the store loses nothing for a while.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Season {
    /// Nothing.
    Calm,
    /// Everything but what makes Redis forget.
    Gentle,
    /// Workers are killed, one after the other.
    Kills,
    /// Everything.
    Storm,
}

impl Season {
    pub(super) fn at(now: Moment) -> Self {
        match now.as_millis() % 26_000 {
            0..10_000 => Self::Storm,
            10_000..14_000 => Self::Calm,
            14_000..18_000 => Self::Kills,
            _ => Self::Gentle,
        }
    }

    /// How long it is until the next thing is done.
    pub(super) fn pause(self, dice: &mut Dice) -> Duration {
        let (least, more) = if self == Self::Kills { (100, 200) } else { (100, 900) };
        Duration::from_millis(least + dice.below(more))
    }
}

/// When each worker last had trouble with its store.
#[derive(Debug)]
pub(super) struct Trouble(Vec<Moment>);

impl Trouble {
    pub(super) fn new(workers: usize) -> Self {
        Self(vec![Moment::ZERO; workers])
    }

    /// Something is done, or over.
    pub(super) fn note(&mut self, harm: Harm, now: Moment) {
        match harm.concerns() {
            Concern::Redis => self.0.fill(now),
            // A worker that is started has had no trouble.
            Concern::Worker(_) if matches!(harm, Harm::Kill(_)) => {}
            Concern::Way(worker) | Concern::Worker(worker) => self.0[worker] = now,
        }
    }

    /// Whether the worker's store has answered it for a while.
    pub(super) fn is_over(&self, worker: usize, now: Moment) -> bool {
        self.0[worker] + SETTLED < now
    }
}
