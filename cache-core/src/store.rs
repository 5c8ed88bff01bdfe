//! Where entries live: the contract that every store keeps.

use core::fmt;
use core::time::Duration;

use crate::clock::Timestamp;
use crate::codec::Codec;
use crate::entry::{Life, Value, Worth};
use crate::error::{Error, ErrorKind, Result};
use crate::key::{CacheKey, Fingerprint};
use crate::protocol::notes::{Notes, Remark};
use crate::statistics::NearCounts;
use crate::tag::{TableTags, Tag, TagKind, Token};

pub use crate::intent::{Outcome, Release, Seed, Writer};

mod beginning;
mod cells;
mod failing;
mod link;
mod memory;
mod names;
mod near;
mod none;
mod operation;
#[cfg(feature = "redis")]
mod redis;
mod remote;
mod slot;

pub use beginning::{Beginning, Begun, Started, Starting};
pub use failing::FailingStore;
pub use link::{Answer, Commenced, Commencing, Incarnation, Lasting, Link, Opening, Packed, Swap};
pub use memory::MemoryStore;
pub use names::{Name, Names, TableName, TagName};
pub(crate) use near::NearMemory;
pub use near::{Told, Track, Tracker, Untracked};
pub use none::NoneStore;
pub use operation::Operation;
#[cfg(feature = "redis")]
pub use redis::{RedisLink, RedisStore};
pub use remote::RemoteStore;
pub use slot::{Body, Content, Exchange, Exchanged, Expiry, Mark, Replacement, Say, Slot, Slots};

