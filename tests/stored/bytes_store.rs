//! A store that keeps nothing but bytes, and asks for the tags of whatever is looked for, as one across a network does.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use cache_core::store::{Found, MemoryStore, Put, Release, Seed, Store, Stored, Usage, Wanted, Writer};
use cache_core::{CacheKey, Flaw, Result, Tag, Timestamp, Value, Worth};

#[derive(Debug)]
pub(crate) struct BytesStore(MemoryStore);

/// An entry as it would lie in another process.
struct Bytes {
    bytes: Vec<u8>,
    tags: Vec<Tag>,
}

impl BytesStore {
    pub(crate) fn new() -> Self {
        Self(MemoryStore::with_capacity(16 << 20).unwrap())
    }
}

fn read(mut found: Found, wanted: &Wanted<'_>) -> Option<Found> {
    let codec = wanted.codec.expect("what was put with a codec is looked for with one");
    let Value::Shared(kept) = &found.value else { return None };
    let kept = kept.downcast_ref::<Bytes>()?;
    let named: HashSet<Tag> = wanted.tags.tags().into_iter().collect();
    let unnamed: Vec<&Tag> = kept.tags.iter().filter(|tag| !named.contains(tag)).collect();
    assert!(unnamed.is_empty(), "the look-up of {:?} does not name {unnamed:?}", wanted.key);
    match codec.decode(&kept.bytes) {
        Ok(value) => found.value = value,
        Err(_) => found.worth = Worth::Unreadable(Flaw::Bytes),
    }
    Some(found)
}

impl Store for BytesStore {
    fn get_many(&self, wanted: &[Wanted<'_>], now: Timestamp) -> Result<Vec<Option<Found>>> {
        let found = self.0.get_many(wanted, now)?;
        Ok(found.into_iter().zip(wanted).map(|(found, wanted)| read(found?, wanted)).collect())
    }

    fn seed(&self, tags: &[Tag], now: Timestamp) -> Result<Vec<Seed>> {
        self.0.seed(tags, now)
    }

    fn put_many(&self, entries: Vec<Put>, now: Timestamp) -> Result<Vec<Stored>> {
        entries
            .into_iter()
            .map(|mut put| {
                let Some(codec) = put.codec else { return Ok(Stored::Declined) };
                let mut bytes = Vec::new();
                codec.encode(&put.value, &mut bytes)?;
                let tags = put.tokens.iter().map(|(tag, _)| *tag).collect();
                put.value = Value::Shared(Arc::new(Bytes { bytes, tags }));
                Ok(self.0.put_many(vec![put], now)?[0])
            })
            .collect()
    }

    fn remove(&self, keys: &[CacheKey], now: Timestamp) -> Result<()> {
        self.0.remove(keys, now)
    }

    fn place(&self, writer: Writer, tags: &[Tag], life: Duration, now: Timestamp) -> Result<()> {
        self.0.place(writer, tags, life, now)
    }

    fn release(&self, writer: Writer, releases: &[Release], now: Timestamp) -> Result<()> {
        self.0.release(writer, releases, now)
    }

    fn reclaim(&self) -> Result<()> {
        self.0.reclaim()
    }

    fn usage(&self) -> Usage {
        self.0.usage()
    }
}
