//! How writers end: tag by tag, at once or when the store is back.

use cache_core::intent::{TagState, TagValue};

use crate::plans::{Dirtiness, How};
use crate::reader::FRESH;
use crate::scenario::Mutation;
use crate::sight::Sight;
use crate::state::{Dirty, Late, Stage, State};
use crate::world::World;
use crate::writer::name;

/// What is added to a writer's name where its process releases once more, under another name.
pub(crate) const DRAINER: u8 = 100;

impl World {
    pub(crate) fn release(&self, state: &mut State, place: u8) {
        let Stage::Releasing(how, next) = state.writers[usize::from(place)].stage else { return };
        let is_sent = matches!(how, How::Drained(_)) || state.writers[usize::from(place)].is_releasing;
        if !is_sent {
            self.begin_release(state, place);
            if self.scenario.are_calls_slow {
                return;
            }
        }
        let is_last = self.release_one(state, place, how, next);
        let writer = &mut state.writers[usize::from(place)];
        if !is_last {
            writer.stage = Stage::Releasing(how, next + 1);
            return;
        }
        writer.stage = Stage::Over;
        if writer.dirty.take().is_some() {
            self.sights.see(Sight::Drained);
        }
        if self.has(Mutation::ReleaseBeforeCommit) {
            state.writers[usize::from(place)].stage = Stage::Open;
        }
        let writer = &mut state.writers[usize::from(place)];
        writer.is_acknowledged = writer.is_effective;
        writer.is_covered |= how.may_still_run();
        // What may still run relies on its own intents now.
        if let (true, Some(tag)) = (how.may_still_run(), self.names.writers_tag()) {
            writer.deadlines[usize::from(tag)] = 0;
        }
    }

    /// Releases one tag; says whether there is none left.
    pub(crate) fn release_one(&self, state: &mut State, place: u8, how: How, next: u8) -> bool {
        let (plan, is_drained) = (self.part(place).plan(how), matches!(how, How::Drained(_)));
        let ends = state.writers[usize::from(place)].ends.filter(|_| !is_drained);
        let (mut next, count) = (usize::from(next), plan.len() + usize::from(ends.is_some()));
        let is_last = next + 1 >= count;
        if self.has(Mutation::EndedBeforeTheChange) {
            // The first one becomes the last.
            next = (next + plan.len()) % count.max(1);
        }
        let Some((tag, outcome)) = plan.get(next).copied() else {
            if let (Some(name), Some(tag)) = (ends, self.names.writers_tag()) {
                self.end_standing(state, self.process_of(place), name);
                state.writers[usize::from(place)].ended |= 1 << tag;
            }
            return is_last;
        };
        let writer = if is_drained { name(DRAINER + place) } else { name(place) };
        self.script(state, tag, |keys, now| {
            keys.release(writer, outcome, FRESH, now);
            self.lift(keys);
        });
        // What a promise is measured by is what should have been done.
        match how {
            _ if how.may_still_run() => self.stands(state, place, tag),
            How::Drained(_) => {}
            _ => state.writers[usize::from(place)].ended |= 1 << tag,
        }
        is_last
    }

    pub(crate) fn lift(&self, keys: &mut TagState) {
        if self.has(Mutation::BlockedTagLiftedByRelease) && matches!(keys.held, Some(TagValue::Blocked { .. })) {
            keys.held = None;
        }
    }

    pub(crate) fn lose_release(&self, state: &mut State, place: u8, is_late: bool) {
        state.left.losses -= 1;
        self.fail_release(state, place, is_late);
    }

    /// The release is given up for now: its process stays away from the store until another one gets through.
    pub(crate) fn fail_release(&self, state: &mut State, place: u8, is_late: bool) {
        let Stage::Releasing(how, next) = state.writers[usize::from(place)].stage else { return };
        if !matches!(how, How::Drained(_)) {
            self.begin_release(state, place);
        }
        if matches!(how, How::Changed | How::Unknown) {
            self.leave(state, place);
        }
        let writer = &mut state.writers[usize::from(place)];
        writer.stage = Stage::Over;
        writer.late = is_late.then_some(Late::Release(how, next));
        writer.dirty = match how {
            How::Changed | How::Unknown => Some(Dirty { may_still_run: how.may_still_run(), since: state.now }),
            How::Drained(_) => writer.dirty,
            How::Unchanged => None,
        };
    }

    pub(crate) fn drain(&self, state: &mut State, place: u8) {
        let has_effect = state.commits.contains(&place);
        let writer = &mut state.writers[usize::from(place)];
        if let Some(Dirty { may_still_run, since }) = writer.dirty {
            writer.is_effective = has_effect;
            let dirtiness = Dirtiness { may_still_run, is_long: state.now - since > self.scenario.life };
            writer.stage = Stage::Releasing(How::Drained(dirtiness), 0);
        }
    }
}
