//! Gives states that cannot be told apart one form, so that the world stays small.

use cache_core::Token;
use cache_core::intent::{IntentCount, TagValue};
use cache_core::protocol::standing::StandingIntent;

use crate::process::{instant, named};
use crate::scenario::Mutation;
use crate::shop::Read;
use crate::sight::Sight;
use crate::state::{Entry, Fill, Kept, Late, Process, Seen, Stage, State, Writer};
use crate::world::{World, lasting};

/// New names of one tag's tokens, by their old ones; 0: none yet.
struct Names {
    of: [u8; 256],
    next: u8,
}

impl Names {
    fn give(&mut self, token: u8) {
        if token != 0 && self.of[usize::from(token)] == 0 {
            self.of[usize::from(token)] = self.next;
            self.next += 1;
        }
    }
}

impl World {
    pub(crate) fn make_canonical(&self, state: &mut State) {
        if state.broken.is_some() {
            return;
        }
        let before = state.store.entries.clone();
        for tag in 0..self.names.count() {
            self.rename(state, tag);
        }
        self.note_killed(state, &before);
        self.drop_dead_fills(state);
        forget_tokens(state);
        self.settle_writers(state);
        let mut entries = core::mem::take(&mut state.store.entries);
        for (place, entry) in entries.iter_mut().enumerate() {
            if let Some(entry) = entry {
                entry.commits = self.first_alike(state, Read::at(place), entry.commits);
            }
        }
        state.store.entries = entries;
        state.fills.sort_unstable();
        state.looks.sort_unstable();
    }

    fn note_killed(&self, state: &State, before: &[Option<Entry>]) {
        let gone = (0..).zip(before.iter().zip(&state.store.entries)).filter(|(_, (_, after))| after.is_none());
        let mut gone = gone.filter_map(|(place, (before, _))| Some((Read::at(place), before.as_ref()?.commits)));
        if gone.any(|(read, commits)| self.older_than(state, read, commits, u8::MAX).is_some()) {
            self.sights.see(Sight::Killed);
        }
    }

    /// Numbers the tokens of one tag anew, and lets entries go whose token can never come back.
    fn rename(&self, state: &mut State, tag: usize) {
        let mut names = Names { of: [0; 256], next: 1 };
        for kept in kepts(state) {
            held(kept, tag).into_iter().for_each(|token| names.give(token));
        }
        for look in &state.looks {
            let seen = look.tokens.iter().chain(look.entry.iter().flat_map(|entry| &entry.tokens));
            seen.filter(|seen| usize::from(seen.tag) == tag).for_each(|seen| names.give(seen.token));
        }
        let alive = names.next;
        for fill in &state.fills {
            let seen = fill.seeds.iter().chain(&fill.late);
            seen.filter(|seen| usize::from(seen.tag) == tag).for_each(|seen| names.give(seen.token));
        }
        for kept in [Some(&mut state.store), state.saved.as_mut()].into_iter().flatten() {
            self.rename_kept(kept, tag, &names, alive);
        }
        let rename = |seen: &mut Seen| seen.token = names.of[usize::from(seen.token)];
        let looks = state
            .looks
            .iter_mut()
            .flat_map(|look| look.tokens.iter_mut().chain(look.entry.iter_mut().flat_map(|entry| &mut entry.tokens)));
        let fills = state.fills.iter_mut().flat_map(|fill| fill.seeds.iter_mut().chain(&mut fill.late));
        looks.chain(fills).filter(|seen| usize::from(seen.tag) == tag).for_each(rename);
    }

    fn rename_kept(&self, kept: &mut Kept, tag: usize, names: &Names, alive: u8) {
        let keeps_dead = self.has(Mutation::TokensNotCompared);
        for entry in &mut kept.entries {
            let Some(found) = entry else { continue };
            let Some(seen) = found.tokens.iter_mut().find(|seen| usize::from(seen.tag) == tag) else { continue };
            seen.token = names.of[usize::from(seen.token)];
            if (seen.token == 0 || seen.token >= alive) && !keeps_dead {
                *entry = None;
            }
        }
        if let Some(TagValue::Token { token, .. }) = &mut kept.tags[tag].held {
            *token = Token::from_bits(names.of[usize::from(bits(*token))].into());
        }
    }

    /// A fill under a token that can never come back is stored in vain.
    fn drop_dead_fills(&self, state: &mut State) {
        let revives = [Mutation::FlightAcrossTokens, Mutation::KeptTokenComesBack, Mutation::TokensNotCompared];
        if revives.into_iter().any(|mutation| self.has(mutation)) {
            return;
        }
        let fills = core::mem::take(&mut state.fills);
        let (alive, dead): (Vec<Fill>, Vec<Fill>) = fills.into_iter().partition(|fill| {
            matches!(fill.read, Read::Slug(_)) || fill.seeds.iter().all(|seen| can_come_back(state, *seen))
        });
        let is_outdated = |fill: &Fill| {
            fill.commits.is_some_and(|commits| self.older_than(state, fill.read, commits, u8::MAX).is_some())
        };
        if dead.iter().any(is_outdated) {
            self.sights.see(Sight::Overtaken);
        }
        state.fills = alive;
    }

