//! The world of a tag that a writer keeps open: a write whose answer begins before its commit, and another write.

mod state;
mod steps;

use stateright::{Model, Property};

use crate::open::state::{Action, Broken, Stage, State, Writer};
use crate::scenario::Mutation;
use crate::sight::{Sight, Sights};
use crate::world::moment;

/// How often each thing may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Left {
    pub(crate) crashes: u8,
    pub(crate) evictions: u8,
}

impl Left {
    pub(crate) const USUAL: Self = Self { crashes: 1, evictions: 1 };
}

/// How long intents live.
const LIFE: u8 = 2;

/// The writer whose answer begins before its commit. The other one tells its end.
const OPENER: u8 = 0;

/// A bounded world: one tag, two writers, a reader that loads again and again.
#[derive(Debug)]
pub(crate) struct OpenWorld {
    left: Left,
    /// The last moment.
    horizon: u8,
    mutation: Option<Mutation>,
    pub(crate) sights: Sights,
}

impl OpenWorld {
    pub(crate) fn new(left: Left, horizon: u8, mutation: Option<Mutation>) -> Self {
        Self { left, horizon, mutation, sights: Sights::default() }
    }

    fn has(&self, mutation: Mutation) -> bool {
        self.mutation == Some(mutation)
    }

    /// What a read that begins now may not be given.
    fn verdict(&self, state: &State) -> Option<Broken> {
        let shown = state.entry.filter(|_| state.tag.token(moment(state.now)).is_some())?;
        self.sights.see(Sight::Hit);
        let missed = state.commits.iter().skip(shown.into());
        missed.filter_map(|writer| due(&state.writers[usize::from(*writer)], state.now)).max()
    }
}

/// The promise by which a read has to show what the writer has done.
fn due(writer: &Writer, now: u8) -> Option<Broken> {
    if writer.is_acknowledged {
        return Some(Broken::Coherence);
    }
    // Nothing is kept while the tag is open, so that nothing older is found from the commit on.
    let is_due = writer.stage == Stage::Answered || now >= writer.deadline;
    (writer.is_in_time && is_due && !writer.is_forgotten).then_some(Broken::Bound)
}

impl Model for OpenWorld {
    type Action = Action;
    type State = State;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            now: 0,
            tag: Default::default(),
            entry: None,
            fill: None,
            writers: vec![Writer::default(); 2],
            commits: Vec::new(),
            left: self.left,
            broken: None,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.broken.is_some() {
            return;
        }
        for (place, writer) in (0..).zip(&state.writers) {
            self.writing(state, (place, writer), actions);
        }
        actions.push(Action::Fill);
        if state.now < self.horizon {
            actions.push(Action::Advance);
        }
        if state.left.evictions > 0 {
            actions.extend(state.tag.held.map(|_| Action::EvictTag));
            actions.extend((!state.tag.intents.is_empty()).then_some(Action::EvictIntents));
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        self.take(&mut state, action);
        state.make_canonical();
        state.broken = self.verdict(&state);
        (state != *last).then_some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("bound", |_, state: &State| state.broken != Some(Broken::Bound)),
            Property::always("coherence", |_, state: &State| state.broken != Some(Broken::Coherence)),
        ]
    }
}
