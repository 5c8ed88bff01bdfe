//! Keeps copies of a server's entries in memory, as long as the server pushes changes.
//!
//! `protocol::near` decides what may be kept; here it is carried out. A look-up takes no lock that others contend for: an
//! entry holds the cells of its tags, and a cell is marked when its tag has changed.

use core::fmt;
use core::time::Duration;
use std::sync::{Arc, MutexGuard};

use crate::clock::Timestamp;
use crate::entry::{Life, Value, Worth, judge};
use crate::name::key::{CacheKey, Fingerprint};
use crate::name::tag::{TagKind, Token};
use crate::observe::statistics::{NearCounts, NearLedger};
use crate::protocol::near::TokenRequest;
use crate::store::Seed;
use crate::store::map::{self, EntryMap, Weighed};
use crate::store::track::Incarnation;
use crate::sync::Mutex;

mod book;
mod copies;
mod told;
mod trust;
mod watch;

pub(super) use book::Under;
use book::{Book, TagCell};
pub(super) use copies::{Copies, Forsaken, as_tag, copy, under_copy};
pub(super) use told::Overtaken;
use trust::Trust;
pub(super) use watch::Watchman;

/// The entries of a process, in front of a server.
pub(crate) struct NearMemory {
    entries: EntryMap<Arc<NearEntry>>,
    book: Mutex<Book>,
    trust: Trust,
    ledger: NearLedger,
    largest: u64,
}

#[derive(Debug)]
struct NearEntry {
    value: Value,
    life: Life,
    cells: Box<[Arc<TagCell>]>,
    weight: u64,
}

impl Weighed for Arc<NearEntry> {
    fn weight(&self) -> u64 {
        self.weight
    }
}

impl NearMemory {
    /// What an entry takes beside its value.
    const OVERHEAD: usize = map::OVERHEAD + size_of::<NearEntry>();
    /// What a tag takes that no other entry depends on: its cell, and its place in both maps.
    const TAG: usize = 192;

    /// Keeps up to `capacity` bytes of entries and of what is known of their tags.
    pub(crate) fn new(capacity: u64, max_staleness: Duration) -> Self {
        Self {
            entries: map::bounded(capacity),
            book: Mutex::new(Book::new(max_staleness)),
            trust: Trust::of(max_staleness),
            ledger: NearLedger::default(),
            largest: map::largest(capacity),
        }
    }

    /// An entry that may be served at `now`, or was a moment before.
    ///
    /// Trust is looked at first: what was told before it was gained has marked its cells by then.
    pub(super) fn find(&self, key: &CacheKey, now: Timestamp) -> Option<(Value, Life)> {
        let held = self.entries.get(key)?;
        let age = self.trust.age(now)?;
        let is_served = judge(&held.life, [], now) == Worth::Fresh && held.cells.iter().all(|cell| cell.is_current());
        if !is_served {
            return None;
        }
        self.ledger.count_hit(age, self.trust.longest());
        Some((held.value.clone(), held.life))
    }

    /// Prepares to ask the server for the tokens of `tags`, each of which is of a kind.
    pub(super) fn ask(&self, tags: impl IntoIterator<Item = (Fingerprint, TagKind)>) -> Option<TokenRequest> {
        let mut book = self.book();
        book.sweep_if_grown();
        book.near.ask(tags)
    }

    /// Keeps what the server answered. What came from another life than the one that tells of changes is not kept:
    /// nobody would tell of its changes.
    pub(super) fn answer(&self, question: &TokenRequest, seeds: &[(Fingerprint, Seed)], from: Option<Incarnation>) {
        let mut book = self.book();
        if from.is_none() || from != book.incarnation {
            return;
        }
        book.near.answer(question, seeds);
        seeds.iter().for_each(|(tag, _)| book.mark_unless_known(*tag));
    }

    /// Keeps what the server holds because this process has put it there, unless a change was told meanwhile. Which life of
    /// the server took it is not known. What copies of it depend on besides is of the life that tells of changes.
    fn stored(&self, question: &TokenRequest, seed: (Fingerprint, Seed)) {
        let mut book = self.book();
        book.near.answer(question, &[seed]);
        book.mark_unless_known(seed.0);
    }

    /// Keeps an entry, if each of its tokens is known to be the present one. Whatever was there before goes.
    pub(super) fn put(&self, key: CacheKey, value: &Value, life: Life, under: (&[Under], usize)) {
        if !self.keep(key, value, life, under) {
            self.entries.remove(&key);
        }
    }

    /// Keeps an entry that was found on the server, unless there is a younger one.
    pub(super) fn put_found(&self, key: CacheKey, value: &Value, life: Life, under: (&[Under], usize)) {
        let is_younger = |held: Arc<NearEntry>| held.life.created_at > life.created_at && held.is_current();
        if !self.entries.peek(&key).is_some_and(is_younger) {
            self.keep(key, value, life, under);
        }
    }

    fn keep(&self, key: CacheKey, value: &Value, life: Life, (tokens, weight): (&[Under], usize)) -> bool {
        let weight = Self::weigh(weight, tokens);
        if weight > self.largest {
            return false;
        }
        let Some(cells) = self.book().cells_under(tokens) else { return false };
        self.entries.insert(key, Arc::new(NearEntry { value: value.clone(), life, cells, weight }));
        true
    }

    /// Whether each of these tokens is known to be the present one.
    pub(super) fn knows(&self, tokens: impl IntoIterator<Item = (Fingerprint, Token)>) -> bool {
        self.book().near.admits(tokens)
    }

    /// Tags have changed: told by the server, or by a write of this process, which says so before it returns.
    pub(super) fn changed(&self, tags: impl IntoIterator<Item = Fingerprint>) {
        let mut book = self.book();
        for tag in tags {
            book.near.changed(tag);
            book.mark_unless_known(tag);
        }
    }

    /// Drops what is kept of an entry.
    pub(super) fn remove(&self, key: &CacheKey) {
        self.entries.remove(key);
    }

    /// Gives back the room of all entries.
    pub(super) fn reclaim(&self) {
        self.entries.clear();
    }

    /// The numbers.
    pub(super) fn counts(&self, now: Timestamp) -> NearCounts {
        let mut counts = self.ledger.read();
        counts.entry_count = self.entries.len() as u64;
        counts.tag_count = self.book().near.len() as u64;
        counts.weight = self.entries.weight();
        counts.is_trusted = self.trust.age(now).is_some();
        counts.max_staleness = self.trust.longest();
        counts
    }

    /// What an entry takes of the capacity. The tags of whole tables are shared by many entries, and few; the others
    /// are counted for each entry.
    fn weigh(value: usize, tokens: &[Under]) -> u64 {
        let is_own = |kind| matches!(kind, TagKind::Row | TagKind::Scope | TagKind::Suffix);
        let own = tokens.iter().filter(|(_, kind, _)| is_own(*kind)).count();
        (value + Self::OVERHEAD + tokens.len() * size_of::<Arc<TagCell>>() + own * Self::TAG) as u64
    }

    /// A panic under the lock leaves a cell unmarked at worst whose tag is not known any more: every change marks the
    /// cell in the same call, and nothing between the two can panic.
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock()
    }
}

impl NearEntry {
    fn is_current(&self) -> bool {
        self.cells.iter().all(|cell| cell.is_current())
    }
}

impl fmt::Debug for NearMemory {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("NearMemory").field("entries", &self.entries.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
