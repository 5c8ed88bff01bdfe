//! What a read does that was not answered near.

use cache_core::Fingerprint;
use cache_core::intent::Seed;

use crate::near::state::{Action, Entry, Fill, State};
use crate::near::world::NearWorld;
use crate::scenario::Mutation;
use crate::sight::Sight;

impl NearWorld {
    pub(crate) fn ask(&self, state: &mut State) {
        state.left.fills -= 1;
        let question = state.near.ask(self.named());
        state.fill = Some(Fill { question, seeds: None, is_answered: false, commits: None });
    }

    pub(crate) fn seed(&self, state: &mut State) {
        let seed = |tag| self.script(state, tag, |keys, fresh, now| keys.seed(fresh, self.keeping(now), now));
        let seeds = (0..self.tags.len()).map(seed).collect();
        if let Some(fill) = &mut state.fill {
            fill.seeds = Some(seeds);
        }
    }

    pub(crate) fn answer(&self, state: &mut State) {
        let Some(fill) = &mut state.fill else { return };
        fill.is_answered = true;
        if self.has(Mutation::MessageForgotten) {
            fill.question = state.near.ask(self.named());
        }
        let Some((question, seeds)) = fill.question.clone().zip(fill.seeds.clone()) else { return };
        let told =
            |seed: Seed| Seed { is_intended: seed.is_intended && !self.has(Mutation::IntendedTokenKept), ..seed };
        let seeds: Vec<(Fingerprint, Seed)> = self.names().zip(seeds.into_iter().map(told)).collect();
        state.near.answer(&question, &seeds);
    }

    pub(crate) fn query(&self, state: &mut State) {
        let commits = u8::try_from(state.commits.len()).expect("two commits");
        if let Some(fill) = &mut state.fill {
            fill.commits = Some(commits);
        }
    }

    pub(crate) fn keep(&self, state: &mut State) {
        let Some(Fill { seeds: Some(seeds), commits: Some(commits), .. }) = state.fill.take() else { return };
        if state.near.admits(self.names().zip(seeds.iter().map(|seed| seed.token))) {
            state.entry = Some(Entry { epoch: state.near.epoch(), seeds, commits });
        } else {
            self.sights.see(Sight::Overtaken);
        }
    }

    pub(crate) fn fill_actions(&self, state: &State, actions: &mut Vec<Action>) {
        match &state.fill {
            None if state.left.fills > 0 => actions.push(Action::Ask),
            None => {}
            Some(Fill { seeds: None, .. }) => actions.push(Action::Seed),
            Some(fill) => {
                // An entry that is found in the store was queried before the answer comes in.
                let choices = [
                    (!fill.is_answered, Action::Answer),
                    (fill.commits.is_none(), Action::Query),
                    (fill.is_answered && fill.commits.is_some(), Action::Keep),
                ];
                actions.extend(choices.into_iter().filter(|(may, _)| *may).map(|(_, action)| action));
            }
        }
    }
}
