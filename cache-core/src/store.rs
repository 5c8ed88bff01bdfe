//! Where entries live: the contract that every store keeps.

use core::fmt;
use core::time::Duration;

use crate::clock::Timestamp;
use crate::entry::{Life, Value, Worth};
use crate::error::Result;
use crate::key::CacheKey;
use crate::tag::{Tag, Token};

mod cells;
mod failing;
mod memory;
mod none;

pub use failing::FailingStore;
pub use memory::MemoryStore;
pub use none::NoneStore;

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
/// * [`release`](Self::release) changes tags in the order given.
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
        Ok(self.get_many(core::slice::from_ref(wanted), now)?.pop().flatten())
    }

    /// The present token of each tag, put there if it held none. In order.
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
}

/// An entry that is asked for.
#[derive(Clone, Copy)]
pub struct Wanted<'a> {
    /// Its name.
    pub key: CacheKey,
    /// The tags that it may depend on, so that a store elsewhere can read them in the same round trip. Managers name
    /// none yet: what an entry depends on is what it was [put](Put::tokens) under, and a store must keep that with it.
    pub tags: &'a dyn Dependencies,
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

/// A tag's present state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed {
    /// Its token.
    pub token: Token,
    /// Whether a writer's intent stands beside it.
    pub is_intended: bool,
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

/// Names a writer, or one of its transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Writer(Token);

impl Writer {
    /// A name that nobody else has.
    #[must_use]
    pub fn fresh() -> Self {
        Self(Token::fresh())
    }
}

/// How an intent ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Release {
    /// The tag that it stands beside.
    pub tag: Tag,
    /// What happens to both.
    pub outcome: Outcome,
}

/// What the writer knows at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// Something may have been written: a new token, and the intent goes.
    Changed,
    /// Nothing was written: the token stays, the intent goes.
    Unchanged,
    /// Perhaps it is still being written: a new token, and an intent that stands for so long from now.
    Unknown(Duration),
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
