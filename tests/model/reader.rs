//! What readers do: seed, query, look a second time, put; and look-ups that read one key at a time.

use core::time::Duration;

use cache_core::intent::{IntentCount, Keeping, Seed, TagValue};
use cache_core::protocol::fill::{SeededTag, row_seeds};
use cache_core::{Timestamp, Token};

use crate::names::TagId;
use crate::scenario::Mutation;
use crate::shop::{Read, Row};
use crate::sight::Sight;
use crate::state::{Entry, Fill, Look, Seen, State};
use crate::world::{World, moment};

/// A token that no tag holds yet: canonical states number theirs from 1.
pub(crate) const FRESH: Token = Token::from_bits(200);

impl World {
    pub(crate) fn begin(&self, state: &mut State, read: Read) {
        state.fills.push(Fill { read, seeds: Vec::new(), commits: None, found: None, late: Vec::new() });
        let fill = state.fills.len() - 1;
        if self.has(Mutation::TokensAfterQuery) {
            self.query(state, fill);
        } else {
            self.seed_next(state, fill);
        }
    }

    /// Whether tokens are read next, before the query or after it.
    pub(crate) fn is_seeding(&self, fill: &Fill) -> bool {
        fill.seeds.len() < self.names.seeds(fill.read).len() || fill.late.len() < self.late_tags(fill).len()
    }

    pub(crate) fn seed(&self, state: &mut State, fill: u8) {
        self.seed_next(state, fill.into());
    }

    pub(crate) fn ask(&self, state: &mut State, fill: u8) {
        self.query(state, fill.into());
    }

    fn seed_next(&self, state: &mut State, place: usize) {
        let fill = &state.fills[place];
        let before = self.names.seeds(fill.read).get(fill.seeds.len()).copied();
        let Some(tag) = before.or_else(|| self.late_tags(fill).get(fill.late.len()).copied()) else { return };
        let seen = self.seed_tag(state, tag);
        let fill = &mut state.fills[place];
        if before.is_some() { &mut fill.seeds } else { &mut fill.late }.push(seen);
    }

    fn seed_tag(&self, state: &mut State, tag: TagId) -> Seen {
        let seed = self.script(state, tag, |keys, now| {
            let seed = keys.seed(FRESH, self.keeping(now), now);
            if let (true, Some(TagValue::Token { standing, .. })) =
                (self.has(Mutation::SeedHidesIntents), &mut keys.held)
            {
                *standing = IntentCount::NONE;
            }
            seed
        });
        if seed.is_intended && seed.token == FRESH {
            self.sights.see(Sight::SeededUnderIntents);
        }
        Seen { tag, token: u8::try_from(seed.token.bits()).expect("a small token"), is_intended: seed.is_intended }
    }

    /// How long a tag is kept that is given a token.
    fn keeping(&self, now: Timestamp) -> Keeping {
        match self.scenario.tags_last {
            Some(life) => Keeping::Unused { until: now.after(Duration::from_nanos(life.into())) },
            None => Keeping::Long,
        }
    }

    /// The load stores nothing.
    pub(crate) fn forget(&self, state: &mut State, place: u8) {
        let fill = state.fills.remove(place.into());
        for seen in fill.seeds.iter().chain(&fill.late) {
            let was_held = state.store.tags[usize::from(seen.tag)].held.is_some();
            self.script(state, seen.tag, |keys, now| keys.forget(Token::from_bits(seen.token.into()), now));
            if was_held && state.store.tags[usize::from(seen.tag)].held.is_none() {
                self.sights.see(Sight::Forgotten);
            }
        }
    }

    /// Something was stored under these tokens.
    fn keep(&self, state: &mut State, tokens: &[Seen]) {
        let Some(life) = self.scenario.tags_last else { return };
        for seen in tokens {
            let token = Token::from_bits(seen.token.into());
            self.script(state, seen.tag, |keys, now| {
                if self.has(Mutation::KeptTokenComesBack) && keys.held.is_none() {
                    keys.seed(token, Keeping::Long, now);
                }
                keys.keep(token, Duration::from_nanos(life.into()), now);
                if !keys.intents.is_empty() && keys.token(now) == Some(token) {
                    self.sights.see(Sight::KeptUnderIntents);
                }
            });
        }
    }

    fn query(&self, state: &mut State, place: usize) {
        let commits = u8::try_from(state.commits.len()).expect("a few commits");
        let found = self.shop(state, commits).found(state.fills[place].read);
        let fill = &mut state.fills[place];
        (fill.commits, fill.found) = (Some(commits), found);
    }

