//! A store in this process: bounded by weight, values as they are, tags as cells that entries hold.

use core::fmt;

use quick_cache::DefaultHashBuilder;

use crate::clock::Timestamp;
use crate::entry::{Life, Value, Worth, judge};
use crate::error::{Error, ErrorKind, Result};
use crate::name::key::CacheKey;
use crate::name::tag::{Tag, TagKind, Token};
use crate::protocol::notes::Notes;
use crate::store::cells::{Cells, HeldCells};
use crate::store::map::{self, EntryMap, Weighed};
use crate::store::{
    Body, ComparingStore, Found, Lease, LookUp, Mark, Outcome, Placing, Put, Release, Released, Releasing, Seeded,
    SharedStore, SlotStore, Store, Stored, Usage, Wanted, Writer,
};
use crate::sync::Mutex;

mod slots;

/// A store in the memory of this process.
///
/// What is used least goes first when room is needed (S3-FIFO, by the crate `quick_cache`). An entry that
/// is larger than an eighth of the capacity is not kept.
pub struct MemoryStore {
    entries: EntryMap<MemoryEntry>,
    cells: Cells,
    largest: u64,
    /// Held by who changes a slot. What only looks at one does not wait.
    turns: [Mutex<()>; map::SHARDS],
    turn_of: DefaultHashBuilder,
}

/// What lies under a key.
#[derive(Debug)]
struct MemoryEntry {
    kept: Kept,
    life: Life,
    tokens: EntryTokens,
    weight: u64,
}

/// Keys of entries and of slots differ.
#[derive(Clone, Debug)]
enum Kept {
    Entry(Value),
    /// A slot; `None`: a vacant one.
    Slot(Mark, Option<Body>),
}

/// The tokens that an entry was filled under.
#[derive(Debug)]
enum EntryTokens {
    /// Each beside the cell of its tag.
    Held(HeldCells),
    /// Which of them dies first, and when. What is dead already died at the beginning of time.
    Seen(Option<(TagKind, Timestamp)>),
}

/// The map gives away copies. A copy is what the entry is at that moment: with the tokens compared, in place of the
/// cells that they were compared with. So a look at an entry counts nobody in and out but who takes its value.
impl Clone for MemoryEntry {
    #[inline]
    fn clone(&self) -> Self {
        let tokens = EntryTokens::Seen(self.tokens.first_end());
        Self { kept: self.kept.clone(), life: self.life, tokens, weight: self.weight }
    }
}

impl Weighed for MemoryEntry {
    fn weight(&self) -> u64 {
        self.weight
    }
}

impl MemoryStore {
    /// What an entry takes beside its value.
    const OVERHEAD: usize = map::OVERHEAD + size_of::<MemoryEntry>();
    const SMALLEST: u64 = 64 * 1024;

    /// A store that holds up to `capacity` bytes of values and their bookkeeping.
    ///
    /// # Errors
    ///
    /// Returns an error of [`ErrorKind::Configuration`] for a capacity below 64 KiB.
    pub fn with_capacity(capacity: u64) -> Result<Self> {
        if capacity < Self::SMALLEST {
            let context = format!("a memory store needs a capacity of at least 64 KiB, got {capacity} bytes");
            return Err(Error::new(ErrorKind::Configuration, context));
        }
        Ok(Self::build(capacity))
    }

    pub(crate) fn build(capacity: u64) -> Self {
        Self {
            entries: map::bounded(capacity),
            cells: Cells::new(),
            largest: map::largest(capacity),
            turns: core::array::from_fn(|_| Mutex::default()),
            turn_of: DefaultHashBuilder::default(),
        }
    }

    /// The entry, whatever it is worth.
    fn judged(&self, key: &CacheKey, now: Timestamp) -> Option<Found> {
        let held = self.entries.get(key)?;
        let worth = held.worth(now);
        let Kept::Entry(value) = held.kept else { return None };
        Some(Found { value, life: held.life, worth })
    }

    fn put_one(&self, put: Put, now: Timestamp) -> Stored {
        let weight = Self::weigh(put.weight, put.tokens.len());
        if weight > self.largest {
            // What was there before is not what the caller has just loaded.
            self.entries.remove(&put.key);
            return Stored::Declined;
        }
        let Some(cells) = self.cells_under(&put.tokens, now) else {
            return Stored::Outdated;
        };
        let tokens = EntryTokens::Held(cells);
        self.entries.insert(put.key, MemoryEntry { kept: Kept::Entry(put.value), life: put.life, tokens, weight });
        Stored::Kept
    }

    /// What an entry takes of the capacity: a value of so many bytes, which depends on so many tags.
    const fn weigh(value: usize, tags: usize) -> u64 {
        (value + Self::OVERHEAD + tags * HeldCells::SIZE_OF_ONE) as u64
    }

    /// The cells of the tags, if each still holds its token.
    fn cells_under(&self, tokens: &[(Tag, Token)], now: Timestamp) -> Option<HeldCells> {
        let held = |(tag, token): &(Tag, Token)| {
            let cell = self.cells.find(tag)?;
            (cell.token(now) == Some(*token)).then_some((cell, *token))
        };
        tokens.iter().map(held).collect()
    }
}

impl MemoryEntry {
    #[inline]
    fn worth(&self, now: Timestamp) -> Worth {
        // One that is alive as long as the one that dies first stands for all of them.
        let token = Token::from_bits(0);
        let first = self.tokens.first_end().map(|(kind, end)| (kind, token, (now < end).then_some(token)));
        judge(&self.life, first, now)
    }
}

