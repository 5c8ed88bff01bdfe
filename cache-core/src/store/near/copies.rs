//! Ends the copies of an entry that is removed from the server.
//!
//! A copy depends on its entry as it does on a tag: the entry's digest names the tag, and the checksum of its bytes is the
//! token. The server holds no such tag. It is told of as if it had changed when the entry is removed, and bytes that were
//! removed do not come back. So what `protocol::near` decides of tokens holds for entries too: a look-up that began
//! before the removal keeps nothing of what it found.

use crate::name::key::{CacheKey, Fingerprint};
use crate::name::tag::TagKind;
use crate::protocol::near::TokenRequest;
use crate::store::link::Packed;
use crate::store::near::{NearMemory, Under};
use crate::store::{Mark, Put, Seed, Stored};

/// What the server holds under the name `key`, as if it were a tag.
pub(in crate::store) fn copy(key: Fingerprint, bytes: &[u8]) -> (Fingerprint, Seed) {
    (key, Seed { token: Mark::of(bytes).token(), is_intended: false })
}

/// The name `key` as that of a tag. It takes as much room as the tag of a row: no other entry needs it.
pub(in crate::store) const fn as_tag(key: Fingerprint) -> (Fingerprint, TagKind) {
    (key, TagKind::Row)
}

/// What a copy of it depends on beside its tags.
pub(in crate::store) fn under_copy(key: Fingerprint, bytes: &[u8]) -> Under {
    let ((key, kind), (_, seed)) = (as_tag(key), copy(key, bytes));
    (key, kind, seed.token)
}

/// Entries that are about to be stored on the server, of which copies are to be kept.
pub(in crate::store) struct Copies<'a> {
    memory: &'a NearMemory,
    entries: &'a [Put],
    question: Option<TokenRequest>,
}

impl<'a> Copies<'a> {
    /// Drops the copies of what was there before, and listens for removals from now on.
    pub(in crate::store) fn before(memory: &'a NearMemory, entries: &'a [Put]) -> Self {
        let names = || entries.iter().map(|put| put.key.fingerprint());
        memory.changed(names());
        Self { memory, entries, question: memory.ask(names().map(as_tag)) }
    }

    /// Keeps copies of what was stored, which are these `bytes` in their order; of the others nothing is left.
    pub(in crate::store) fn keep(self, stored: &[Stored], bytes: &[Packed]) {
        let mut bytes = bytes.iter();
        for (put, stored) in self.entries.iter().zip(stored) {
            let packed = if *stored == Stored::Kept { bytes.next() } else { None };
            let Some(packed) = packed else {
                self.memory.remove(&put.key);
                continue;
            };
            let own = under_copy(put.key.fingerprint(), &packed.bytes);
            let tokens = put.tokens.iter().map(|(tag, token)| (tag.fingerprint(), tag.kind(), *token));
            let tokens: Vec<Under> = tokens.chain([own]).collect();
            if let Some(question) = &self.question {
                self.memory.stored(question, copy(own.0, &packed.bytes));
            }
            self.memory.put(put.key, &put.value, put.life, (&tokens, put.weight));
        }
    }
}

/// A call that removes entries: before it returns, whatever becomes of it, this process has no copies of them.
pub(in crate::store) struct Forsaken<'a> {
    memory: &'a NearMemory,
    keys: &'a [CacheKey],
}

impl<'a> Forsaken<'a> {
    pub(in crate::store) const fn new(memory: &'a NearMemory, keys: &'a [CacheKey]) -> Self {
        Self { memory, keys }
    }
}

impl Drop for Forsaken<'_> {
    fn drop(&mut self) {
        self.memory.changed(self.keys.iter().map(CacheKey::fingerprint));
        self.keys.iter().for_each(|key| self.memory.remove(key));
    }
}
