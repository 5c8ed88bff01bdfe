//! Holds the contract of slots: a value changes only if its mark is the one that was read.

use core::any::Any;
use core::fmt;
use core::time::Duration;
use std::sync::Arc;

use crate::clock::Timestamp;
use crate::entry::{Life, Worth};
use crate::error::Result;
use crate::name::key::CacheKey;
use crate::name::tag::{Tag, Token};

/// A store that keeps values which are set by hand.
///
/// # Contract
///
/// A *slot* is what is kept under the key of such a value. It changes by [`exchange`](Self::exchange) only, which does
/// nothing unless the slot is what its caller has seen, and by being lost, as any entry may be. Nothing that was ever
/// written to a slot comes back to it: each writing has another [mark](Mark). Slots and entries have different keys.
pub trait SlotStore {
    /// Returns the slot if this process alone can tell what is in it.
    fn find_slot(&self, key: &CacheKey, now: Timestamp) -> Option<Slot>;

    /// Looks at slots, and reads `tags`: those that the values in the slots may depend on. Each is seen as it is at some
    /// moment inside the call.
    ///
    /// # Errors
    ///
    /// If the store cannot be read.
    fn peek(&self, keys: &[CacheKey], tags: &[Tag], now: Timestamp) -> Result<Slots>;

    /// Looks at slots as [`peek`](Self::peek) does, and opens each that is not there: it is vacant then, for
    /// [five minutes](Slot::VACANT_LIFE) or longer. There is a slot for each key in the answer.
    ///
    /// # Errors
    ///
    /// If the store cannot be read or written; some of the slots may be opened.
    fn open(&self, keys: &[CacheKey], tags: &[Tag], now: Timestamp) -> Result<Slots>;

    /// Changes each slot that is what it has to be, in one step. A replacement whose life is over leaves nothing.
    ///
    /// # Errors
    ///
    /// If the store cannot be written; some of the slots may be changed, or be changed later unless somebody else
    /// changes them first.
    fn exchange(&self, exchanges: Vec<Exchange>, now: Timestamp) -> Result<Vec<Exchanged>>;
}

/// Tells what was written to a slot at one time from what is written there at any other.
///
/// It is how the bytes of a slot begin; no two writings begin alike, whatever they hold.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Mark {
    bytes: [u8; Self::LENGTH],
    length: u8,
}

impl Mark {
    /// How many bytes of a slot are compared: magic, version and checksum of an entry. The checksum is one over a random
    /// number too.
    pub const LENGTH: usize = 14;

    /// The mark of a slot that holds `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let mut mark = Self { bytes: [0; Self::LENGTH], length: 0 };
        for (place, byte) in mark.bytes.iter_mut().zip(bytes) {
            *place = *byte;
            mark.length += 1;
        }
        mark
    }

    /// A mark that no slot ever had.
    #[must_use]
    pub fn fresh() -> Self {
        Self::of(&Token::fresh().bits().to_le_bytes())
    }

    /// The bytes that are compared.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }

    /// The mark as a number, for what is done under it.
    pub(crate) fn token(&self) -> Token {
        Token::from_bits(self.as_bytes().iter().rev().take(8).fold(0, |bits, byte| bits << 8 | u64::from(*byte)))
    }
}

impl fmt::Debug for Mark {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_bytes().iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

/// Says a value in bytes.
pub type Say = fn(&(dyn Any + Send + Sync), &mut Vec<u8>) -> Result<()>;

/// A value that was set by hand.
#[derive(Clone)]
#[non_exhaustive]
pub enum Body {
    /// Its bytes.
    Bytes(Arc<[u8]>),
    /// The value itself, in the process that set it, and how it is said in bytes.
    Shared(Arc<dyn Any + Send + Sync>, Say),
}

impl Body {
    /// Appends the bytes of the value.
    ///
    /// # Errors
    ///
    /// If it cannot be said in bytes.
    pub fn say(&self, bytes: &mut Vec<u8>) -> Result<()> {
        match self {
            Self::Bytes(own) => {
                bytes.extend_from_slice(own);
                Ok(())
            }
            Self::Shared(value, say) => say(&**value, bytes),
        }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(bytes) => write!(formatter, "Bytes({})", bytes.len()),
            Self::Shared(..) => formatter.write_str("Shared"),
        }
    }
}

/// What is kept under a key.
#[derive(Clone, Debug)]
pub struct Slot {
    /// Tells this writing from all others.
    pub mark: Mark,
    /// What was written.
    pub content: Content,
}

impl Slot {
    /// How long a slot stays vacant at least: whoever opened it has so long to write.
    pub const VACANT_LIFE: Duration = Duration::from_secs(300);
}

/// What was written to a slot.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Content {
    /// Something that is not to be served, and why.
    Spent(Worth),
    /// Nothing: the slot was opened, for somebody who is to write.
    Vacant,
    /// A value, and how long it lives.
    Value(Body, Life),
}

/// Slots that were looked at, and the tags that were read with them.
#[derive(Clone, Debug, Default)]
pub struct Slots {
    /// What is kept under each key, in order; `None`: nothing.
    pub slots: Vec<Option<Slot>>,
    /// The token of each tag, in order; `None`: it has none.
    pub tokens: Vec<Option<Token>>,
}

/// A slot that is to be changed, if it is still what it was.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// Its key.
    pub key: CacheKey,
    /// What it has to be.
    pub mark: Mark,
    /// What it becomes; `None`: nothing is left there.
    pub with: Option<Replacement>,
}

/// What a slot is to hold.
#[derive(Clone, Debug)]
pub struct Replacement {
    /// The value.
    pub body: Body,
    /// How long it lives.
    pub life: Life,
    /// What ends it on a server.
    pub expiry: Expiry,
    /// The tokens that it depends on.
    pub tokens: Vec<(Tag, Token)>,
    /// Its size in bytes.
    pub weight: usize,
}

/// When a server lets go of a replacement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Expiry {
    /// When it lets go of what is replaced: by its own clock, and no other one.
    Kept,
    /// When the life is over that begins now.
    OfLife,
}

/// What became of a slot that was to be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Exchanged {
    /// It was something else by then, and stays that.
    Changed,
    /// What it was is gone, and nothing is kept: the store keeps nothing, or the value is too large for it.
    Declined,
    /// It is what it was to become.
    Done,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_how_bytes_begin() {
        assert_eq!(Mark::of(&[7; 100]), Mark::of(&[7; 14]));
        assert_eq!(Mark::of(b"short").as_bytes(), b"short");
        assert_ne!(Mark::of(b""), Mark::of(b"\0"));
        assert_ne!(Mark::of(&[7; 13]), Mark::of(&[7; 14]));
        assert_ne!(Mark::fresh(), Mark::fresh());
    }
}
