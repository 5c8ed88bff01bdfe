//! Names entries: keys of fixed size that hold everything that changes a result.

use core::any::type_name;
use core::cmp::Ordering;
use core::fmt;
use core::hash::{Hash, Hasher};
use std::cell::RefCell;

use crate::name::recent::Recent;

mod digits;
mod kind;
mod long;
mod recorder;
#[cfg(test)]
mod tests;

use self::digits::eight_digits;
pub(crate) use self::digits::{digits, read_digits};
pub use self::kind::Kind;
use self::recorder::{Recorder, Sheet, Slip};

/// A digest of 128 bits (BLAKE3), for the parts of a key that seldom change.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[repr(align(8))]
pub struct Fingerprint([u8; 16]);

impl Fingerprint {
    /// Digests `parts`, each with its length, so that no two lists of parts read alike.
    #[must_use]
    pub fn of(parts: &[&[u8]]) -> Self {
        let digest = Self::of_short(parts).unwrap_or_else(|| KeyDigest::starting_with(parts).0.finalize());
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest.as_bytes()[..16]);
        Self(bytes)
    }

    /// The same for a few bytes, which take a third of the time in one piece. Every look-up on a server digests several.
    fn of_short(parts: &[&[u8]]) -> Option<blake3::Hash> {
        let (mut piece, mut end) = ([0; 192], 0);
        for part in parts {
            let (length, rest) = piece[end..].split_first_chunk_mut()?;
            *length = (part.len() as u64).to_le_bytes();
            rest.get_mut(..part.len())?.copy_from_slice(part);
            end += length.len() + part.len();
        }
        Some(blake3::hash(&piece[..end]))
    }

    /// The digest that these 32 digits say, as it is shown.
    pub(crate) fn of_digits(digits: &[u8]) -> Option<Self> {
        let (high, low) = digits.split_first_chunk()?;
        let (high, low) = (read_digits(high)?, read_digits(low.try_into().ok()?)?);
        Some(Self((u128::from(high) << 64 | u128::from(low)).to_be_bytes()))
    }

    /// The digest in hexadecimal digits: every look-up on a server names half a dozen.
    pub(crate) fn digits(&self) -> [u8; 32] {
        let mut digits = [0; 32];
        for (digits, bytes) in digits.as_chunks_mut().0.iter_mut().zip(self.0.as_chunks().0) {
            *digits = eight_digits(u32::from_be_bytes(*bytes));
        }
        digits
    }

    /// The digest that stores outside of this process know by `bytes`.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The digest's bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// The same under a name, which is a digest: two digests that differ do so in more than these eight bytes.
    #[inline]
    pub(crate) fn under(mut self, name: u64) -> Self {
        self.0.iter_mut().zip(name.to_le_bytes()).for_each(|(byte, other)| *byte ^= other);
        self
    }

    #[inline]
    pub(crate) fn words(&self) -> u64 {
        let (low, high) = self.0.split_at(8);
        word(low) ^ word(high).rotate_left(32)
    }
}

// The order of the bytes, by two comparisons: maps and sorted lists of tags go by it.
impl Ord for Fingerprint {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        u128::from_be_bytes(self.0).cmp(&u128::from_be_bytes(other.0))
    }
}

impl PartialOrd for Fingerprint {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(core::str::from_utf8(&self.digits()).unwrap_or_default())
    }
}

/// The part of a key that names one row, one value or one query: up to 30 bytes as they are, longer
/// ones as a digest of 248 bits. Short ones therefore never collide, long ones not in practice, even
/// if outsiders choose them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(align(8))]
pub struct KeyBytes([u8; KeyBytes::SIZE]);

impl KeyBytes {
    pub(crate) const SIZE: usize = 32;
    const LONGEST_VERBATIM: usize = Self::SIZE - 2;
    const DIGEST: u8 = u8::MAX;

    /// The key of nothing in particular.
    pub const EMPTY: Self = Self([0; Self::SIZE]);

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The key that is said by `bytes`.
    pub(crate) const fn from_bytes(bytes: [u8; Self::SIZE]) -> Self {
        Self(bytes)
    }

    /// The key of `value`, as its `Hash` describes it.
    #[must_use]
    pub fn of<T: Hash + ?Sized>(value: &T) -> Self {
        Recorder::key_of(value, Slip::new())
    }

    /// The same of a value that this thread has probably named a moment ago: a long name is compared then, not digested.
    #[doc(hidden)]
    #[must_use]
    pub fn of_recent<T: Hash + ?Sized>(value: &T) -> Self {
        Recorder::key_of(value, Sheet::new())
    }

    /// The same value under a name, which is a digest: values of different names are told apart.
    #[must_use]
    pub fn under(mut self, name: u64) -> Self {
        let length = usize::from(self.0[Self::SIZE - 1]);
        let name = name.to_le_bytes();
        if self.0[Self::SIZE - 1] == Self::DIGEST {
            // Two digests that differ do so in more than these eight bytes.
            self.0.iter_mut().zip(name).for_each(|(byte, other)| *byte ^= other);
            return self;
        }
        let end = length + name.len();
        if end > Self::LONGEST_VERBATIM {
            return KeyDigest::starting_with(&[&self.0[..length], &name]).finish();
        }
        self.0[length..end].copy_from_slice(&name);
        Self::verbatim(&self.0, end)
    }

    /// Hashes the bytes in words: maps of entries and of tags look up several in each read.
    #[inline(always)]
    pub(crate) fn hash_words<H: Hasher>(&self, state: &mut H) {
        // The last word ends with the length: the two in the middle of a short key hold nothing.
        let is_short = usize::from(self.0[Self::SIZE - 1]) <= 8;
        state.write_u64(word(&self.0[..8]));
        if !is_short {
            state.write_u64(word(&self.0[8..16]));
            state.write_u64(word(&self.0[16..24]));
        }
        state.write_u64(word(&self.0[24..]));
    }

