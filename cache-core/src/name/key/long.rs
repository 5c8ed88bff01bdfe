//! Digests names that are too long for a key, and remembers those that were made last on each thread.

use std::cell::{Cell, RefCell};

/// How many names are remembered on each thread. Outsiders say names: more of them only push each other out.
const SLOTS: usize = 128;

/// Longer names are not remembered, so that all of a thread's take 64 KiB at most.
const LONGEST: usize = 512;

/// A name, and its digest.
type Remembered = Option<(Box<[u8]>, blake3::Hash)>;

thread_local! {
    /// Where the next name is written down.
    static PAPER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
    static RECENT: RefCell<[Remembered; SLOTS]> = const { RefCell::new([const { None }; SLOTS]) };
}

/// An empty piece of paper. A thread that ends has none left.
pub(super) fn take() -> Vec<u8> {
    let mut paper = PAPER.try_with(Cell::take).unwrap_or_default();
    paper.clear();
    paper.reserve(256);
    paper
}

/// What is not needed any more is written on again.
pub(super) fn give_back(paper: Vec<u8>) {
    // A thread that ends drops it.
    _ = PAPER.try_with(|own| own.set(paper));
}

/// The digest of a name, which is compared with the last one in its slot.
pub(super) fn digest(name: &[u8]) -> blake3::Hash {
    if name.len() > LONGEST {
        return blake3::hash(name);
    }
    let remembered = RECENT.try_with(|recent| {
        let mut recent = recent.borrow_mut();
        let slot = &mut recent[slot_of(name)];
        match slot {
            Some((known, digest)) if **known == *name => *digest,
            _ => slot.insert((name.into(), blake3::hash(name))).1,
        }
    });
    remembered.unwrap_or_else(|_| blake3::hash(name))
}

/// The slot of a name: any is right, so that few operations are enough.
fn slot_of(name: &[u8]) -> usize {
    let (words, rest) = name.as_chunks::<8>();
    let mix = |state: u64, word: u64| (state.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    let words = words.iter().map(|word| u64::from_le_bytes(*word));
    let state = words.chain(rest.iter().map(|byte| u64::from(*byte))).fold(name.len() as u64, mix);
    (state >> 57) as usize % SLOTS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_its_digest_whatever_was_named_before() {
        let name = |number: usize| format!("{number}{}", "-".repeat(number % 600)).into_bytes();
        for number in (0..2000).chain((0..2000).rev()) {
            let name = name(number);
            assert_eq!(digest(&name), blake3::hash(&name));
            assert_eq!(digest(&name), blake3::hash(&name));
        }
    }
}
