//! What is done next, and for how long?

use core::time::Duration;

use conformance::Dice;

use super::{LONGEST_HOLD, LONGEST_PAUSE, Season};
use crate::proxy::Way;

/// Something that is done.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Harm {
    Cut(usize),
    Flush,
    Kill(usize),
    Pause(usize),
    PauseRedis,
    /// Redis comes back with what it held when this began.
    Rewind,
    Restart {
        is_empty: bool,
    },
    Save,
    Spoil(usize, Way),
}

/// What something is done to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Concern {
    Redis,
    Way(usize),
    Worker(usize),
}

impl Harm {
    pub(super) const fn concerns(self) -> Concern {
        match self {
            Self::Cut(worker) | Self::Spoil(worker, _) => Concern::Way(worker),
            Self::Flush | Self::PauseRedis | Self::Restart { .. } | Self::Rewind | Self::Save => Concern::Redis,
            Self::Kill(worker) | Self::Pause(worker) => Concern::Worker(worker),
        }
    }

    /// This, or something else that leaves Redis what it holds.
    const fn without_loss(self, worker: usize) -> Self {
        match self {
            Self::Flush | Self::Restart { .. } | Self::Rewind => Self::Cut(worker),
            other => other,
        }
    }

    /// A name for the report.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Cut(_) => "links cut",
            Self::Flush => "Redis flushed",
            Self::Kill(_) => "workers killed",
            Self::Pause(_) => "workers paused",
            Self::PauseRedis => "Redis paused",
            Self::Restart { is_empty: true } => "Redis restarted empty",
            Self::Restart { is_empty: false } => "Redis restarted from its last snapshot",
            Self::Rewind => "Redis set back by a moment",
            Self::Save => "snapshots of Redis",
            Self::Spoil(_, Way::Closed) => "workers cut off",
            Self::Spoil(_, Way::Held { requests: false, .. }) => "links without replies",
            Self::Spoil(_, Way::Held { replies: false, .. }) => "links without requests",
            Self::Spoil(_, Way::Held { .. }) => "links that hang",
            Self::Spoil(..) => "links slowed down",
        }
    }
}

/// The next thing, and how long it lasts.
pub(super) fn plan(dice: &mut Dice, workers: usize, season: Season) -> (Harm, Duration) {
    let worker = dice.index(workers);
    let harm = match season {
        // A worker that was killed is soon there again.
        Season::Kills => return (Harm::Kill(worker), Duration::from_millis(50)),
        Season::Gentle => anything(dice, worker).without_loss(worker),
        Season::Calm | Season::Storm => anything(dice, worker),
    };
    (harm, duration(harm, dice))
}

fn anything(dice: &mut Dice, worker: usize) -> Harm {
    match dice.below(27) {
        0..=4 => Harm::Kill(worker),
        5..=8 => Harm::Pause(worker),
        9 => Harm::PauseRedis,
        10 => Harm::Flush,
        11 => Harm::Save,
        12 => Harm::Restart { is_empty: true },
        13 | 14 => Harm::Restart { is_empty: false },
        15..=18 => Harm::Rewind,
        19 | 20 => Harm::Cut(worker),
        _ => Harm::Spoil(worker, way(dice)),
    }
}

fn way(dice: &mut Dice) -> Way {
    match dice.below(6) {
        0 => Way::Closed,
        1 => Way::Held { requests: true, replies: true },
        2 => Way::Held { requests: true, replies: false },
        3 => Way::Held { requests: false, replies: true },
        _ => Way::Slow(Duration::from_millis(1 + dice.below(200))),
    }
}

/// Most things are short, so that there is time for hits between them; some outlast intents.
fn duration(harm: Harm, dice: &mut Dice) -> Duration {
    let longest = match harm {
        Harm::Pause(_) => LONGEST_PAUSE,
        Harm::Kill(_) | Harm::PauseRedis | Harm::Rewind | Harm::Spoil(..) => LONGEST_HOLD,
        Harm::Cut(_) | Harm::Flush | Harm::Restart { .. } | Harm::Save => Duration::ZERO,
    };
    let share = if dice.once_in(3) { 1 } else { 8 };
    let millis = u64::try_from(longest.as_millis()).unwrap_or(0) / share;
    Duration::from_millis(dice.below(millis.max(1)))
}