    /// Forgets what no promise asks for any more.
    fn settle_writers(&self, state: &mut State) {
        let now = state.now;
        for place in 0..state.writers.len() {
            let has_effect = state.commits.iter().any(|writer| usize::from(*writer) == place);
            let writer = &mut state.writers[place];
            if let Some(dirty) = writer.dirty.as_mut().filter(|dirty| now - dirty.since > self.scenario.life) {
                dirty.since = 0;
            }
            let is_in_vain = writer.stage == Stage::Over && !has_effect && !writer.may_commit;
            if writer.is_acknowledged || is_in_vain {
                writer.dirty = writer.dirty.filter(|_| has_effect);
                (writer.is_covered, writer.is_effective, writer.is_in_time) = (false, false, false);
                (writer.ended, writer.intents_lost, writer.all_lost) = (0, 0, 0);
                writer.deadlines.fill(0);
                writer.relies_on = None;
            }
            let is_past = |deadline: &&mut u8| (1..=now).contains(*deadline);
            writer.deadlines.iter_mut().filter(is_past).for_each(|deadline| *deadline = 1);
            if writer.stage != Stage::Open && !writer.may_commit || now >= writer.covered_at + self.scenario.life / 2 {
                writer.covered_at = 0;
            }
            if writer.stage == Stage::Over && !matches!(writer.late, Some(Late::Release(..))) {
                writer.ends = None;
            }
            writer.is_releasing &= matches!(writer.stage, Stage::Releasing(..));
        }
        self.settle_processes(state);
    }

    /// Forgets what no later step of a process asks for.
    fn settle_processes(&self, state: &mut State) {
        for process in (0..).take(state.processes.len()) {
            let is_own = |(place, _): &(u8, &Writer)| self.process_of(*place) == process;
            let mut own_writers = (0..).zip(&state.writers).filter(is_own).map(|(_, writer)| writer);
            let stages = own_writers.clone().map(|writer| match writer.stage {
                Stage::Releasing(..) if writer.is_releasing => Stage::Over,
                stage => stage,
            });
            let (is_over, begins) =
                (stages.clone().all(|stage| stage == Stage::Over), stages.clone().any(|stage| stage == Stage::Waiting));
            let only = own_writers.next().filter(|_| own_writers.next().is_none()).map(|writer| writer.stage);
            let own = &mut state.processes[usize::from(process)];
            if let Some(held) = own.held.as_mut().filter(|_| !begins) {
                (held.is_lost, held.is_all_lost) = (false, false);
            }
            if own.is_dead || (is_over && !self.is_held(own, state.now) && own.renewal.is_none()) {
                own.intent = StandingIntent::default();
                (own.held, own.sent, own.names, own.incarnations) = (None, None, 0, 1);
            } else if only == Some(Stage::Open) && !self.scenario.writes_often && own.renewal.is_none() {
                self.begin_anew(own, state.now);
            }
        }
    }

    fn is_held(&self, process: &Process, now: u8) -> bool {
        process.intent.due_in(instant(now), lasting(self.scenario.life)).is_some()
    }

    /// The one write of the process is under way: when it began makes no difference.
    fn begin_anew(&self, process: &mut Process, now: u8) {
        let life = lasting(self.scenario.life);
        let mut intent = StandingIntent::default();
        intent.begin(instant(0), life);
        if let (true, Some(sent)) = (self.is_held(process, now), &mut process.sent) {
            let is_met = sent.placed.is_some_and(|placed| placed.incarnations == u64::from(process.incarnations));
            process.incarnations = 1;
            intent.cover(instant(0), life, 1, named(sent.name));
            if let Some(placed) = &mut sent.placed {
                placed.incarnations = is_met.into();
                intent.placed(named(sent.name), *placed);
            }
        }
        process.intent = intent;
    }

    /// The smallest number of commits with the same answer, without another one between.
    fn first_alike(&self, state: &State, read: Read, commits: u8) -> u8 {
        let answer = |count: u8| self.shop(state, count).answer(read);
        (0..commits).rev().take_while(|count| answer(*count) == answer(commits)).last().unwrap_or(commits)
    }
}

/// A token that nobody knows, and that no intent stands beside, is as good as none: unless intents may be lost, which
/// is noticed beside a token only.
fn forget_tokens(state: &mut State) {
    if state.left.evictions + state.left.intent_losses > 0 {
        return;
    }
    for tag in 0..state.store.tags.len() {
        let Some(TagValue::Token { token, standing: IntentCount::NONE, .. }) = state.store.tags[tag].held else {
            continue;
        };
        if !is_known(state, tag, bits(token)) {
            state.store.tags[tag].held = None;
        }
    }
}

fn can_come_back(state: &State, seen: Seen) -> bool {
    let tag = usize::from(seen.tag);
    let is_held = kepts(state).filter_map(|kept| held(kept, tag)).any(|token| token == seen.token);
    let is_same = |other: &Seen| (other.tag, other.token) == (seen.tag, seen.token);
    is_held || state.looks.iter().flat_map(|look| &look.tokens).any(is_same)
}

fn kepts(state: &State) -> impl Iterator<Item = &Kept> {
    [Some(&state.store), state.saved.as_ref()].into_iter().flatten()
}

/// Whether anybody could tell the token from a new one.
fn is_known(state: &State, tag: usize, token: u8) -> bool {
    let is_same = |seen: &Seen| (usize::from(seen.tag), seen.token) == (tag, token);
    let entries = kepts(state).flat_map(|kept| kept.entries.iter().flatten()).flat_map(|entry| &entry.tokens);
    let looks =
        state.looks.iter().flat_map(|look| look.tokens.iter().chain(look.entry.iter().flat_map(|entry| &entry.tokens)));
    let fills = state.fills.iter().flat_map(|fill| fill.seeds.iter().chain(&fill.late));
    let is_saved = state.saved.as_ref().is_some_and(|saved| held(saved, tag) == Some(token));
    is_saved || entries.chain(looks).chain(fills).any(is_same)
}

fn held(kept: &Kept, tag: usize) -> Option<u8> {
    match kept.tags[tag].held? {
        TagValue::Token { token, .. } => Some(bits(token)),
        _ => None,
    }
}

fn bits(token: Token) -> u8 {
    u8::try_from(token.bits()).expect("a small token")
}
