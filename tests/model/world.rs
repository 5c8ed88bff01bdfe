//! The model: which steps may come next, and what each of them leads to.

use core::time::Duration;

use cache_core::Timestamp;
use cache_core::intent::{TagState, TagValue};
use stateright::{Model, Property};

use crate::names::{Names, TagId};
use crate::plans::How;
use crate::scenario::{Mutation, Scenario};
use crate::shop::{Read, Shop};
use crate::sight::{Sight, Sights};
use crate::state::{Action, Kept, Process, Promise, Stage, State, Writer};

/// A scenario, made ready.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) scenario: Scenario,
    pub(crate) names: Names,
    pub(crate) sights: Sights,
}

impl World {
    /// Every process is connected to the store.
    const ALL: u8 = u8::MAX;

    pub(crate) fn new(scenario: Scenario) -> Self {
        Self { names: Names::of(&scenario), sights: Sights::default(), scenario }
    }

    pub(crate) fn has(&self, mutation: Mutation) -> bool {
        self.scenario.mutation == Some(mutation)
    }

    /// The database once `count` of the commits have taken effect.
    pub(crate) fn shop(&self, state: &State, count: u8) -> Shop {
        let commits = &state.commits[..usize::from(count)];
        commits.iter().fold(Shop::FIRST, |shop, writer| shop.after(self.scenario.writers[usize::from(*writer)]))
    }

    /// One script of the store on the two keys of one tag.
    pub(crate) fn script<T>(
        &self,
        state: &mut State,
        tag: TagId,
        work: impl FnOnce(&mut TagState, Timestamp) -> T,
    ) -> T {
        let now = moment(state.now);
        let keys = &mut state.store.tags[usize::from(tag)];
        if let (true, Some(TagValue::Counted(standing) | TagValue::Token { standing, .. })) =
            (self.has(Mutation::LostIntentsNotNoticed), &mut keys.held)
        {
            standing.count = 0;
        }
        let result = work(keys, now);
        if self.has(Mutation::IntentsNotCounted) && matches!(keys.held, Some(TagValue::Counted(_))) {
            keys.held = None;
        }
        keys.intents.sort_unstable();
        if matches!(keys.held, Some(TagValue::Blocked { .. })) {
            self.sights.see(Sight::Blocked);
        }
        result
    }

    fn take(&self, state: &mut State, action: Action) {
        match action {
            Action::Abandon(writer, fate) => self.give_up(state, writer, fate),
            Action::Advance => self.advance(state),
            Action::Ask(fill) => self.ask(state, fill),
            Action::Begin(read) => self.begin(state, read),
            Action::Commit(writer) => self.commit(state, writer),
            Action::Connect(process) => self.connect(state, process),
            Action::Crash(writer, fate) => self.crash(state, writer, fate),
            Action::Drain(writer) => self.drain(state, writer),
            Action::EvictIntents(tag) => self.evict_intents(state, tag),
            Action::EvictTag(tag) => self.evict_tag(state, tag),
            Action::Forget(fill) => self.forget(state, fill),
            Action::KeepUp(process) => self.keep_up(state, process),
            Action::LateCommit(writer) => self.late_commit(state, writer),
            Action::LateRenewal(process) => self.late_renewal(state, process),
            Action::LateStep(writer) => self.late_step(state, writer),
            Action::Look(read, is_entry_first) => self.look(state, read, is_entry_first),
            Action::LoseAnswer(writer, fate) => self.lose_answer(state, writer, fate),
            Action::LosePlace(writer, is_late) => self.lose_place(state, writer, is_late),
            Action::LoseRelease(writer, is_late) => self.lose_release(state, writer, is_late),
            Action::LoseRenewal(process, is_late) => self.lose_renewal(state, process, is_late),
            Action::PlaceAgain(writer) => self.place_own(state, writer),
            Action::Put(fill) => self.put(state, fill),
            Action::ReadNext(look) => self.read_next(state, look),
            Action::Release(writer) => self.release(state, writer),
            Action::Renewed(process) => self.renewed(state, process),
            Action::Restart(is_from_snapshot) => self.restart(state, is_from_snapshot),
            Action::Rollback(writer) => state.writers[usize::from(writer)].stage = Stage::Releasing(How::Unchanged, 0),
            Action::SaveSnapshot => state.saved = Some(Kept { is_met: false, ..state.store.clone() }),
            Action::Seed(fill) => self.seed(state, fill),
            Action::Start(writer) => self.start(state, writer),
        }
    }
}

impl Model for World {
    type Action = Action;
    type State = State;

    fn init_states(&self) -> Vec<State> {
        let processes = self.scenario.processes[..self.scenario.writers.len()].iter().max().map_or(0, |most| most + 1);
        let process = |_| Process::beginning(self.scenario.writes_often, self.scenario.life);
        vec![State {
            now: 0,
            store: Kept {
                tags: vec![TagState::default(); self.names.count()],
                entries: [const { None }; Read::COUNT],
                is_met: true,
            },
            fills: Vec::new(),
            looks: Vec::new(),
            writers: vec![Writer::waiting(self.names.count()); self.scenario.writers.len()],
            processes: (0..processes).map(process).collect(),
            commits: Vec::new(),
            left: self.scenario.faults,
            saved: None,
            connected: Self::ALL,
            broken: None,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.broken.is_none() {
            self.readers(state, actions);
            self.writers(state, actions);
            self.processes(state, actions);
            self.faults(state, actions);
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        self.take(&mut state, action);
        state.broken = state.broken.or_else(|| self.verdict(&state));
        self.make_canonical(&mut state);
        (state != *last).then_some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("bound", |_, state: &State| state.broken != Some(Promise::Bound)),
            Property::always("coherence", |_, state: &State| state.broken != Some(Promise::Coherence)),
            Property::always("own write", |_, state: &State| state.broken != Some(Promise::OwnWrite)),
        ]
    }
}

pub(crate) fn lasting(steps: u8) -> Duration {
    Duration::from_nanos(steps.into())
}

pub(crate) fn moment(step: u8) -> Timestamp {
    Timestamp::from_nanos(step.into())
}
