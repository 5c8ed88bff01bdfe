//! What happens to the store: time, evictions, other lives.

use cache_core::intent::{Outcome, TagState, TagValue, Writer as Name};
use cache_core::protocol::incarnation::{Arrival, arrive};

use crate::names::TagId;
use crate::reader::FRESH;
use crate::release::DRAINER;
use crate::scenario::{Faults, Mutation};
use crate::shop::Read;
use crate::sight::Sight;
use crate::state::{Kept, State};
use crate::world::{World, moment};

/// What a store calls the life that it is in.
const PRESENT: &[u8] = b"present";

impl World {
    pub(crate) fn advance(&self, state: &mut State) {
        state.now += 1;
        let now = moment(state.now);
        for tag in 0..self.names.count() {
            let keys = &mut state.store.tags[tag];
            keys.intents.retain(|(_, deadline)| *deadline > now);
            if let (true, Some(TagValue::Token { keeping, .. })) = (self.has(Mutation::TagGoesBeforeIntents), keys.held)
                && keeping.until() <= now
            {
                keys.held = None;
            }
            if keys.held.is_some_and(|held| held.expires_at() <= now) {
                keys.held = None;
                self.note_loss(state, tag);
            }
        }
    }

    pub(crate) fn evict_tag(&self, state: &mut State, tag: TagId) {
        state.left.evictions -= 1;
        let keys = &mut state.store.tags[usize::from(tag)];
        keys.held = None;
        if self.has(Mutation::IntentsDieWithTag) {
            keys.intents.clear();
        }
        self.note_loss(state, tag.into());
    }

    pub(crate) fn evict_intents(&self, state: &mut State, tag: TagId) {
        match &mut state.left {
            Faults { intent_losses: left @ 1.., .. } | Faults { evictions: left, .. } => *left -= 1,
        }
        let now = moment(state.now);
        let keys = &mut state.store.tags[usize::from(tag)];
        let lost = core::mem::take(&mut keys.intents);
        for (name, deadline) in lost {
            let place = name.bits() % u64::from(DRAINER);
            let writer = state.writers.get_mut(usize::try_from(place).expect("a small name"));
            if let Some(writer) = writer.filter(|_| deadline > now) {
                writer.intents_lost |= 1 << tag;
            }
        }
        if state.store.tags[usize::from(tag)].held.is_none() {
            self.note_loss(state, tag.into());
        }
    }

    /// The tag's first key is gone: where the second one was lost before, nothing tells of the intents any more.
    fn note_loss(&self, state: &mut State, tag: usize) {
        for (writer, part) in state.writers.iter_mut().zip(&self.names.writers) {
            let index = part.placed.iter().position(|placed| usize::from(*placed) == tag);
            let stands = index.is_some_and(|index| state.now < writer.deadlines[index]);
            if stands && writer.intents_lost & !writer.ended & (1 << tag) != 0 {
                writer.all_lost |= 1 << tag;
            }
        }
    }

    pub(crate) fn restart(&self, state: &mut State, is_from_snapshot: bool) {
        state.left.restarts -= 1;
        let empty = || Kept {
            tags: vec![TagState::default(); self.names.count()],
            entries: [const { None }; Read::COUNT],
            is_met: false,
        };
        let saved = if is_from_snapshot { state.saved.clone() } else { None };
        state.store = saved.unwrap_or_else(empty);
        state.connected &= self.scenario.unnoticing;
        state.looks.clear();
        for place in 0..u8::try_from(state.writers.len()).expect("a few writers") {
            if state.connected & (2 << place) == 0 {
                // What was under way has failed, and nothing that was sent to the former life arrives any more.
                self.fail_release(state, place, false);
                state.writers[usize::from(place)].late = None;
            }
            state.writers[usize::from(place)].all_lost = u16::MAX;
        }
        if state.left.restarts == 0 {
            state.saved = None;
        }
    }

    pub(crate) fn connect(&self, state: &mut State, process: u8) {
        state.connected |= 1 << process;
        let arrival = arrive(state.store.is_met.then_some(PRESENT), PRESENT);
        state.store.is_met = true;
        let changes_root = arrival == Arrival::ChangeRoot && !self.has(Mutation::NoRootChange);
        if let (true, Some(root)) = (changes_root, self.names.root()) {
            self.sights.see(Sight::RootChanged);
            self.script(state, root, |keys, now| keys.release(Name::from_bits(99), Outcome::Changed, FRESH, now));
        }
    }
}
