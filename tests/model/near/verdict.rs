//! Decides whether a near hit at this moment would break a promise, and which moments cannot be told apart.

use cache_core::{Life, Timeout, Worth, judge};

use crate::near::state::{Promise, Stage, State};
use crate::near::world::{NearWorld, TRUST, moment};
use crate::scenario::Mutation;
use crate::sight::Sight;

impl NearWorld {
    /// What a near hit at this moment breaks.
    pub(crate) fn verdict(&self, state: &State) -> Option<Promise> {
        let entry = state.entry.as_ref().filter(|entry| state.near.is_current(entry.epoch))?;
        let judged_at = moment(if self.has(Mutation::HitsWithoutTrust) { 0 } else { state.now });
        let known = |name| state.near.token(name, judged_at);
        let tags = self.tags.iter().zip(&entry.seeds);
        let dependencies = tags.map(|(tag, seed)| (tag.kind(), seed.token, known(tag.fingerprint())));
        if judge(&Life::starting(judged_at, Timeout::NEVER), dependencies, judged_at) != Worth::Fresh {
            return None;
        }
        self.sights.see(Sight::Hit);
        let missed = &state.commits[usize::from(entry.commits)..];
        if !missed.is_empty() {
            self.sights.see(Sight::BehindWithinTrust);
        }
        missed.iter().find_map(|place| {
            let writer = &state.writers[usize::from(*place)];
            match writer.stage {
                Stage::Returned if *place == 0 => Some(Promise::OwnWrite),
                Stage::Returned if state.now >= writer.since + TRUST => Some(Promise::Bound),
                Stage::Crashed if state.now >= writer.since.saturating_add(self.lag()) => Some(Promise::Bound),
                _ => None,
            }
        })
    }
}

/// Forgets what makes no difference any more.
pub(crate) fn make_canonical(state: &mut State) {
    if state.link.is_half_open {
        state.link.to_store.clear();
        state.link.from_store.clear();
    }
    if state.link.epoch != state.near.epoch() {
        state.link.is_half_open = true;
    }
    let epoch = state.near.epoch();
    state.entry = state.entry.take().filter(|entry| entry.epoch == epoch);
    let now = state.now;
    for (place, writer) in state.writers.iter_mut().enumerate() {
        let is_past = writer.stage == Stage::Returned && now >= writer.since + TRUST;
        if is_past || (place == 0 && writer.stage != Stage::Returned) || writer.stage == Stage::Released {
            writer.since = 0;
        }
    }
}
