//! The model: which steps may come next, and what each of them leads to.

use cache_core::Timestamp;
use cache_core::intent::{Held, TagState};
use stateright::{Model, Property};

use crate::names::{How, Names, TagId};
use crate::scenario::{Mutation, Scenario};
use crate::shop::{Read, Shop};
use crate::sight::{Sight, Sights};
use crate::state::{Action, Fate, Kept, Promise, Stage, State, Writer};

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
        if let (true, Some(Held::Token { standing, .. })) = (self.has(Mutation::LostIntentsNotNoticed), &mut keys.held)
        {
            *standing = 0;
        }
        let result = work(keys, now);
        keys.intents.sort_unstable();
        if matches!(keys.held, Some(Held::Blocked { .. })) {
            self.sights.see(Sight::Blocked);
        }
        result
    }

    fn readers(&self, state: &State, actions: &mut Vec<Action>) {
        if state.connected & 1 == 0 {
            return;
        }
        if state.fills.len() < self.scenario.fills {
            actions.extend(self.scenario.reads.iter().map(|read| Action::Begin(*read)));
        }
        for (place, fill) in (0..).zip(&state.fills) {
            actions.push(match fill.commits {
                _ if self.is_seeding(fill) => Action::Seed(place),
                None => Action::Ask(place),
                Some(_) => Action::Put(place),
            });
        }
        actions.extend((0..).zip(&state.looks).map(|(place, _)| Action::ReadNext(place)));
        if state.left.looks > 0 {
            let looks =
                self.scenario.reads.iter().flat_map(|read| [Action::Look(*read, false), Action::Look(*read, true)]);
            actions.extend(looks);
        }
    }

    fn writers(&self, state: &State, actions: &mut Vec<Action>) {
        for (place, writer) in (0..).zip(&state.writers) {
            if writer.may_commit {
                actions.push(Action::LateCommit(place));
            }
            if writer.stage == Stage::Open {
                self.open(state, place, actions);
            }
            if state.connected & (2 << place) == 0 {
                continue;
            }
            if writer.late.is_some() {
                actions.push(Action::LateStep(place));
            }
            match writer.stage {
                Stage::Open => self.renewing(state, place, actions),
                Stage::Over => actions.extend(writer.dirty.map(|_| Action::Drain(place))),
                Stage::Releasing(..) => self.releasing(state, place, actions),
                Stage::Waiting => self.waiting(state, place, actions),
            }
        }
    }

    fn waiting(&self, state: &State, place: u8, actions: &mut Vec<Action>) {
        if self.names.writers[usize::from(place)].is_by_hand {
            return actions.push(Action::Commit(place));
        }
        actions.push(Action::Place(place));
        if state.left.losses > 0 {
            actions.extend([Action::LosePlace(place, false), Action::LosePlace(place, true)]);
        }
    }

    fn open(&self, state: &State, place: u8, actions: &mut Vec<Action>) {
        actions.extend([Action::Commit(place), Action::Rollback(place)]);
        if state.left.unknowns > 0 {
            actions.extend([Fate::Done, Fate::Later, Fate::Never].map(|fate| Action::LoseAnswer(place, fate)));
        }
        if state.left.crashes > 0 {
            actions.extend([Fate::Done, Fate::Later].map(|fate| Action::Crash(place, fate)));
        }
    }

    fn renewing(&self, state: &State, place: u8, actions: &mut Vec<Action>) {
        let writer = &state.writers[usize::from(place)];
        if writer.is_covered && self.is_worth_renewing(state, writer) {
            actions.push(Action::Place(place));
        }
    }

    fn releasing(&self, state: &State, place: u8, actions: &mut Vec<Action>) {
        actions.push(Action::Release(place));
        if state.left.losses > 0 {
            actions.extend([Action::LoseRelease(place, false), Action::LoseRelease(place, true)]);
        }
        if state.left.crashes > 0 {
            actions.push(Action::Crash(place, Fate::Never));
        }
    }

    fn faults(&self, state: &State, actions: &mut Vec<Action>) {
        if state.now < self.scenario.horizon {
            actions.push(Action::Advance);
        }
        for (tag, keys) in (0..).zip(&state.store.tags) {
            if keys.held.is_some() && state.left.evictions > 0 {
                actions.push(Action::EvictTag(tag));
            }
            if !keys.intents.is_empty() && state.left.evictions + state.left.intent_losses > 0 {
                actions.push(Action::EvictIntents(tag));
            }
        }
        if state.left.restarts > 0 {
            actions.push(Action::Restart(false));
            actions.push(if state.saved.is_some() { Action::Restart(true) } else { Action::SaveSnapshot });
        }
        let processes = 0..=u8::try_from(state.writers.len()).expect("a few writers");
        actions.extend(processes.filter(|place| state.connected & (1 << place) == 0).map(Action::Connect));
    }

    fn take(&self, state: &mut State, action: Action) {
        match action {
            Action::Advance => self.advance(state),
            Action::Ask(fill) => self.ask(state, fill),
            Action::Begin(read) => self.begin(state, read),
            Action::Commit(writer) => self.commit(state, writer),
            Action::Connect(process) => self.connect(state, process),
            Action::Crash(writer, fate) => self.crash(state, writer, fate),
            Action::Drain(writer) => self.drain(state, writer),
            Action::EvictIntents(tag) => self.evict_intents(state, tag),
            Action::EvictTag(tag) => self.evict_tag(state, tag),
            Action::LateCommit(writer) => self.late_commit(state, writer),
            Action::LateStep(writer) => self.late_step(state, writer),
            Action::Look(read, is_entry_first) => self.look(state, read, is_entry_first),
            Action::LoseAnswer(writer, fate) => self.lose_answer(state, writer, fate),
            Action::LosePlace(writer, is_late) => self.lose_place(state, writer, is_late),
            Action::LoseRelease(writer, is_late) => self.lose_release(state, writer, is_late),
            Action::Place(writer) => self.place(state, writer),
            Action::Put(fill) => self.put(state, fill),
            Action::ReadNext(look) => self.read_next(state, look),
            Action::Release(writer) => self.release(state, writer),
            Action::Restart(is_from_snapshot) => self.restart(state, is_from_snapshot),
            Action::Rollback(writer) => state.writers[usize::from(writer)].stage = Stage::Releasing(How::Unchanged, 0),
            Action::SaveSnapshot => state.saved = Some(Kept { is_met: false, ..state.store.clone() }),
            Action::Seed(fill) => self.seed(state, fill),
        }
    }
}

impl Model for World {
    type Action = Action;
    type State = State;

    fn init_states(&self) -> Vec<State> {
        let writer = |part: &crate::names::Part| Writer::waiting(part.placed.len());
        vec![State {
            now: 0,
            store: Kept {
                tags: vec![TagState::default(); self.names.count()],
                entries: [const { None }; Read::COUNT],
                is_met: true,
            },
            fills: Vec::new(),
            looks: Vec::new(),
            writers: self.names.writers.iter().map(writer).collect(),
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

pub(crate) fn moment(step: u8) -> Timestamp {
    Timestamp::from_nanos(step.into())
}
