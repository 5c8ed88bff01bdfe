//! Tells SQL keywords from names.

/// A word in lower case, kept without allocating; empty if it is longer than any known one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Folded {
    bytes: [u8; Self::LONGEST],
    length: usize,
}

impl Folded {
    /// The length of the longest word that is looked up anywhere.
    pub(super) const LONGEST: usize = 40;

    /// Folds `word`.
    pub(super) fn new(word: &str) -> Self {
        let length = if word.len() > Self::LONGEST { 0 } else { word.len() };
        let mut bytes = [0; Self::LONGEST];
        bytes[..length].copy_from_slice(&word.as_bytes()[..length]);
        bytes[..length].make_ascii_lowercase();
        Self { bytes, length }
    }

    /// The folded word.
    pub(super) fn as_str(&self) -> &str {
        str::from_utf8(&self.bytes[..self.length]).unwrap_or_default()
    }
}