    /// What a look-up by a unique value asks for once more.
    fn late_tags(&self, fill: &Fill) -> Vec<TagId> {
        let (Read::Slug(_), Some(row)) = (fill.read, fill.found) else { return Vec::new() };
        let mut tags = self.names.late(row).to_vec();
        match self.scenario.mutation {
            Some(Mutation::NoSecondLook) => tags.truncate(1),
            Some(Mutation::SecondLookAtWitnessFirst) => tags.reverse(),
            _ => {}
        }
        tags
    }

    pub(crate) fn put(&self, state: &mut State, place: u8) {
        let fill = state.fills.remove(place.into());
        let Some(commits) = fill.commits else { return };
        let Some(seeds) = self.seeds_of(&fill) else { return self.sights.see(Sight::SecondLookRefused) };
        let depends_on = self.names.dependencies(fill.read, fill.found);
        let is_left_out = |tag| self.has(Mutation::WritersNotDependedOn) && self.names.writers_tag() == Some(tag);
        let is_needed = |seen: &Seen| depends_on.contains(&seen.tag) && !is_left_out(seen.tag);
        let tokens: Vec<Seen> = seeds.into_iter().filter(is_needed).collect();
        // A row is stored under its key, whichever way it was found.
        let read = fill.found.map_or(fill.read, Read::Row);
        self.keep(state, &tokens);
        let witnesses = fill.late.iter().fold(0, |witnesses, seen| witnesses | 1 << seen.tag);
        state.store.entries[read.place()] = Some(Entry { tokens, witnesses, commits });
    }

    /// The tokens under which what was loaded may be stored.
    fn seeds_of(&self, fill: &Fill) -> Option<Vec<Seen>> {
        if self.late_tags(fill).is_empty() {
            return Some(fill.seeds.clone());
        }
        if self.has(Mutation::NoSecondLook) {
            return Some([&fill.seeds[..], &fill.late[..]].concat());
        }
        let [before, mut after] = [&fill.seeds, &fill.late].map(|seeds| self.seeded(seeds));
        if self.has(Mutation::SecondLookAtWitnessFirst) {
            after.reverse();
        }
        let stored = row_seeds(&before, &after)?;
        self.sights.see(Sight::SecondLookPassed);
        let row = self.row_of(fill);
        let late = fill.late.iter().filter(|seen| row == Some(seen.tag) && stored.len() > before.len());
        Some(fill.seeds.iter().chain(late).copied().collect())
    }

    fn row_of(&self, fill: &Fill) -> Option<TagId> {
        fill.found.and_then(|row: Row| self.names.late(row).first().copied())
    }

    fn seeded(&self, seeds: &[Seen]) -> Vec<SeededTag> {
        let seed = |seen: &Seen| Seed { token: Token::from_bits(seen.token.into()), is_intended: seen.is_intended };
        seeds.iter().map(|seen| (self.names.tag(seen.tag), seed(seen))).collect()
    }

    pub(crate) fn look(&self, state: &mut State, read: Read, is_entry_first: bool) {
        state.left.looks -= 1;
        let entry = state.store.entries[read.place()].clone().filter(|_| is_entry_first);
        if is_entry_first && entry.is_none() {
            return;
        }
        let due = (0..state.writers.len()).filter(|writer| state.writers[*writer].is_acknowledged);
        let due = due.fold(0, |due, writer| due | 1 << writer);
        state.looks.push(Look { read, entry, tokens: Vec::new(), due });
    }

    pub(crate) fn read_next(&self, state: &mut State, place: u8) {
        let now = moment(state.now);
        let look = &mut state.looks[usize::from(place)];
        if let Some(tag) = self.names.seeds(look.read).get(look.tokens.len()).copied() {
            let token = state.store.tags[usize::from(tag)].token(now).map_or(0, |token| token.bits() as u8);
            look.tokens.push(Seen { tag, token, is_intended: false });
            return;
        }
        let look = state.looks.remove(place.into());
        let entry = look.entry.or_else(|| state.store.entries[look.read.place()].clone());
        let Some(entry) = entry else { return };
        let is_equal =
            |filled: &Seen| look.tokens.iter().any(|seen| (seen.tag, seen.token) == (filled.tag, filled.token));
        if entry.tokens.iter().all(is_equal) {
            self.sights.see(Sight::TornHit);
            state.broken = self.older_than(state, look.read, entry.commits, look.due);
        }
    }
}
