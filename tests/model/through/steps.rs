//! What writers and readers do, step by step.

use cache_core::intent::{Keeping, Outcome, Seed, Writer as Name};
use cache_core::protocol::candidate::Ground;
use cache_core::protocol::fill::{SeededTag, row_seeds};
use cache_core::{Tag, Token};

use crate::scenario::Mutation;
use crate::sight::Sight;
use crate::through::state::{Action, Entry, Fill, NOW, Stage, State};
use crate::through::{Given, ThroughWorld};

impl ThroughWorld {
    pub(super) fn take(&self, state: &mut State, action: Action) {
        match action {
            Action::Commit(place) => self.commit(state, place),
            Action::Evict(tag) => {
                state.left.evictions -= 1;
                state.tags[tag].held = None;
            }
            Action::Fill => self.fill(state),
            Action::LateStep(place) => self.late_step(state, place),
            Action::LoseRelease(place) => self.lose_release(state, place),
            Action::RollBack => state.writers[0].stage = Stage::Over,
            Action::Step(place) => self.step(state, place),
        }
    }

    /// Whether a writer has to wait for the lock of the row.
    pub(super) fn is_locked_out(&self, state: &State, place: u8) -> bool {
        place > 0 && self.given == Given::Save && state.writers[0].stage == Stage::Open
    }

    fn step(&self, state: &mut State, place: u8) {
        match state.writers[usize::from(place)].stage {
            Stage::Waiting if place == 0 => self.look_or_write(state),
            Stage::Waiting => self.commit(state, place),
            Stage::Releasing(next) => self.release(state, place, next),
            Stage::Storing => self.look_or_store(state),
            Stage::Open | Stage::Over => {}
        }
    }

    /// The tags whose tokens are read after the statement, by mistake.
    fn is_read_late(&self, tag: &Tag) -> bool {
        let is_row = tag.kind() == cache_core::TagKind::Row;
        is_row && self.has(Mutation::GivenRowTokenAfterStatement)
            || !is_row && self.has(Mutation::GivenTokensAfterStatement)
    }

    fn look_or_write(&self, state: &mut State) {
        let tags: Vec<Tag> = self.before().into_iter().filter(|tag| !self.is_read_late(tag)).collect();
        if let Some(tag) = tags.get(state.writers[0].seen.len()) {
            let seen = self.seed(state, tag);
            return state.writers[0].seen.push(seen);
        }
        match self.given {
            Given::Insert => self.commit(state, 0),
            Given::Save => state.writers[0].stage = Stage::Open,
        }
        if self.has(Mutation::GivenBeforeCommit) {
            state.writers[0].commits = u8::try_from(state.commits.len()).expect("a few") + 1;
            let seeds = state.writers[0].seen.clone();
            self.store(state, &seeds);
        }
    }

    fn commit(&self, state: &mut State, place: u8) {
        state.commits.push(place);
        let commits = u8::try_from(state.commits.len()).expect("a few writers");
        let sent = self.released(place.into()).iter().map(|_| state.fresh()).collect();
        let writer = &mut state.writers[usize::from(place)];
        (writer.stage, writer.commits, writer.sent) = (Stage::Releasing(0), commits, sent);
        if place == 0 {
            let seen = core::mem::take(&mut writer.seen);
            state.ground = Ground::of(seen);
        }
    }

    fn release(&self, state: &mut State, place: u8, next: u8) {
        self.read_late(state, place);
        let count = self.release_one(state, place, next);
        let writer = &mut state.writers[usize::from(place)];
        if usize::from(next) + 1 < count {
            writer.stage = Stage::Releasing(next + 1);
            return;
        }
        writer.is_acknowledged = true;
        writer.stage = Stage::Over;
        if place == 0 && self.stands(state) {
            state.writers[0].stage = Stage::Storing;
        }
    }

    /// What should have been looked at before the statement is looked at now.
    fn read_late(&self, state: &mut State, place: u8) {
        let late: Vec<Tag> = self.before().into_iter().filter(|tag| self.is_read_late(tag)).collect();
        let is_new = |tag: &Tag| state.ground.seeds().iter().all(|(seen, _)| seen != tag);
        if place == 0 && late.iter().any(is_new) {
            let more: Vec<SeededTag> = late.iter().map(|tag| self.seed(state, tag)).collect();
            state.ground = Ground::of([state.ground.seeds(), &more].concat());
        }
    }