/// Keeps entries, and the tokens of tags.
///
/// Every call may fail, and every call is a batch: one round trip for a store across the network.
/// A failed call may have happened in part or in full. Nothing here decides anything; callers do.
///
/// # Contract
///
/// * A tag holds one token, or none. A token that is gone (evicted, expired, lost) never comes back;
///   the next [`seed`](Self::seed) puts a [fresh](Token::fresh) one.
/// * [`get_many`](Self::get_many) compares the tokens that an entry was put under with those that its tags hold; each
///   comparison holds at some moment inside the call, not all at the same one.
/// * An *intent* is a writer's mark beside a tag. At the earliest deadline of the intents that stand,
///   the tag's token is gone by itself; a token that is seeded afterwards lives under those that still stand.
/// * [`release`](Self::release) changes tags in the order given; once one of them has failed, none that comes after it
///   is released.
/// * A *slot* is what is kept under the key of a value that is set by hand. It changes by
///   [`exchange`](Self::exchange) only, which does nothing unless the slot is what its caller has seen, and by being
///   lost, as any entry may be. Nothing that was ever written to a slot comes back to it: each writing has another
///   [mark](Mark). Slots and entries have different keys.
/// * Times are the store's own: a `life` counts from the call. `now` is for stores inside this process.
pub trait Store: fmt::Debug + Send + Sync + 'static {
    /// Looks entries up, with the worth of each. One result for each key, in order.
    ///
    /// # Errors
    ///
    /// If the store cannot be read.
    fn get_many(&self, wanted: &[Wanted<'_>], now: Timestamp) -> Result<Vec<Option<Found>>>;

    /// Looks one entry up.
    ///
    /// # Errors
    ///
    /// If the store cannot be read.
    fn get(&self, wanted: &Wanted<'_>, now: Timestamp) -> Result<Option<Found>> {
        Ok(same_length(self.get_many(core::slice::from_ref(wanted), now)?, 1)?.pop().flatten())
    }

    /// Looks one entry up, and tells what it saw of the tags on the way if that is of use to whoever goes on to load it.
    ///
    /// # Errors
    ///
    /// If the store cannot be read.
    fn look(&self, wanted: &Wanted<'_>, now: Timestamp) -> Result<Looked> {
        Ok(Looked { found: self.get(wanted, now)?, seen: Vec::new() })
    }

    /// An entry that is to be served and will be at the moment `at` too, if the store need not ask anybody to know.
    fn find_alive(&self, _key: &CacheKey, _at: Timestamp) -> Option<(Value, Life)> {
        None
    }

    /// The present token of each tag, put there if it held none. In order, and none is taken earlier than one before it:
    /// a caller that seeds a tag before others has to know that these held their tokens then or later.
    ///
    /// # Errors
    ///
    /// If the store cannot be read or written.
    fn seed(&self, tags: &[Tag], now: Timestamp) -> Result<Vec<Seed>>;

    /// Stores entries under the tokens that were seeded before their query began.
    ///
    /// # Errors
    ///
    /// If the store cannot be written; some of the entries may be stored.
    fn put_many(&self, entries: Vec<Put>, now: Timestamp) -> Result<Vec<Stored>>;

    /// Removes entries, whatever they hold by now. No look-up that begins later gives what was there before: in this process
    /// at once, in others that keep in memory what the store keeps for all as soon as they hear of it, which is when they
    /// would hear of a tag that was changed.
    ///
    /// What was put under tokens that are still those of its tags may come back if its put arrives later.
    ///
    /// # Errors
    ///
    /// If the store cannot be written; some of the entries may be gone.
    fn remove(&self, keys: &[CacheKey], now: Timestamp) -> Result<()>;

    /// Places an intent of `writer` beside each tag, for `life`; a second one of the same writer replaces the first.
    ///
    /// # Errors
    ///
    /// If the store cannot be written; some of the intents may stand.
    fn place(&self, writer: Writer, tags: &[Tag], life: Duration, now: Timestamp) -> Result<()>;

    /// Ends the intents of `writer`, each as told; a tag without an intent of the writer is changed all the same.
    ///
    /// # Errors
    ///
    /// If the store cannot be written; some of the tags may be changed.
    fn release(&self, writer: Writer, releases: &[Release], now: Timestamp) -> Result<()>;

    /// Gives back the room of all entries. They are unreachable already: this is for memory's sake.
    ///
    /// # Errors
    ///
    /// If the store cannot be written.
    fn reclaim(&self) -> Result<()>;

    /// How much the store holds at present, as far as it knows.
    fn usage(&self) -> Usage;

    /// Whether the store is a part of this process: it keeps values as they are, answers at once and never fails, and
    /// nobody else writes to it.
    fn is_local(&self) -> bool {
        false
    }

    /// Whether only what has a codec is kept. Then nothing else is looked up: an answer that takes no call would be taken
    /// for a sign that the store is well.
    fn keeps_bytes_only(&self) -> bool {
        false
    }

    /// Whether programs of several builds may use the store. Then it keeps [`Notes`] beside tables. Programs that share a
    /// store without them have to declare the same of every table.
    fn keeps_notes(&self) -> bool {
        false
    }

    /// Does as [`seed`](Self::seed) does, and *afterwards* reads the notes beside `tables`, each of which is given by its
    /// `any`; `None`: there are none, or what is there is nothing that was noted. In order.
    ///
    /// # Errors
    ///
    /// As [`seed`](Self::seed).
    fn seed_noted(&self, tags: &[Tag], tables: &[Tag], now: Timestamp) -> Result<(Vec<Seed>, Vec<Option<Notes>>)> {
        Ok((self.seed(tags, now)?, vec![None; tables.len()]))
    }

    /// Does as [`place`](Self::place) does, and *afterwards* reads the notes beside each table of which `any` is among
    /// `tags`. In the order of those.
    ///
    /// # Errors
    ///
    /// As [`place`](Self::place).
    fn place_noted(&self, writer: Writer, tags: &[Tag], life: Duration, now: Timestamp) -> Result<Vec<Option<Notes>>> {
        self.place(writer, tags, life, now)?;
        Ok(vec![None; tags.iter().filter(|tag| tag.is_any()).count()])
    }

    /// Does as [`release`](Self::release) does, and reads the notes beside each table of which `any` changes. In the order
    /// of those.
    ///
    /// # Errors
    ///
    /// As [`release`](Self::release).
    fn release_noted(&self, writer: Writer, releases: &[Release], now: Timestamp) -> Result<Vec<Option<Notes>>> {
        self.release(writer, releases, now)?;
        Ok(vec![None; releases.iter().filter(|release| release.changes_any()).count()])
    }

    /// Changes the notes beside a table, which is given by its `any`, as [`Notes::after`] says, in one step that also
    /// looks at the intents beside that tag. Says whether a fill may go by them.
    ///
    /// # Errors
    ///
    /// If the store cannot be written; the notes may be changed.
    fn remark(&self, _table: &Tag, _remark: Remark, _now: Timestamp) -> Result<bool> {
        Ok(true)
    }

    /// Notes beside a table of which there were no notes, once its [wide](TableTags::wide) tags have changed: tokens that
    /// were read before are worth nothing then. Says whether a fill may go by the notes.
    ///
    /// A store that can do all of it in one step, as [`Remark::Restore`] says, changes the tags once for all who come
    /// together. In several steps each of them may.
    ///
    /// # Errors
    ///
    /// If the store cannot be written; the notes may be made.
    fn restore(&self, table: &TableTags, own: Fingerprint, now: Timestamp) -> Result<bool> {
        let (any, writer) = (table.whole(TagKind::Any), Writer::fresh());
        self.remark(&any, Remark::Claim { own, writer }, now)?;
        let releases = table.wide().map(|tag| Release { tag, outcome: Outcome::Changed });
        self.release(writer, &releases, now)?;
        self.remark(&any, Remark::Forget(writer), now)?;
        self.remark(&any, Remark::Note(own), now)
    }

    /// An entry that can be served without leaving this process, though the store is elsewhere; `None`: look it up.
    fn recall(&self, _wanted: &Wanted<'_>, _now: Timestamp) -> Option<Found> {
        None
    }

    /// The numbers of what a store elsewhere keeps in this process; `None`: it keeps nothing.
    fn near_counts(&self, _now: Timestamp) -> Option<NearCounts> {
        None
    }

    /// The cache is shut down: ends what the store does by itself. Calls go on being answered.
    fn shut_down(&self) {}

    /// Tells the store how long a call may take; then it has to fail, or a little later. Called once, before all others.
    fn set_operation_timeout(&self, _timeout: Duration) {}

    /// Looks at slots, and reads `tags`: those that the values in the slots may depend on. Each is seen as it is at some
    /// moment inside the call.
    ///
    /// # Errors
    ///
    /// If the store cannot be read.
    fn peek(&self, keys: &[CacheKey], tags: &[Tag], _now: Timestamp) -> Result<Slots> {
        Ok(Slots { slots: vec![None; keys.len()], tokens: vec![None; tags.len()] })
    }

    /// Looks at one slot.
    ///
    /// # Errors
    ///
    /// If the store cannot be read.
    fn peek_one(&self, key: &CacheKey, tags: &[Tag], now: Timestamp) -> Result<Option<Slot>> {
        Ok(self.peek(core::slice::from_ref(key), tags, now)?.slots.pop().flatten())
    }

    /// Looks at slots as [`peek`](Self::peek) does, and opens each that is not there: it is vacant then, for
    /// [five minutes](Slot::VACANT_LIFE) or longer. There is a slot for each key in the answer.
    ///
    /// # Errors
    ///
    /// If the store cannot be read or written; some of the slots may be opened.
    fn open(&self, keys: &[CacheKey], tags: &[Tag], _now: Timestamp) -> Result<Slots> {
        let vacant = || Some(Slot { mark: Mark::fresh(), content: Content::Vacant });
        Ok(Slots { slots: keys.iter().map(|_| vacant()).collect(), tokens: vec![None; tags.len()] })
    }

    /// Changes each slot that is what it has to be, in one step. A replacement whose life is over leaves nothing.
    ///
    /// A store that does not say how it keeps what is set by hand keeps none of it.
    ///
    /// # Errors
    ///
    /// If the store cannot be written; some of the slots may be changed, or be changed later unless somebody else
    /// changes them first.
    fn exchange(&self, exchanges: Vec<Exchange>, _now: Timestamp) -> Result<Vec<Exchanged>> {
        Ok(vec![Exchanged::Declined; exchanges.len()])
    }

    /// Takes the right to load for all processes, unless somebody else has it; says whether it was taken. It ends by
    /// itself after `life`.
    ///
    /// # Errors
    ///
    /// If the store cannot be written.
    fn lease(&self, _name: Lease, _holder: Writer, _life: Duration) -> Result<bool> {
        Ok(true)
    }

    /// Does as [`seed_noted`](Self::seed_noted) does, where some of the tags were seen to have no token. A store may also
    /// take the lease of a load under these tokens, if nothing can have been stored under them yet.
    ///
    /// # Errors
    ///
    /// If the store cannot be read or written; the lease may be taken.
    fn start(&self, starting: &Starting<'_>, now: Timestamp) -> Result<Started> {
        let tags: Vec<Tag> = starting.seen.iter().map(|(tag, _)| *tag).collect();
        let (seeds, notes) = self.seed_noted(&tags, starting.tables, now)?;
        Ok(Started { seeds, notes, is_leased: false })
    }

    /// Takes a lease, *afterwards* looks up what is to be loaded, and *afterwards* seeds tags and reads notes as
    /// [`seed_noted`](Self::seed_noted) does: all that goes before a query.
    ///
    /// # Errors
    ///
    /// If the store cannot be read or written; the lease may be taken.
    fn begin(&self, beginning: &Beginning<'_>, now: Timestamp) -> Result<Begun> {
        let (name, holder, life) = beginning.lease;
        let is_taken = self.lease(name, holder, life).ok();
        let found = self.get(beginning.wanted, now)?;
        let (seeds, notes) = self.seed_noted(beginning.tags, beginning.tables, now)?;
        Ok(Begun { is_taken, found, seeds, notes })
    }

    /// Ends the lease, if `holder` has it.
    ///
    /// # Errors
    ///
    /// If the store cannot be written; then it ends by itself.
    fn end_lease(&self, _name: Lease, _holder: Writer) -> Result<()> {
        Ok(())
    }

    /// Ends the lease, if `holder` has it, who stores nothing under these `unused` tokens. Where nobody else does either, a
    /// store may let the tags go of which outsiders choose the number.
    ///
    /// # Errors
    ///
    /// If the store cannot be written; then it ends by itself.
    fn give_up(&self, name: Lease, holder: Writer, _unused: &[(Tag, Token)]) -> Result<()> {
        self.end_lease(name, holder)
    }

    /// Stores entries, as [`put_many`](Self::put_many) does, and ends the lease under which they were loaded.
    ///
    /// # Errors
    ///
    /// If the store cannot be written; some of the entries may be stored, and the lease ends by itself.
    fn put_and_end(&self, entries: Vec<Put>, (name, holder): (Lease, Writer), now: Timestamp) -> Result<Vec<Stored>> {
        let stored = self.put_many(entries, now)?;
        // If it cannot be ended, it ends by itself.
        drop(self.end_lease(name, holder));
        Ok(stored)
    }
}

/// An answer of another length says nothing about what was asked.
pub(crate) fn same_length<T>(answer: Vec<T>, asked: usize) -> Result<Vec<T>> {
    if answer.len() == asked {
        return Ok(answer);
    }
    let cause = format!("{} answers to {asked} questions", answer.len());
    Err(Error::new(ErrorKind::Store, "reading an answer").with_source(cause))
}

/// An entry that is asked for.
#[derive(Clone, Copy)]
pub struct Wanted<'a> {
    /// Its name.
    pub key: CacheKey,
    /// Every tag that it may depend on, so that a store elsewhere can read them in the same round trip; none if the
    /// query may not be cached. What it does depend on is what it was [put](Put::tokens) under.
    pub tags: &'a dyn Dependencies,
    /// Reads its bytes; `None`: it is kept in memory only.
    pub codec: Option<Codec>,
}

