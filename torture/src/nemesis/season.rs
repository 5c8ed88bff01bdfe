//! Decides how many faults there are at present, and whether a worker had peace for long enough.

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
    /// Everything but what makes Redis forget. Where there is memory, it is not told, or answers come late; nothing else.
    Gentle,
    /// Workers are killed, one after the other.
    Kills,
    /// Everything.
    Storm,
}

impl Season {
    pub(super) fn at(now: Moment) -> Self {
        // What was written by those that are killed is bound while nothing is lost, and while entries from before live.
        match now.as_millis() % 26_000 {
            0..4_000 => Self::Calm,
            4_000..8_000 => Self::Kills,
            8_000..18_000 => Self::Gentle,
            _ => Self::Storm,
        }
    }

    /// How long it is until the next thing is done.
    pub(super) fn pause(self, dice: &mut Dice) -> Duration {
        let (least, more) = if matches!(self, Self::Storm) { (100, 900) } else { (100, 200) };
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
            // A worker that is started has had no trouble, nor has one that waits for its database.
            Concern::Worker(_) if matches!(harm, Harm::AtCommit(..) | Harm::Kill(_)) => {}
            Concern::Way(worker) | Concern::Worker(worker) => self.0[worker] = now,
        }
    }

    /// Whether the worker's store has answered it for a while.
    pub(super) fn is_over(&self, worker: usize, now: Moment) -> bool {
        self.0[worker] + SETTLED < now
    }
}