impl EntryTokens {
    #[inline]
    fn first_end(&self) -> Option<(TagKind, Timestamp)> {
        match self {
            Self::Held(cells) => cells.first_end(),
            Self::Seen(first) => *first,
        }
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("MemoryStore").field("usage", &self.usage()).finish_non_exhaustive()
    }
}

impl Store for MemoryStore {
    fn find(&self, key: &CacheKey, at: Timestamp) -> Option<(Value, Life)> {
        let held = self.entries.get(key)?;
        let is_alive = held.worth(at) == Worth::Fresh;
        match held.kept {
            Kept::Entry(value) if is_alive => Some((value, held.life)),
            _ => None,
        }
    }

    fn look(&self, wanted: &[Wanted<'_>], now: Timestamp) -> Result<Vec<LookUp>> {
        Ok(wanted.iter().map(|wanted| LookUp::unseen(self.judged(&wanted.key, now))).collect())
    }

    fn seed(&self, tags: &[Tag], _tables: &[Tag], now: Timestamp) -> Result<Seeded> {
        Ok(Seeded { seeds: tags.iter().map(|tag| self.cells.seed(tag, now)).collect(), notes: Vec::new() })
    }

    fn put(&self, entries: Vec<Put>, _lease: Option<(Lease, Writer)>, now: Timestamp) -> Result<Vec<Stored>> {
        Ok(entries.into_iter().map(|put| self.put_one(put, now)).collect())
    }

    fn remove(&self, keys: &[CacheKey], _now: Timestamp) -> Result<()> {
        keys.iter().for_each(|key| drop(self.entries.remove(key)));
        Ok(())
    }

    fn place(&self, placing: &Placing<'_>, now: Timestamp) -> Result<Vec<Option<Notes>>> {
        placing.tags.iter().for_each(|tag| self.cells.place(placing.writer, tag, placing.life, now));
        Ok(Vec::new())
    }

    fn release(
        &self,
        writer: Writer,
        releases: &[Release],
        _tables: &[Tag],
        now: Timestamp,
    ) -> Result<Vec<Option<Notes>>> {
        releases.iter().for_each(|release| self.cells.release(writer, &release.tag, release.outcome, now));
        Ok(Vec::new())
    }

    fn comparer(&self) -> Option<&dyn ComparingStore> {
        Some(self)
    }

    fn reclaim(&self) -> Result<()> {
        self.entries.clear();
        Ok(())
    }

    fn usage(&self) -> Usage {
        Usage { entries: self.entries.len(), tags: self.cells.len(), weight: self.entries.weight() }
    }

    fn shared(&self) -> Option<&dyn SharedStore> {
        None
    }

    fn slots(&self) -> Option<&dyn SlotStore> {
        Some(self)
    }
}

impl ComparingStore for MemoryStore {
    fn release_comparing(&self, releasing: &Releasing<'_>, now: Timestamp) -> Result<Released> {
        let (writer, mut given) = (releasing.writer, Vec::new());
        for Release { tag, outcome } in releasing.releases {
            match releasing.held(tag).filter(|_| *outcome == Outcome::Changed) {
                Some(held) => given.extend(self.cells.replace(writer, (tag, held), now).map(|token| (*tag, token))),
                None => self.cells.release(writer, tag, *outcome, now),
            }
        }
        Ok(Released { replaced: releasing.in_order(&given), notes: Vec::new() })
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;
    use std::sync::Arc;

    use super::*;
    use crate::name::key::{Fingerprint, KeyBytes, Kind};
    use crate::setting::policy::Timeout;

    #[test]
    fn what_is_alive_at_a_moment_is_told_by_its_deadline_its_tags_and_their_intents() {
        let store = MemoryStore::build(1 << 20);
        let (start, second) = (Timestamp::from_nanos(1_000_000_000_000), Duration::from_secs(1));
        let of = Fingerprint::of(&[b"test"]);
        let key = CacheKey { space: of, manager: of, kind: Kind::Detail, id: KeyBytes::of(&1) };
        let fill = || {
            let seeds = store.seed(&[Tag::root()], &[], start).unwrap().seeds;
            let (value, life) = (Value::Shared(Arc::new(1)), Life::starting(start, Timeout::after(10 * second)));
            let tokens = vec![(Tag::root(), seeds[0].token)];
            store.put_one(Put { key, value, life, tokens, weight: 4, codec: None }, start)
        };
        let is_alive = |after: Duration| store.find(&key, start.after(after)).is_some();
        assert!(!is_alive(Duration::ZERO));
        assert_eq!(fill(), Stored::Kept);
        assert_eq!([Duration::ZERO, 9 * second, 10 * second].map(is_alive), [true, true, false]);

        let writer = Writer::fresh();
        store.place(&Placing::new(writer, &[Tag::root()], 5 * second), start).unwrap();
        assert_eq!([Duration::ZERO, 4 * second, 5 * second].map(is_alive), [true, true, false]);
        store.release(writer, &[Release { tag: Tag::root(), outcome: Outcome::Changed }], &[], start).unwrap();
        assert!(!is_alive(Duration::ZERO));
        assert_eq!(fill(), Stored::Kept);
        assert_eq!([Duration::ZERO, 9 * second].map(is_alive), [true, true]);
    }
}
