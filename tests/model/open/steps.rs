//! What writers and readers do, and what goes wrong with that.

use cache_core::intent::{Keeping, Outcome, TagValue, Writer as Name};

use crate::open::state::{Action, FRESH, Fill, Stage, State, Writer};
use crate::open::{LIFE, OPENER, OpenWorld};
use crate::scenario::Mutation;
use crate::sight::Sight;
use crate::world::{lasting, moment};

impl OpenWorld {
    pub(super) fn writing(&self, state: &State, (place, writer): (u8, &Writer), actions: &mut Vec<Action>) {
        let has_committed = state.commits.contains(&place);
        let is_under_way = matches!(writer.stage, Stage::Sent | Stage::Answered);
        // Of a writer that is gone the server may carry the statement out.
        if !has_committed && writer.stage != Stage::Waiting {
            actions.push(Action::Commit(place));
        }
        if is_under_way {
            let stands = state.now < writer.deadline;
            actions.extend((stands && state.now + LIFE > writer.deadline).then_some(Action::PlaceAgain(place)));
            actions.extend((state.left.crashes > 0).then_some(Action::Crash(place)));
        }
        match writer.stage {
            Stage::Waiting => actions.push(Action::Start(place)),
            Stage::Sent if place == OPENER => actions.push(Action::Answer(place)),
            Stage::Sent | Stage::Answered if has_committed => actions.push(Action::Release(place)),
            Stage::Sent | Stage::Answered | Stage::Over => {}
        }
    }

    pub(super) fn take(&self, state: &mut State, action: Action) {
        match action {
            Action::Advance => self.advance(state),
            Action::Answer(place) => self.answer(state, place),
            Action::Commit(place) => self.commit(state, place),
            Action::Crash(place) => {
                state.left.crashes -= 1;
                state.writers[usize::from(place)].stage = Stage::Over;
            }
            Action::EvictIntents => evict_intents(state),
            Action::EvictTag => {
                state.left.evictions -= 1;
                state.tag.held = None;
                note_loss(state);
            }
            Action::Fill => self.fill(state),
            Action::PlaceAgain(place) => self.place(state, place),
            Action::Release(place) => self.release(state, place),
            Action::Start(place) => {
                self.place(state, place);
                state.writers[usize::from(place)].stage = Stage::Sent;
            }
        }
    }

    fn advance(&self, state: &mut State) {
        state.now += 1;
        let now = moment(state.now);
        state.tag.intents.retain(|(_, deadline)| *deadline > now);
        if state.tag.held.is_some_and(|held| held.expires_at() <= now) {
            state.tag.held = None;
            note_loss(state);
        }
    }

    fn place(&self, state: &mut State, place: u8) {
        state.tag.place(name(place), lasting(LIFE), moment(state.now));
        if self.has(Mutation::OpenClosedByPlacing) {
            state.tag.open.clear();
        }
        self.note_blocked(state);
        let deadline = state.now + LIFE;
        let writer = &mut state.writers[usize::from(place)];
        // What a tag does not know of any more, a new intent does not bring back.
        if !writer.is_lost {
            writer.deadline = deadline;
        }
    }

    /// The end is told while the answer begins.
    fn answer(&self, state: &mut State, place: u8) {
        let now = moment(state.now);
        if self.has(Mutation::OpenLiftsBlocked) {
            // As an operation finds it.
            state.tag.place(name(place), lasting(LIFE), now);
            state.tag.held = state.tag.held.filter(|held| !matches!(held, TagValue::Blocked { .. }));
        }
        let outcome = if self.has(Mutation::OpenTakenAsDone) { Outcome::Changed } else { Outcome::Open(lasting(LIFE)) };
        state.tag.release(name(place), outcome, FRESH, now);
        self.note_blocked(state);
        let deadline = state.now + LIFE;
        let has_committed = state.commits.contains(&place);
        let writer = &mut state.writers[usize::from(place)];
        (writer.stage, writer.deadline) = (Stage::Answered, deadline);
        (writer.is_lost, writer.is_forgotten) = (false, false);
        writer.is_in_time = has_committed;
    }

    fn commit(&self, state: &mut State, place: u8) {
        state.commits.push(place);
        let now = state.now;
        let writer = &mut state.writers[usize::from(place)];
        if writer.stage == Stage::Answered {
            self.sights.see(Sight::LateCommit);
        }
        writer.is_in_time = now < writer.deadline;
    }

    /// A later statement of the opener's is over, or the write of the other one is.
    fn release(&self, state: &mut State, place: u8) {
        state.tag.release(name(place), Outcome::Changed, FRESH, moment(state.now));
        if self.has(Mutation::OpenClosedByAnother) && place != OPENER {
            state.tag.open.clear();
        }
        self.note_blocked(state);
        let writer = &mut state.writers[usize::from(place)];
        (writer.stage, writer.is_acknowledged) = (Stage::Over, true);
    }

    fn fill(&self, state: &mut State) {
        let Some(mut fill) = state.fill.take() else {
            return self.begin(state);
        };
        match fill.commits {
            Some(commits) if fill.is_alive => state.entry = Some(commits),
            Some(_) => {}
            None => {
                fill.commits = u8::try_from(state.commits.len()).ok();
                state.fill = Some(fill);
            }
        }
    }

    /// Reads the tag's token, or gives it one.
    fn begin(&self, state: &mut State) {
        let now = moment(state.now);
        let open = state.tag.open.clone();
        if self.has(Mutation::OpenTagKeepsToken) {
            state.tag.open.clear();
        }
        let seed = state.tag.seed(FRESH, Keeping::Long, now);
        if self.has(Mutation::OpenTagKeepsToken) {
            state.tag.open = open;
        }
        self.note_blocked(state);
        let is_alive = state.tag.token(now) == Some(seed.token);
        if !is_alive && !state.tag.open.is_empty() {
            self.sights.see(Sight::SeededUnderOpen);
        }
        // The token that it was given now is the one that the tag has.
        state.make_canonical();
        state.fill = Some(Fill { is_alive, commits: None });
    }

    fn note_blocked(&self, state: &State) {
        if matches!(state.tag.held, Some(TagValue::Blocked { .. })) {
            self.sights.see(Sight::Blocked);
        }
    }
}

fn name(place: u8) -> Name {
    Name::from_bits(u64::from(place) + 1)
}

fn evict_intents(state: &mut State) {
    state.left.evictions -= 1;
    // The second key has both.
    let lost = core::mem::take(&mut state.tag.intents);
    state.tag.open.clear();
    for (place, writer) in (0..).zip(&mut state.writers) {
        writer.is_lost |= lost.iter().any(|(other, _)| *other == name(place));
    }
    note_loss(state);
}

/// Where the key that counts the intents is gone too, nobody knows of those that were lost.
fn note_loss(state: &mut State) {
    if state.tag.held.is_none() {
        state.writers.iter_mut().for_each(|writer| writer.is_forgotten |= writer.is_lost);
    }
}
