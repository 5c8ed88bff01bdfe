//! What the writers beside a near cache do.

use core::time::Duration;

use cache_core::intent::{Outcome, Writer as Name};

use crate::near::state::{Stage, State, Writer};
use crate::near::world::NearWorld;
use crate::scenario::Mutation;

impl NearWorld {
    pub(crate) fn write(&self, state: &mut State, place: u8) {
        let (name, now) = (Name::from_bits(place.into()), state.now);
        let writer = &mut state.writers[usize::from(place)];
        match writer.stage {
            Stage::Waiting => {
                *writer = Writer { stage: Stage::Placed, since: now + self.life };
                let life = Duration::from_nanos(self.life.into());
                self.script(state, self.intended(), |keys, _, now| keys.place(name, life, now));
            }
            Stage::Placed => {
                writer.stage = Stage::Committed;
                // An intent that had ended before does not bound anything.
                writer.since = if now < writer.since { writer.since } else { u8::MAX };
                state.commits.push(place);
            }
            Stage::Committed => {
                writer.stage = if self.intended() == 0 { Stage::Released } else { Stage::Changed };
                self.script(state, 0, |keys, fresh, now| keys.release(name, Outcome::Changed, fresh, now));
            }
            Stage::Changed => {
                writer.stage = Stage::Released;
                self.script(state, 1, |keys, fresh, now| keys.release(name, Outcome::Unchanged, fresh, now));
            }
            Stage::Released => {
                *writer = Writer { stage: Stage::Returned, since: now };
                if place == 0 && !self.has(Mutation::OwnWriteKeepsToken) {
                    state.near.changed(self.name(0));
                }
            }
            Stage::Crashed | Stage::Returned => {}
        }
    }
}
