//! Decides whether a read that begins now could be given something that a promise forbids.

use cache_core::{Life, Timeout, Token, Worth, judge};

use crate::scenario::{Intents, Mutation};
use crate::shop::Read;
use crate::sight::Sight;
use crate::state::{Entry, Promise, Seen, State, Writer};
use crate::world::{World, moment};

/// The tags that an answer depends on, and those that vouched for it.
#[derive(Clone, Copy)]
struct Ties {
    tags: u16,
    witnesses: u16,
}

impl World {
    /// What a look-up that begins now, all at once, and a reader that joins a load that is under way may be given.
    pub(crate) fn verdict(&self, state: &State) -> Option<Promise> {
        if state.connected & 1 == 0 {
            return None;
        }
        let entries =
            (0..).zip(&state.store.entries).filter_map(|(place, entry)| Some((Read::at(place), entry.as_ref()?)));
        let hits = entries.filter(|(_, entry)| self.is_hit(state, entry));
        let flights = state.fills.iter().filter_map(|fill| {
            let commits = fill.commits.filter(|_| fill.seeds.len() == self.names.seeds(fill.read).len())?;
            let is_joined = self.has(Mutation::FlightAcrossTokens) || self.are_present(state, &fill.seeds);
            is_joined.then_some((fill.read, &fill.seeds, 0, commits))
        });
        let hits = hits.map(|(read, entry)| {
            self.note_hit(state, read, entry);
            (read, &entry.tokens, entry.witnesses, entry.commits)
        });
        hits.chain(flights.inspect(|_| self.sights.see(Sight::Follow))).find_map(
            |(read, tokens, witnesses, commits)| {
                let tags = tokens.iter().fold(0, |tags, seen| tags | 1 << seen.tag);
                self.fault(state, read, Ties { tags, witnesses }, commits)
            },
        )
    }

    pub(crate) fn is_hit(&self, state: &State, entry: &Entry) -> bool {
        if self.has(Mutation::TokensNotCompared) {
            return true;
        }
        let now = moment(state.now);
        let dependencies = entry.tokens.iter().map(|seen| {
            let present = state.store.tags[usize::from(seen.tag)].token(now);
            (self.names.tag(seen.tag).kind(), Token::from_bits(seen.token.into()), present)
        });
        judge(&Life::starting(now, Timeout::NEVER), dependencies, now) == Worth::Fresh
    }

    fn are_present(&self, state: &State, seeds: &[Seen]) -> bool {
        let now = moment(state.now);
        let present = |seen: &Seen| state.store.tags[usize::from(seen.tag)].token(now);
        seeds.iter().all(|seen| present(seen) == Some(Token::from_bits(seen.token.into())))
    }

    /// Which promise forbids to answer `read` by what was there after so many commits, under these tags.
    fn fault(&self, state: &State, read: Read, ties: Ties, commits: u8) -> Option<Promise> {
        (0..state.writers.len()).find_map(|writer| {
            let promise = self.due(state, writer, ties)?;
            self.older_than(state, read, commits, 1 << writer).map(|_| promise)
        })
    }

    /// The promise by which a read that depends on `tags` has to show what the writer has done.
    fn due(&self, state: &State, place: usize, ties: Ties) -> Option<Promise> {
        let writer = &state.writers[place];
        if writer.is_acknowledged {
            return Some(Promise::Coherence);
        }
        if writer.dirty.is_some() && self.has(Mutation::LooksWhileDirty) {
            return Some(Promise::OwnWrite);
        }
        let is_lost = self.scenario.intents != Intents::NeverExcused && is_lost(writer, ties);
        let is_over = writer.deadlines.iter().all(|deadline| *deadline <= state.now);
        (writer.is_covered && writer.is_in_time && is_over && !is_lost).then_some(Promise::Bound)
    }

    /// Whether the answer after so many commits is from before what one of the writers `due` has done to it.
    pub(crate) fn older_than(&self, state: &State, read: Read, commits: u8, due: u8) -> Option<Promise> {
        let missed = (commits..).zip(state.commits.iter().skip(commits.into()));
        let changes = |before: u8| self.shop(state, before).answer(read) != self.shop(state, before + 1).answer(read);
        let mut missed = missed.filter(|(_, writer)| due & (1 << **writer) != 0);
        missed.any(|(before, _)| changes(before)).then_some(Promise::Coherence)
    }

    fn note_hit(&self, state: &State, read: Read, entry: &Entry) {
        self.sights.see(Sight::Hit);
        if matches!(read, Read::Row(_) | Read::Slug(_)) && self.shop(state, entry.commits).found(read).is_none() {
            self.sights.see(Sight::NegativeHit);
        }
    }
}

/// Whether the store has lost all that could have told of the writer: the intents that stand for it beside each of the
/// tags, and all that is known of these; or the same of one that vouched for another.
fn is_lost(writer: &Writer, ties: Ties) -> bool {
    let tags = (0..).zip(&writer.deadlines).filter(|(_, deadline)| **deadline > 0);
    let covering: u16 = tags.fold(0, |tags, (tag, _)| tags | 1 << tag);
    let covered = covering & ties.tags;
    let is_lost = covered != 0 && covered & !writer.all_lost == 0;
    is_lost || covering & ties.witnesses & writer.all_lost != 0
}