    /// Releases one tag; gives how many there are.
    fn release_one(&self, state: &mut State, place: u8, next: u8) -> usize {
        let tags = self.released(place.into());
        let tag = tags[usize::from(next)];
        let (name, fresh) = (Name::from_bits(place.into()), state.writers[usize::from(place)].sent[usize::from(next)]);
        let mut held = Vec::new();
        if place == 0 {
            state.ground.ask(&[tag], &mut held);
        }
        let keys = &mut state.tags[self.place(&tag)];
        match held.first() {
            Some((_, held)) => {
                if keys.replace(name, (*held, fresh), NOW) || self.has(Mutation::GivenTokenNotCompared) {
                    state.writers[0].replaced.push((tag, *held, fresh));
                }
            }
            None => keys.release(name, Outcome::Changed, fresh, NOW),
        }
        tags.len()
    }

    /// Whether the row may be stored as far as its release is concerned.
    fn stands(&self, state: &mut State) -> bool {
        let (changed, replaced) = (self.released(0), state.writers[0].replaced.clone());
        let stands = state.ground.stand_on(&changed, &replaced);
        if !stands {
            self.sights.see(Sight::Overtaken);
        }
        stands
    }

    fn lose_release(&self, state: &mut State, place: u8) {
        state.left.losses -= 1;
        self.read_late(state, place);
        let writer = &mut state.writers[usize::from(place)];
        let Stage::Releasing(next) = writer.stage else { return };
        (writer.stage, writer.late) = (Stage::Over, Some(next));
        if place == 0 && self.has(Mutation::GivenBeforeAcknowledgement) {
            // What was sent is taken for done.
            let (tags, sent) = (self.released(0), state.writers[0].sent.clone());
            let mut held = Vec::new();
            state.ground.ask(&tags, &mut held);
            let token = |tag: &Tag| sent[tags.iter().position(|other| other == tag).expect("a tag that is released")];
            let replaced: Vec<(Tag, Token, Token)> = held.iter().map(|(tag, held)| (*tag, *held, token(tag))).collect();
            if state.ground.stand_on(&tags, &replaced) {
                state.writers[0].stage = Stage::Storing;
            }
        }
    }

    fn late_step(&self, state: &mut State, place: u8) {
        self.sights.see(Sight::LateMessage);
        let next = state.writers[usize::from(place)].late.unwrap_or_default();
        let count = self.release_one(state, place, next);
        state.writers[usize::from(place)].late = (usize::from(next) + 1 < count).then_some(next + 1);
    }

    fn look_or_store(&self, state: &mut State) {
        let tags = self.after();
        if let Some(tag) = tags.get(state.writers[0].seen.len()) {
            let seen = self.seed(state, tag);
            return state.writers[0].seen.push(seen);
        }
        state.writers[0].stage = Stage::Over;
        let (ground, after) = (state.ground.seeds().to_vec(), state.writers[0].seen.clone());
        let seeds = match after.first() {
            None => Some(ground),
            Some(row) if self.has(Mutation::GivenRowNotWitnessed) => Some([&ground[..], &[*row]].concat()),
            Some(_) => row_seeds(&ground, &after),
        };
        match seeds {
            Some(seeds) => self.store(state, &seeds),
            None => self.sights.see(Sight::SecondLookRefused),
        }
    }

    fn store(&self, state: &mut State, seeds: &[SeededTag]) {
        let token = |tag: &Tag| seeds.iter().find(|(seen, _)| seen == tag).map(|(_, seed)| (*tag, seed.token));
        let tokens: Option<Vec<(Tag, Token)>> = self.dependencies().iter().map(token).collect();
        let tokens = tokens.expect("what is stored was looked at");
        state.entry = Some(Entry { tokens, commits: state.writers[0].commits, author: Some(0) });
    }

    fn seed(&self, state: &mut State, tag: &Tag) -> SeededTag {
        let fresh = state.fresh();
        let seed: Seed = state.tags[self.place(tag)].seed(fresh, Keeping::Long, NOW);
        (*tag, seed)
    }

    /// A reader loads the row.
    fn fill(&self, state: &mut State) {
        let Some(mut fill) = state.fill.take() else {
            state.left.fills -= 1;
            state.fill = Some(Fill::default());
            return;
        };
        let tags = self.dependencies();
        if let Some(tag) = tags.get(fill.tokens.len()) {
            let (_, seed) = self.seed(state, tag);
            fill.tokens.push((*tag, seed.token));
            state.fill = Some(fill);
        } else if let Some(commits) = fill.commits {
            state.entry = Some(Entry { tokens: fill.tokens, commits, author: None });
        } else {
            fill.commits = u8::try_from(state.commits.len()).ok();
            state.fill = Some(fill);
        }
    }
}
