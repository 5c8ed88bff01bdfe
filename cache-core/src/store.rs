//! Holds the contract that every store keeps.

use core::fmt;
use core::time::Duration;

use crate::clock::Timestamp;
use crate::entry::codec::Codec;
use crate::entry::{Life, Value, Worth};
use crate::error::{Error, ErrorKind, Result};
use crate::name::key::{CacheKey, Fingerprint};
use crate::name::tag::{Tag, Token};
use crate::protocol::notes::Notes;

pub use crate::observe::operation::Operation;
pub use crate::protocol::intent::{Outcome, Release, Seed, Writer};

mod beginning;
mod cells;
mod comparing;
#[cfg(test)]
pub(crate) mod elsewhere;
pub mod engine;
mod link;
mod map;
#[cfg(feature = "memcached")]
mod memcached;
mod memory;
mod names;
mod near;
mod none;
mod record;
#[cfg(feature = "redis")]
mod redis;
mod remote;
mod shared;
mod slot;
#[cfg(feature = "sqlite-store")]
mod sqlite;
mod track;
#[cfg(feature = "__wire")]
mod wire;
mod wish;

pub use crate::protocol::sharding::Sharding;
pub use beginning::{Beginning, Begun, Started, Starting};
pub use comparing::{ComparingStore, Released, Releasing};
pub use link::{Commenced, Commencing, Lasting, Link, Opening, Packed, ReadReply, Replacing, Swap};
#[cfg(feature = "memcached")]
pub use memcached::{MemcachedLink, MemcachedStore};
pub use memory::MemoryStore;
pub use names::{Name, Names, TableName, TagName};
pub use none::NoneStore;
#[cfg(feature = "redis")]
pub use redis::{RedisLink, RedisStore};
pub use remote::RemoteStore;
pub use shared::{NoteStore, PipeliningStore, SharedStore};
pub use slot::{Body, Content, Exchange, Exchanged, Expiry, Mark, Replacement, Say, Slot, SlotStore, Slots};
#[cfg(feature = "sqlite-store")]
pub(crate) use sqlite::SqliteAddress;
#[cfg(feature = "sqlite-store")]
pub use sqlite::{SqliteEngine, SqliteLink, SqliteStore};
pub use track::{Incarnation, Push, Subscriber, Subscription, Untracked};
pub use wish::Wish;

