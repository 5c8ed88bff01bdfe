//! What a read does that was not answered near.

use cache_core::intent::Seed;

use crate::near::state::{Action, Entry, Fill, State};
use crate::near::world::NearWorld;
use crate::scenario::Mutation;
use crate::sight::Sight;

impl NearWorld {
    pub(crate) fn ask(&self, state: &mut State) {
        state.left.fills -= 1;
        let question = state.near.ask([(self.name, self.tag.kind())]);
        state.fill = Some(Fill { question, seed: None, is_answered: false, commits: None });
    }

    pub(crate) fn seed(&self, state: &mut State) {
        let seed = self.script(state, |keys, fresh, now| keys.seed(fresh, self.keeping(now), now));
        if let Some(fill) = &mut state.fill {
            fill.seed = Some(seed);
        }
    }

    pub(crate) fn answer(&self, state: &mut State) {
        let Some(fill) = &mut state.fill else { return };
        fill.is_answered = true;
        if self.has(Mutation::MessageForgotten) {
            fill.question = state.near.ask([(self.name, self.tag.kind())]);
        }
        let Some((question, seed)) = fill.question.clone().zip(fill.seed) else { return };
        let is_intended = seed.is_intended && !self.has(Mutation::IntendedTokenKept);
        state.near.answer(&question, &[(self.name, Seed { is_intended, ..seed })]);
    }

    pub(crate) fn query(&self, state: &mut State) {
        let commits = u8::try_from(state.commits.len()).expect("two commits");
        if let Some(fill) = &mut state.fill {
            fill.commits = Some(commits);
        }
    }

    pub(crate) fn keep(&self, state: &mut State) {
        let Some(Fill { seed: Some(seed), commits: Some(commits), .. }) = state.fill.take() else { return };
        if state.near.admits([(self.name, seed.token)]) {
            state.entry = Some(Entry { epoch: state.near.epoch(), seed, commits });
        } else {
            self.sights.see(Sight::Overtaken);
        }
    }

    pub(crate) fn fill_actions(&self, state: &State, actions: &mut Vec<Action>) {
        match &state.fill {
            None if state.left.fills > 0 => actions.push(Action::Ask),
            None => {}
            Some(Fill { seed: None, .. }) => actions.push(Action::Seed),
            Some(Fill { is_answered: false, .. }) => actions.push(Action::Answer),
            Some(fill) => actions.push(if fill.commits.is_none() { Action::Query } else { Action::Keep }),
        }
    }
}