impl fmt::Debug for Wanted<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Wanted").field("key", &self.key).finish_non_exhaustive()
    }
}

/// Names the tags of an entry when somebody wants to know: a hit in memory never does.
pub trait Dependencies {
    /// The tags.
    fn tags(&self) -> Vec<Tag>;
}

impl<F: Fn() -> Vec<Tag>> Dependencies for F {
    fn tags(&self) -> Vec<Tag> {
        self()
    }
}

/// An entry that was found.
#[derive(Clone, Debug)]
pub struct Found {
    /// What it holds.
    pub value: Value,
    /// How long it lives.
    pub life: Life,
    /// What it is worth.
    pub worth: Worth,
}

/// What one look has shown.
#[derive(Clone, Debug)]
pub struct Looked {
    /// The entry; `None`: there is none.
    pub found: Option<Found>,
    /// What tags held then, if nothing is to be served: each of those that the entry may depend on, or none of them.
    pub seen: Vec<(Tag, Option<Seed>)>,
}

/// An entry to be stored.
#[derive(Clone, Debug)]
pub struct Put {
    /// Its name.
    pub key: CacheKey,
    /// What it holds.
    pub value: Value,
    /// How long it lives.
    pub life: Life,
    /// The tokens that its tags held before its query began.
    pub tokens: Vec<(Tag, Token)>,
    /// Its size in bytes, as far as it is known.
    pub weight: usize,
    /// Writes its bytes; `None`: it is kept in memory only.
    pub codec: Option<Codec>,
}

