//! What writers do: place, commit, release; and what goes wrong with that.

use cache_core::intent::Writer as Name;
use cache_core::protocol::standing::Cover;

use crate::names::TagId;
use crate::plans::{How, Part};
use crate::process::bits;
use crate::scenario::Mutation;
use crate::sight::Sight;
use crate::state::{Fate, Late, Renewal, Stage, State, Writer};
use crate::world::{World, lasting};

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
            relies_on: None,
            covered_at: 0,
            ends: None,
            is_releasing: false,
            deadlines: vec![0; tags],
            ended: 0,
            intents_lost: 0,
            all_lost: 0,
        }
    }
}

impl World {
    pub(crate) fn is_worth_renewing(&self, state: &State, place: u8) -> bool {
        let until = state.now + self.scenario.life;
        let writer = &state.writers[usize::from(place)];
        self.part(place).own.iter().any(|tag| writer.deadlines[usize::from(*tag)] < until)
    }

    /// Whether a write that begins now places nothing.
    pub(crate) fn needs_nothing(&self, state: &State, place: u8) -> bool {
        self.part(place).own.is_empty() && matches!(self.cover(&mut state.clone(), place), Some(Cover::Stands))
    }

    pub(crate) fn start(&self, state: &mut State, place: u8) {
        let (sent_at, process) = (state.now, self.process_of(place));
        let cover = self.cover(state, place);
        let writer = &mut state.writers[usize::from(place)];
        (writer.is_covered, writer.covered_at) = (true, sent_at);
        writer.stage =
            if self.has(Mutation::ReleaseBeforeCommit) { Stage::Releasing(How::Changed, 0) } else { Stage::Open };
        match cover {
            Some(Cover::Place(name)) => {
                let covers = self.covers(state, process, bits(name)) | 1 << place;
                self.place_standing(state, process, Renewal { name: bits(name), sent_at, covers });
                self.join(state, place, bits(name));
            }
            Some(Cover::Stands) => self.rely(state, place),
            None => {}
        }
        self.place_own(state, place);
    }

    /// Places the intents of the write itself.
    pub(crate) fn place_own(&self, state: &mut State, place: u8) {
        for index in 0..self.part(place).own.len() {
            let tag = self.part(place).own[index];
            if !self.has(Mutation::NoIntent) {
                let life = lasting(self.scenario.life);
                self.script(state, tag, |keys, now| keys.place(name(place), life, now));
            }
            self.stands(state, place, tag);
        }
    }

    pub(crate) fn lose_place(&self, state: &mut State, place: u8, is_late: bool) {
        state.left.losses -= 1;
        let cover = self.cover(state, place);
        let intent = if let Some(Cover::Place(name)) = cover { Some(name) } else { None };
        if let Some(name) = intent {
            self.process(state, place).failed(bits(name));
        }
        let writer = &mut state.writers[usize::from(place)];
        writer.stage = Stage::Open;
        writer.late = is_late.then_some(Late::Place(intent.map(bits)));
    }

    pub(crate) fn give_up(&self, state: &mut State, place: u8, fate: Fate) {
        state.left.abandons -= 1;
        meet(state, place, fate, self.scenario.life);
        self.abandon(state, place);
        state.writers[usize::from(place)].stage = Stage::Over;
    }

    pub(crate) fn commit(&self, state: &mut State, place: u8) {
        take_effect(state, place, self.scenario.life);
        let writer = &mut state.writers[usize::from(place)];
        if writer.deadlines.iter().any(|deadline| (1..=state.now).contains(deadline)) {
            self.sights.see(Sight::LateRelease);
        }
        writer.is_acknowledged = self.has(Mutation::ReleaseBeforeCommit);
        writer.stage = if writer.is_acknowledged { Stage::Over } else { Stage::Releasing(How::Changed, 0) };
    }

    pub(crate) fn lose_answer(&self, state: &mut State, place: u8, fate: Fate) {
        state.left.unknowns -= 1;
        meet(state, place, fate, self.scenario.life);
        state.writers[usize::from(place)].stage = Stage::Releasing(How::Unknown, 0);
    }

    pub(crate) fn late_commit(&self, state: &mut State, place: u8) {
        self.sights.see(Sight::LateCommit);
        take_effect(state, place, self.scenario.life);
        state.writers[usize::from(place)].may_commit = false;
    }

    pub(crate) fn crash(&self, state: &mut State, place: u8, fate: Fate) {
        state.left.crashes -= 1;
        meet(state, place, fate, self.scenario.life);
        let process = self.process_of(place);
        for (other, writer) in (0..).zip(&mut state.writers) {
            if self.process_of(other) == process {
                (writer.stage, writer.dirty) = (Stage::Over, None);
            }
        }
        let own = &mut state.processes[usize::from(process)];
        own.is_dead = true;
        own.late = own.late.or(own.renewal.take());
    }

    pub(crate) fn late_step(&self, state: &mut State, place: u8) {
        self.sights.see(Sight::LateMessage);
        match state.writers[usize::from(place)].late {
            Some(Late::Place(intent)) => {
                if let Some(name) = intent {
                    let relies = |writer: &&Writer| writer.relies_on == Some(name);
                    let others = (0..).zip(&state.writers).filter(|(_, writer)| relies(writer));
                    let covers = others.fold(1 << place, |covers, (other, _)| covers | 1 << other);
                    self.stand(state, self.process_of(place), Renewal { name, sent_at: state.now, covers });
                }
                self.place_own(state, place);
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

    /// Notes that an intent stands for the writer beside `tag` from now on.
    pub(crate) fn stands(&self, state: &mut State, place: u8, tag: TagId) {
        let until = state.now + self.scenario.life;
        let writer = &mut state.writers[usize::from(place)];
        writer.deadlines[usize::from(tag)] = until;
        for tags in [&mut writer.ended, &mut writer.intents_lost, &mut writer.all_lost] {
            *tags &= !(1 << tag);
        }
    }
}

pub(crate) fn name(place: u8) -> Name {
    Name::from_bits(place.into())
}

fn meet(state: &mut State, place: u8, fate: Fate, life: u8) {
    match fate {
        Fate::Done => take_effect(state, place, life),
        Fate::Later => state.writers[usize::from(place)].may_commit = true,
        Fate::Never => {}
    }
}

fn take_effect(state: &mut State, place: u8, life: u8) {
    state.commits.push(place);
    let now = state.now;
    let writer = &mut state.writers[usize::from(place)];
    writer.is_effective = !writer.may_commit;
    // Half a life is left to whoever begins.
    let is_early = writer.is_covered && now < writer.covered_at + life / 2;
    writer.is_in_time = is_early || writer.deadlines.iter().all(|deadline| *deadline == 0 || now < *deadline);
}