    #[inline]
    fn verbatim(bytes: &[u8; Self::SIZE], length: usize) -> Self {
        let mut key = *bytes;
        key[Self::SIZE - 1] = u8::try_from(length).unwrap_or(Self::DIGEST);
        Self(key)
    }

    fn digest(digest: blake3::Hash) -> Self {
        let mut key = *digest.as_bytes();
        key[Self::SIZE - 1] = Self::DIGEST;
        Self(key)
    }
}

impl fmt::Debug for KeyBytes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = usize::from(self.0[Self::SIZE - 1]).min(Self::SIZE - 1);
        write!(formatter, "{}", self.0[..length].escape_ascii())
    }
}

impl fmt::Display for KeyBytes {
    /// Shows the text or the integer that the key was made of, as far as its bytes tell; others as their bytes, and long ones
    /// as a digest.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = usize::from(self.0[Self::SIZE - 1]);
        let Some(bytes) = self.0.get(..length) else {
            return self.0[..16].iter().try_for_each(|byte| write!(formatter, "{byte:02x}"));
        };
        // A text ends with what is in no text; in eight bytes, that is far below any key that somebody numbers rows with.
        let text = bytes.strip_suffix(&[u8::MAX]).and_then(|text| core::str::from_utf8(text).ok());
        match (text.filter(|text| !text.contains(char::is_control)), bytes.try_into()) {
            (Some(text), _) => formatter.write_str(text),
            (None, Ok(number)) => write!(formatter, "{}", i64::from_le_bytes(number)),
            (None, Err(_)) => write!(formatter, "{}", bytes.escape_ascii()),
        }
    }
}

/// A name for a list of names, made when a program is compiled: FNV-1a of 64 bits over each with its end. It parts what
/// one program means, and does not withstand outsiders.
#[must_use]
pub const fn name_of(names: &[&str]) -> u64 {
    let mut digest = 0xcbf2_9ce4_8422_2325_u64;
    let mut at = 0;
    while at < names.len() {
        let bytes = names[at].as_bytes();
        let mut byte = 0;
        while byte <= bytes.len() {
            // What is in no text of UTF-8 ends a name.
            let next = if byte < bytes.len() { bytes[byte] } else { 0xff };
            digest = (digest ^ next as u64).wrapping_mul(0x0000_0100_0000_01b3);
            byte += 1;
        }
        at += 1;
    }
    digest
}

/// A name for the type `T`, the same in each process that runs one version of a program: its text eight bytes at a time,
/// since each hit of a computed value asks for it. It parts what one program means, and does not withstand outsiders.
#[inline]
#[must_use]
pub(crate) fn name_of_type<T: ?Sized>() -> u64 {
    let (words, rest) = type_name::<T>().as_bytes().as_chunks();
    let mut last = [u8::MAX; 8];
    last[..rest.len()].copy_from_slice(rest);
    let step = |digest: u64, word: &[u8; 8]| {
        let mixed = (digest ^ u64::from_le_bytes(*word)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed ^ mixed >> 32
    };
    words.iter().chain([&last]).fold(0xcbf2_9ce4_8422_2325, step)
}

/// Digests text of any length into [`KeyBytes`], piece by piece.
#[derive(Debug)]
pub struct KeyDigest(blake3::Hasher);

impl KeyDigest {
    /// A digest that begins with `parts`, each with its length.
    #[must_use]
    pub fn starting_with(parts: &[&[u8]]) -> Self {
        let mut hasher = blake3::Hasher::new();
        for part in parts {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        Self(hasher)
    }

    /// The key of everything that was written.
    #[must_use]
    pub fn finish(self) -> KeyBytes {
        KeyBytes::digest(self.0.finalize())
    }
}

impl fmt::Write for KeyDigest {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.update(text.as_bytes());
        Ok(())
    }
}

/// The name of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheKey {
    /// The database and whatever else of the connection changes what its queries return.
    pub space: Fingerprint,
    /// The manager: its name, its model's shape.
    pub manager: Fingerprint,
    /// The kind of read.
    pub kind: Kind,
    /// The row, the value or the query.
    pub id: KeyBytes,
}

impl CacheKey {
    /// The name that stores outside of this process know the entry by: nobody reads an e-mail address or a secret off
    /// it.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        /// A look-up names its entry once, and a miss three times.
        const KEYS: usize = 4;
        thread_local! {
            static RECENT: RefCell<Recent<CacheKey, Fingerprint, KEYS>> = const { RefCell::new(Recent::new()) };
        }
        let kind = [self.kind.code()];
        let parts = [b"entry", &self.space.as_bytes()[..], self.manager.as_bytes(), &kind, &self.id.0];
        let digest = || Fingerprint::of(&parts).in_shard(self.manager.shard());
        let recent = RECENT.try_with(|recent| recent.borrow_mut().of(self.id.0[0].into(), self, digest));
        recent.unwrap_or_else(|_| digest())
    }
}

impl Hash for CacheKey {
    // Each hit hashes one key: a call would take longer.
    #[inline(always)]
    fn hash<H: Hasher>(&self, state: &mut H) {
        // Spaces and managers are digests already: folding them saves the map half of its hashing.
        state.write_u64(self.space.words() ^ self.manager.words().rotate_left(17) ^ (self.kind as u64));
        self.id.hash_words(state);
    }
}

#[inline]
fn word(bytes: &[u8]) -> u64 {
    u64::from_le_bytes(bytes.try_into().expect("every caller passes eight bytes"))
}
