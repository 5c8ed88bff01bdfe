//! What happens to the store: time, evictions, other lives.

use cache_core::intent::{Outcome, TagState, TagValue, Writer as Name};
use cache_core::protocol::incarnation::{Arrival, arrive};

use crate::names::TagId;
use crate::process::bits;
use crate::reader::FRESH;
use crate::release::DRAINER;
use crate::scenario::{Faults, Mutation};
use crate::shop::Read;
use crate::sight::Sight;
use crate::state::{Kept, Stage, State};
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
        for name in lost.into_iter().filter(|(_, deadline)| *deadline > now).map(|(name, _)| bits(name)) {
            let is_of_a_process = self.names.writers_tag() == Some(tag);
            for (place, writer) in (0..).zip(&mut state.writers) {
                let is_own = if is_of_a_process { writer.relies_on == Some(name) } else { place == name % DRAINER };
                if is_own {
                    writer.intents_lost |= 1 << tag;
                }
            }
            let held = state.processes.iter_mut().filter_map(|process| process.held.as_mut());
            held.filter(|held| is_of_a_process && held.name == name).for_each(|held| held.is_lost = true);
        }
        if state.store.tags[usize::from(tag)].held.is_none() {
            self.note_loss(state, tag.into());
        }
    }

    /// The tag's first key is gone: where the second one was lost before, nothing tells of the intents any more.
    fn note_loss(&self, state: &mut State, tag: usize) {
        let now = state.now;
        for writer in &mut state.writers {
            if now < writer.deadlines[tag] && writer.intents_lost & !writer.ended & (1 << tag) != 0 {
                writer.all_lost |= 1 << tag;
            }
        }
        if self.names.writers_tag().is_some_and(|writers| usize::from(writers) == tag) {
            let held = state.processes.iter_mut().filter_map(|process| process.held.as_mut());
            held.filter(|held| now < held.until && held.is_lost).for_each(|held| held.is_all_lost = true);
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
        for place in (0..).take(state.writers.len()) {
            if state.connected & (2 << self.process_of(place)) == 0 {
                // What was under way has failed, and nothing that was sent to the former life arrives any more.
                self.fail_release(state, place, false);
                state.writers[usize::from(place)].late = None;
            }
            // What begins later relies on what its process believes to stand.
            if state.writers[usize::from(place)].stage != Stage::Waiting {
                state.writers[usize::from(place)].all_lost = u16::MAX;
            }
        }
        for process in (0..).take(state.processes.len()) {
            let is_connected = state.connected & (2 << process) != 0;
            if !is_connected {
                self.fail_renewal(state, process, false);
            }
            let own = &mut state.processes[usize::from(process)];
            own.late = own.late.filter(|_| is_connected);
            if let Some(held) = &mut own.held {
                held.is_all_lost = true;
            }
        }
        if state.left.restarts == 0 {
            state.saved = None;
        }
    }

    /// A process meets another life of the store: what was placed in the former one does not count from now on.
    fn meet_again(&self, state: &mut State, process: u8) {
        let own = &mut state.processes[usize::from(process)];
        if !self.has(Mutation::IncarnationNotNoticed) {
            own.incarnations += 1;
        }
        if let Some(held) = &mut own.held {
            held.is_all_lost = false;
        }
    }

    pub(crate) fn connect(&self, state: &mut State, process: u8) {
        state.connected |= 1 << process;
        if let Some(place) = process.checked_sub(1) {
            self.meet_again(state, place);
        }
        let arrival = arrive(state.store.is_met.then_some(PRESENT), PRESENT);
        state.store.is_met = true;
        let changes_root = arrival == Arrival::ChangeRoot && !self.has(Mutation::NoRootChange);
        if let (true, Some(root)) = (changes_root, self.names.root()) {
            self.sights.see(Sight::RootChanged);
            self.script(state, root, |keys, now| keys.release(Name::from_bits(99), Outcome::Changed, FRESH, now));
        }
    }
}
