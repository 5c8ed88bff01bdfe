//! Lists the steps that may come next.

use crate::state::{Action, Fate, Stage, State};
use crate::world::World;

impl World {
    pub(crate) fn readers(&self, state: &State, actions: &mut Vec<Action>) {
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
            if self.scenario.tags_last.is_some() && fill.commits.is_some() {
                actions.push(Action::Forget(place));
            }
        }
        actions.extend((0..).zip(&state.looks).map(|(place, _)| Action::ReadNext(place)));
        if state.left.looks > 0 {
            let looks =
                self.scenario.reads.iter().flat_map(|read| [Action::Look(*read, false), Action::Look(*read, true)]);
            actions.extend(looks);
        }
    }

    pub(crate) fn writers(&self, state: &State, actions: &mut Vec<Action>) {
        for (place, writer) in (0..).zip(&state.writers) {
            if writer.may_commit {
                actions.push(Action::LateCommit(place));
            }
            if writer.stage == Stage::Open {
                self.open(state, place, actions);
            }
            if state.connected & (2 << self.process_of(place)) == 0 {
                if writer.stage == Stage::Waiting && self.needs_nothing(state, place) {
                    actions.push(Action::Start(place));
                }
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
        actions.push(Action::Start(place));
        if state.left.losses > 0 && !self.needs_nothing(state, place) {
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
        if state.left.abandons > 0 {
            actions.extend([Fate::Done, Fate::Later].map(|fate| Action::Abandon(place, fate)));
        }
    }

    fn renewing(&self, state: &State, place: u8, actions: &mut Vec<Action>) {
        let writer = &state.writers[usize::from(place)];
        if writer.is_covered && self.is_worth_renewing(state, place) {
            actions.push(Action::PlaceAgain(place));
        }
    }

    pub(crate) fn processes(&self, state: &State, actions: &mut Vec<Action>) {
        for (place, process) in (0..).zip(&state.processes) {
            if state.connected & (2 << place) == 0 {
                continue;
            }
            if process.renewal.is_some() {
                actions.push(Action::Renewed(place));
                if state.left.losses > 0 {
                    actions.extend([Action::LoseRenewal(place, false), Action::LoseRenewal(place, true)]);
                }
            }
            if process.late.is_some() {
                actions.push(Action::LateRenewal(place));
            }
            if self.is_due(state, place) {
                actions.push(Action::KeepUp(place));
            }
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

    fn is_dead(&self, state: &State, place: u8) -> bool {
        place.checked_sub(1).is_some_and(|process| state.processes[usize::from(process)].is_dead)
    }

    pub(crate) fn faults(&self, state: &State, actions: &mut Vec<Action>) {
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
        let processes = 0..=u8::try_from(state.processes.len()).expect("a few processes");
        actions.extend(
            processes
                .filter(|place| state.connected & (1 << place) == 0 && !self.is_dead(state, *place))
                .map(Action::Connect),
        );
    }
}