/// What became of an entry that was put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stored {
    /// Not kept: the store keeps nothing, or the entry is too large for it.
    Declined,
    /// Kept.
    Kept,
    /// Not kept: a tag changed since its token was seeded.
    Outdated,
}

/// Names a load of one entry under certain tokens: a load that began under others holds nobody up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lease(Fingerprint);

impl Lease {
    /// The load of `key` under `tokens`.
    #[must_use]
    pub fn of(key: &CacheKey, tokens: &[Token]) -> Self {
        let tokens: Vec<u8> = tokens.iter().flat_map(|token| token.bits().to_le_bytes()).collect();
        Self(Fingerprint::of(&[b"lease", key.fingerprint().as_bytes(), &tokens]))
    }

    /// Its name, as it is told to other processes.
    #[must_use]
    pub const fn fingerprint(&self) -> Fingerprint {
        self.0
    }
}

/// How much a store holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Usage {
    /// Entries, those that are unreachable but not reclaimed included.
    pub entries: usize,
    /// Tags that are known at present.
    pub tags: usize,
    /// Bytes of the entries, as far as they are known.
    pub weight: u64,
}

impl Usage {
    /// A store that holds `entries` of `weight` bytes in all, and `tags`.
    #[must_use]
    pub const fn of(entries: usize, tags: usize, weight: u64) -> Self {
        Self { entries, tags, weight }
    }
}
