//! What writers do: place, commit, release; and what goes wrong with that.

use cache_core::intent::Writer as Name;

use crate::names::TagId;
use crate::plans::{How, INTENT_LIFE, LIFE, Part};
use crate::scenario::Mutation;
use crate::sight::Sight;
use crate::state::{Fate, Late, Stage, State, Writer};
use crate::world::World;

impl Writer {
    pub(crate) fn waiting(tags: usize) -> Self {
        Self {
            stage: Stage::Waiting,
            is_acknowledged: false,
            is_effective: false,
            is_covered: false,
            dirty: None,
            is_in_time: false,
            may_commit: false,
            late: None,
            deadlines: vec![0; tags],
            ended: 0,
            intents_lost: 0,
            all_lost: 0,
        }
    }
}

impl World {
    pub(crate) fn is_worth_renewing(&self, state: &State, writer: &Writer) -> bool {
        writer.deadlines.iter().any(|deadline| *deadline < state.now + LIFE)
    }

    pub(crate) fn place(&self, state: &mut State, place: u8) {
        self.place_all(state, place);
        let writer = &mut state.writers[usize::from(place)];
        writer.is_covered = true;
        writer.stage =
            if self.has(Mutation::ReleaseBeforeCommit) { Stage::Releasing(How::Changed, 0) } else { Stage::Open };
    }

    fn place_all(&self, state: &mut State, place: u8) {
        for index in 0..self.part(place).placed.len() {
            let tag = self.part(place).placed[index];
            if !self.has(Mutation::NoIntent) {
                self.script(state, tag, |keys, now| keys.place(name(place), INTENT_LIFE, now));
            }
            self.stands(state, place, tag);
        }
    }

    pub(crate) fn lose_place(&self, state: &mut State, place: u8, is_late: bool) {
        state.left.losses -= 1;
        let writer = &mut state.writers[usize::from(place)];
        writer.stage = Stage::Open;
        writer.late = is_late.then_some(Late::Place);
    }

    pub(crate) fn commit(&self, state: &mut State, place: u8) {
        take_effect(state, place);
        let writer = &mut state.writers[usize::from(place)];
        writer.is_acknowledged = self.has(Mutation::ReleaseBeforeCommit);
        writer.stage = if writer.is_acknowledged { Stage::Over } else { Stage::Releasing(How::Changed, 0) };
    }

    pub(crate) fn lose_answer(&self, state: &mut State, place: u8, fate: Fate) {
        state.left.unknowns -= 1;
        meet(state, place, fate);
        state.writers[usize::from(place)].stage = Stage::Releasing(How::Unknown, 0);
    }

    pub(crate) fn late_commit(&self, state: &mut State, place: u8) {
        self.sights.see(Sight::LateCommit);
        take_effect(state, place);
        state.writers[usize::from(place)].may_commit = false;
    }

    pub(crate) fn crash(&self, state: &mut State, place: u8, fate: Fate) {
        state.left.crashes -= 1;
        meet(state, place, fate);
        let writer = &mut state.writers[usize::from(place)];
        writer.stage = Stage::Over;
        writer.dirty = None;
    }

    pub(crate) fn late_step(&self, state: &mut State, place: u8) {
        self.sights.see(Sight::LateMessage);
        match state.writers[usize::from(place)].late {
            Some(Late::Place) => {
                self.place_all(state, place);
                state.writers[usize::from(place)].late = None;
            }
            Some(Late::Release(how, next)) => {
                let is_last = self.release_one(state, place, how, next);
                let late = (!is_last).then_some(Late::Release(how, next + 1));
                state.writers[usize::from(place)].late = late;
            }
            None => {}
        }
    }

    pub(crate) fn part(&self, place: u8) -> &Part {
        &self.names.writers[usize::from(place)]
    }

    /// Notes that the writer's intent stands beside `tag` from now on.
    pub(crate) fn stands(&self, state: &mut State, place: u8, tag: TagId) {
        let writer = &mut state.writers[usize::from(place)];
        if let Some(index) = self.part(place).placed.iter().position(|placed| *placed == tag) {
            writer.deadlines[index] = state.now + LIFE;
            for tags in [&mut writer.ended, &mut writer.intents_lost, &mut writer.all_lost] {
                *tags &= !(1 << tag);
            }
        }
    }
}

pub(crate) fn name(place: u8) -> Name {
    Name::from_bits(place.into())
}

fn meet(state: &mut State, place: u8, fate: Fate) {
    match fate {
        Fate::Done => take_effect(state, place),
        Fate::Later => state.writers[usize::from(place)].may_commit = true,
        Fate::Never => {}
    }
}

fn take_effect(state: &mut State, place: u8) {
    state.commits.push(place);
    let now = state.now;
    let writer = &mut state.writers[usize::from(place)];
    writer.is_effective = !writer.may_commit;
    writer.is_in_time = writer.deadlines.iter().all(|deadline| now < *deadline);
}
