//! Takes down what a value's `Hash` says of it, as the bytes of a key.

use core::hash::Hasher;

use super::{KeyBytes, long, word};

/// Takes down what a value's `Hash` says, instead of mixing it: integers as eight or sixteen bytes of
/// little endian on every machine, strings and bytes as they are.
pub(super) struct Recorder {
    bytes: [u8; KeyBytes::SIZE],
    length: usize,
    overflow: Option<Overflow>,
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

    fn push(&mut self, bytes: &[u8]) {
        match self {
            Self::Short(start) if start.len() + bytes.len() <= Self::CHUNK => start.extend_from_slice(bytes),
            Self::Short(start) => {
                let mut hasher = Box::new(blake3::Hasher::new());
                hasher.update(start).update(bytes);
                *self = Self::Long(hasher);
            }
            Self::Long(hasher) => _ = hasher.update(bytes),
        }
    }

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

impl Recorder {
    #[inline]
    pub(super) fn new() -> Self {
        Self { bytes: [0; KeyBytes::SIZE], length: 0, overflow: None }
    }

    /// `digest`: how what is too long, and no longer than a chunk of BLAKE3, is digested by it.
    // Each read names one short value or two: a call would take longer.
    #[inline(always)]
    pub(super) fn into_key(self, digest: fn(&[u8]) -> blake3::Hash) -> KeyBytes {
        match self.overflow {
            None => KeyBytes::verbatim(&self.bytes, self.length),
            Some(overflow) => overflow.into_key(digest),
        }
    }

    #[cold]
    fn spill(&mut self, bytes: &[u8]) {
        let overflow = self.overflow.get_or_insert_with(|| {
            let mut start = long::take();
            start.extend_from_slice(&self.bytes[..self.length]);
            Overflow::Short(start)
        });
        overflow.push(bytes);
    }
}

impl Hasher for Recorder {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        let end = self.length + bytes.len();
        if self.overflow.is_some() || end > KeyBytes::LONGEST_VERBATIM {
            return self.spill(bytes);
        }
        self.bytes[self.length..end].copy_from_slice(bytes);
        self.length = end;
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
        let digest = match &self.overflow {
            None => blake3::hash(&self.bytes[..self.length]),
            Some(overflow) => overflow.digest(),
        };
        word(&digest.as_bytes()[..8])
    }
}
