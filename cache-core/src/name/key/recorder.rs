//! Takes down what a value's `Hash` says of it, as the bytes of a key.

use core::hash::{Hash, Hasher};

use super::{KeyBytes, long, word};

/// Takes down what a value's `Hash` says, instead of mixing it: integers as eight or sixteen bytes of
/// little endian on every machine, strings and bytes as they are.
pub(super) struct Recorder<P>(P);

impl<P: Paper> Recorder<P> {
    /// The key of a value that says itself on empty paper.
    #[inline]
    pub(super) fn key_of<T: Hash + ?Sized>(value: &T, paper: P) -> KeyBytes {
        let mut recorder = Self(paper);
        value.hash(&mut recorder);
        recorder.0.into_key()
    }
}

/// What is written on.
pub(super) trait Paper {
    fn write(&mut self, bytes: &[u8]);

    fn digest(&self) -> blake3::Hash;

    /// The key that is said by all that was written.
    fn into_key(self) -> KeyBytes;
}

/// Room for a key as it is. What is longer goes on on a sheet.
pub(super) struct Slip {
    bytes: [u8; KeyBytes::SIZE],
    length: usize,
    overflow: Option<Overflow>,
}

impl Slip {
    #[inline]
    pub(super) const fn new() -> Self {
        Self { bytes: [0; KeyBytes::SIZE], length: 0, overflow: None }
    }

    #[cold]
    fn spill(&mut self, bytes: &[u8]) {
        let overflow = self.overflow.get_or_insert_with(|| {
            let mut start = long::take();
            start.extend_from_slice(&self.bytes[..self.length]);
            Overflow::Short(start)
        });
        overflow.write(bytes);
    }
}

impl Paper for Slip {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        let end = self.length + bytes.len();
        if self.overflow.is_some() || end > KeyBytes::LONGEST_VERBATIM {
            return self.spill(bytes);
        }
        self.bytes[self.length..end].copy_from_slice(bytes);
        self.length = end;
    }

    fn digest(&self) -> blake3::Hash {
        match &self.overflow {
            None => blake3::hash(&self.bytes[..self.length]),
            Some(overflow) => overflow.digest(),
        }
    }

    // Each read names one short value or two: a call would take longer.
    #[inline(always)]
    fn into_key(self) -> KeyBytes {
        match self.overflow {
            None => KeyBytes::verbatim(&self.bytes, self.length),
            Some(overflow) => overflow.into_key(blake3::hash),
        }
    }
}

/// A sheet from the beginning, for what is probably long, and was probably written a moment ago.
pub(super) struct Sheet(Overflow);

impl Sheet {
    #[inline]
    pub(super) fn new() -> Self {
        Self(Overflow::Short(long::take()))
    }
}

impl Paper for Sheet {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        self.0.write(bytes);
    }

    fn digest(&self) -> blake3::Hash {
        self.0.digest()
    }

    fn into_key(self) -> KeyBytes {
        match self.0 {
            Overflow::Short(short) if short.len() <= KeyBytes::LONGEST_VERBATIM => {
                let mut bytes = [0; KeyBytes::SIZE];
                bytes[..short.len()].copy_from_slice(&short);
                let key = KeyBytes::verbatim(&bytes, short.len());
                long::give_back(short);
                key
            }
            overflow => overflow.into_key(long::digest),
        }
    }
}

/// What is too long for a key as it is.
enum Overflow {
    /// Digested in one go, as long as it is a single chunk of BLAKE3.
    Short(Vec<u8>),
    Long(Box<blake3::Hasher>),
}

impl Overflow {
    /// The length of a chunk of BLAKE3.
    const CHUNK: usize = 1024;

    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        match self {
            Self::Short(start) if start.len() + bytes.len() <= Self::CHUNK => start.extend_from_slice(bytes),
            _ => self.write_more(bytes),
        }
    }

    #[cold]
    fn write_more(&mut self, bytes: &[u8]) {
        match self {
            Self::Short(start) => {
                let mut hasher = Box::new(blake3::Hasher::new());
                hasher.update(start).update(bytes);
                *self = Self::Long(hasher);
            }
            Self::Long(hasher) => _ = hasher.update(bytes),
        }
    }

    /// `digest`: how what is no longer than a chunk of BLAKE3 is digested by it.
    #[cold]
    fn into_key(self, digest: fn(&[u8]) -> blake3::Hash) -> KeyBytes {
        match self {
            Self::Short(bytes) => {
                let key = KeyBytes::digest(digest(&bytes));
                long::give_back(bytes);
                key
            }
            Self::Long(hasher) => KeyBytes::digest(hasher.finalize()),
        }
    }

    fn digest(&self) -> blake3::Hash {
        match self {
            Self::Short(bytes) => blake3::hash(bytes),
            Self::Long(hasher) => hasher.finalize(),
        }
    }
}

impl<P: Paper> Hasher for Recorder<P> {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        self.0.write(bytes);
    }

    fn write_u16(&mut self, number: u16) {
        self.write_u64(number.into());
    }

    fn write_u32(&mut self, number: u32) {
        self.write_u64(number.into());
    }

    #[inline]
    fn write_u64(&mut self, number: u64) {
        self.write(&number.to_le_bytes());
    }

    fn write_u128(&mut self, number: u128) {
        self.write(&number.to_le_bytes());
    }

    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }

    // Signed integers are extended with their sign, so that -1 differs from 65535.
    fn write_i8(&mut self, number: i8) {
        self.write_i64(number.into());
    }

    fn write_i16(&mut self, number: i16) {
        self.write_i64(number.into());
    }

    #[inline]
    fn write_i32(&mut self, number: i32) {
        self.write_i64(number.into());
    }

    #[inline]
    fn write_i64(&mut self, number: i64) {
        self.write(&number.to_le_bytes());
    }

    fn write_i128(&mut self, number: i128) {
        self.write(&number.to_le_bytes());
    }

    fn write_isize(&mut self, number: isize) {
        self.write_i64(number as i64);
    }

    fn finish(&self) -> u64 {
        // Some `Hash` implementations hash a part with a hasher of their own and ask for its result.
        word(&self.0.digest().as_bytes()[..8])
    }
}