/// Keeps entries, and the tokens of tags.
///
/// Every call may fail, and every call is a batch: one round trip for a store across the network.
/// A failed call may have happened in part or in full. Nothing here decides anything; callers do.
///
/// Every method is required, so that a store in front of another one cannot lose a call. What not every store can do are
/// traits of their own: [`SharedStore`], [`NoteStore`], [`SlotStore`].
///
/// # Contract
///
/// * A tag holds one token, or none. A token that is gone (evicted, expired, lost) never comes back;
///   the next [`seed`](Self::seed) puts a [fresh](Token::fresh) one.
/// * [`look`](Self::look) compares the tokens that an entry was put under with those that its tags hold; each
///   comparison holds at some moment inside the call, not all at the same one.
/// * An *intent* is a writer's mark beside a tag. At the earliest deadline of the intents that stand,
///   the tag's token is gone by itself; a token that is seeded afterwards lives under those that still stand.
/// * [`release`](Self::release) changes tags in the order given; once one of them has failed, none that comes after it
///   is released.
/// * Times are the store's own: a `life` counts from the call. `now` is for stores inside this process.
/// * Several calls give back the *notes* beside `tables`, each of which is named by its `any`. Only a store
///   [with notes](SharedStore::notes) is asked for any.
pub trait Store: fmt::Debug + Send + Sync + 'static {
    /// Returns the entry if this process alone can tell that it is valid now and will be at the moment `at`.
    fn find(&self, key: &CacheKey, at: Timestamp) -> Option<(Value, Life)>;

    /// Looks entries up, with the worth of each. One answer for each key, in order.
    ///
    /// # Errors
    ///
    /// If the store cannot be read.
    fn look(&self, wanted: &[Wanted<'_>], now: Timestamp) -> Result<Vec<LookUp>>;

    /// The present token of each tag, put there if it held none; *afterwards* it reads the notes beside `tables`. Both in
    /// order, and no token is taken earlier than one before it: a caller that seeds a tag before others has to know that
    /// these held their tokens then or later.
    ///
    /// # Errors
    ///
    /// If the store cannot be read or written.
    fn seed(&self, tags: &[Tag], tables: &[Tag], now: Timestamp) -> Result<Seeded>;

    /// Stores entries under the tokens that were seeded before their query began, and ends the `lease` under which they
    /// were loaded. A lease that cannot be ended ends by itself.
    ///
    /// # Errors
    ///
    /// If the store cannot be written; some of the entries may be stored.
    fn put(&self, entries: Vec<Put>, lease: Option<(Lease, Writer)>, now: Timestamp) -> Result<Vec<Stored>>;

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

    /// Places an intent beside each tag; a second one of the same writer replaces the first. *Afterwards* it reads the
    /// notes beside the tables.
    ///
    /// # Errors
    ///
    /// If the store cannot be written; some of the intents may stand.
    fn place(&self, placing: &Placing<'_>, now: Timestamp) -> Result<Vec<Option<Notes>>>;

    /// Ends the intents of `writer`, each as told; a tag without an intent of the writer is changed all the same. In the
    /// same call it reads the notes beside `tables`.
    ///
    /// # Errors
    ///
    /// If the store cannot be written; some of the tags may be changed.
    fn release(
        &self,
        writer: Writer,
        releases: &[Release],
        tables: &[Tag],
        now: Timestamp,
    ) -> Result<Vec<Option<Notes>>>;

    /// Compares tokens with a release; `None`: the store does not, and no row is stored that a write gives back.
    fn comparer(&self) -> Option<&dyn ComparingStore>;

    /// Gives back the room of all entries. They are unreachable already: this is for memory's sake.
    ///
    /// # Errors
    ///
    /// If the store cannot be written.
    fn reclaim(&self) -> Result<()>;

    /// How much the store holds at present, as far as it knows.
    fn usage(&self) -> Usage;

    /// What the store can do because others use it as well; `None`: it is a part of this process. Then it keeps values as
    /// they are, answers at once and never fails, and nobody else writes to it.
    fn shared(&self) -> Option<&dyn SharedStore>;

    /// The values that are set by hand; `None`: the store keeps none of them.
    fn slots(&self) -> Option<&dyn SlotStore>;
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
pub struct LookUp {
    /// The entry; `None`: there is none.
    pub found: Option<Found>,
    /// What tags held then, if nothing is to be served: each of those that the entry may depend on, or none of them.
    pub seen: Vec<(Tag, Option<Seed>)>,
}

impl LookUp {
    /// An entry of which tags nothing is told.
    #[must_use]
    pub const fn unseen(found: Option<Found>) -> Self {
        Self { found, seen: Vec::new() }
    }
}

/// The tokens of tags, and the notes beside tables.
#[derive(Clone, Debug, Default)]
pub struct Seeded {
    /// The present token of each tag.
    pub seeds: Vec<Seed>,
    /// The notes beside each table; `None`: there are none, or what is there is nothing that was noted.
    pub notes: Vec<Option<Notes>>,
}

impl Seeded {
    /// What was asked for so many tags and tables.
    pub(crate) fn of_length(self, tags: usize, tables: usize) -> Result<Self> {
        Ok(Self { seeds: same_length(self.seeds, tags)?, notes: same_length(self.notes, tables)? })
    }
}

/// Intents that are placed.
#[derive(Clone, Copy, Debug)]
pub struct Placing<'a> {
    /// Who writes.
    pub writer: Writer,
    /// Beside which tags.
    pub tags: &'a [Tag],
    /// How long each of them lives.
    pub life: Duration,
    /// The tables whose notes are read, each named by its `any`.
    pub tables: &'a [Tag],
}

impl<'a> Placing<'a> {
    /// Intents of `writer` beside `tags`, for `life`; no notes are read.
    #[must_use]
    pub const fn new(writer: Writer, tags: &'a [Tag], life: Duration) -> Self {
        Self { writer, tags, life, tables: &[] }
    }
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
        let key = key.fingerprint();
        Self(Fingerprint::of(&[b"lease", key.as_bytes(), &tokens]).in_shard(key.shard()))
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
