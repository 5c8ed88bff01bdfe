//! The world of tokens that a process does not ask for: one entry under a steady tag and the tag of its row, and writers of
//! both, some of them of a program that knows of no stamps.

mod state;
mod steps;

use cache_core::{Fingerprint, Tag, Timestamp};
use stateright::{Model, Property};

use crate::scenario::Mutation;
use crate::sight::Sights;
use crate::steady::state::{Action, Broken, Entry, Reading, Stage, State, Store, Writer};

/// Who writes, and to what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The steady tag, beside which no intent is placed: that of the process beside its table covers it.
    Covered,
    /// The steady tag, by a program that knows of no stamps.
    Old,
    /// The row.
    Row,
    /// The steady tag.
    Wide,
}

/// The writers, and what may go wrong around them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Around {
    writers: &'static [Kind],
    left: Left,
}

/// How often each thing may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Left {
    crashes: u8,
    /// Keys that are lost: the steady tag's, either of the two, or the record with the stamp.
    losses: u8,
    restarts: u8,
    /// Stamps that are put where none is.
    stamps: u8,
}

/// A writer dies, and a key is lost.
pub(crate) const LOST_KEYS: Around =
    Around { writers: &[Kind::Wide, Kind::Row], left: Left { crashes: 1, losses: 1, restarts: 0, stamps: 0 } };

/// The same, of a write that places nothing beside the steady tag.
pub(crate) const COVERED: Around =
    Around { writers: &[Kind::Covered, Kind::Covered], left: Left { crashes: 0, losses: 1, restarts: 0, stamps: 0 } };

/// The store goes back to what it held once.
pub(crate) const LIVES: Around =
    Around { writers: &[Kind::Wide, Kind::Wide], left: Left { crashes: 0, losses: 0, restarts: 1, stamps: 0 } };

/// Programs of both kinds meet.
pub(crate) const DEPLOY: Around =
    Around { writers: &[Kind::Old, Kind::Wide], left: Left { crashes: 1, losses: 0, restarts: 0, stamps: 1 } };

/// A bounded world.
#[derive(Debug)]
pub(crate) struct SteadyWorld {
    writers: &'static [Kind],
    left: Left,
    mutation: Option<Mutation>,
    pub(crate) sights: Sights,
    wide: Fingerprint,
}

impl SteadyWorld {
    /// How long intents live.
    const LIFE: u64 = 2;
    const HORIZON: Timestamp = Timestamp::from_nanos(3);

    pub(crate) fn new(around: Around, mutation: Option<Mutation>) -> Self {
        let Around { writers, left } = around;
        Self { writers, left, mutation, sights: Sights::default(), wide: Tag::root().fingerprint() }
    }

    fn has(&self, mutation: Mutation) -> bool {
        self.mutation == Some(mutation)
    }

    /// What a read that begins now has to show: the writes that have returned, and those of dead writers whose intents have
    /// ended.
    fn required(&self, state: &State) -> Vec<(u8, Broken)> {
        let required = |place: &u8| {
            let writer = &state.writers[usize::from(*place)];
            if writer.stage == Stage::Returned {
                return Some((*place, Broken::Coherence));
            }
            let has_ended = writer.deadline.is_some_and(|deadline| deadline <= state.now);
            (writer.stage == Stage::Dead && has_ended).then_some((*place, Broken::Bound))
        };
        state.commits.iter().filter_map(required).collect()
    }

    /// What is broken if `entry` is served to a read that has to show `required`.
    fn verdict(state: &State, entry: &Entry, required: &[(u8, Broken)]) -> Option<Broken> {
        let missed = &state.commits[usize::from(entry.shows)..];
        required.iter().find(|(place, _)| missed.contains(place)).map(|(_, broken)| *broken)
    }
}

impl Model for SteadyWorld {
    type Action = Action;
    type State = State;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            store: Store::default(),
            snapshot: None,
            remembered: Default::default(),
            reading: Reading::Nothing,
            writers: vec![Writer::default(); self.writers.len()],
            commits: Vec::new(),
            now: Timestamp::from_nanos(1),
            left: self.left,
            next: 0,
            broken: None,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.broken.is_some() {
            return;
        }
        actions.extend([Action::Glance, Action::Read]);
        for (place, writer) in (0..).zip(&state.writers) {
            if !matches!(writer.stage, Stage::Dead | Stage::Returned) {
                actions.push(Action::Write(place));
            }
            if writer.stage == Stage::Committed && state.left.crashes > 0 {
                actions.push(Action::Kill(place));
            }
        }
        if state.now < Self::HORIZON {
            actions.push(Action::Wait);
        }
        if state.left.losses > 0 {
            actions.extend([Action::LoseIntents, Action::LoseRecord, Action::LoseToken]);
        }
        if state.left.restarts > 0 {
            actions.push(if state.snapshot.is_some() { Action::Restart } else { Action::Snapshot });
        }
        if state.left.stamps > 0 && state.store.stamp.is_none() && state.store.is_recorded {
            actions.push(Action::Stamp);
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        self.take(&mut state, action);
        (state != *last).then_some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("bound", |_, state: &State| state.broken != Some(Broken::Bound)),
            Property::always("coherence", |_, state: &State| state.broken != Some(Broken::Coherence)),
        ]
    }
}
