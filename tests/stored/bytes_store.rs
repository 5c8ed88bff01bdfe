//! A store that keeps nothing but bytes, and asks for the tags of whatever is looked for, as one across a network does.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use cache_core::protocol::notes::Notes;
use cache_core::store::{
    Beginning, Begun, ComparingStore, Found, Lease, LookUp, MemoryStore, NoteStore, PipeliningStore, Placing, Put,
    Release, Seeded, Sharding, SharedStore, SlotStore, Started, Starting, Store, Stored, Usage, Wanted, Writer,
};
use cache_core::{CacheKey, Flaw, Life, NearCounts, Result, Tag, Timestamp, Token, Value, Worth};
use conformance::in_steps;

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
    fn find(&self, _key: &CacheKey, _at: Timestamp) -> Option<(Value, Life)> {
        None
    }

    fn look(&self, wanted: &[Wanted<'_>], now: Timestamp) -> Result<Vec<LookUp>> {
        let found = self.0.look(wanted, now)?.into_iter().map(|looked| looked.found);
        Ok(found
            .zip(wanted)
            .map(|(found, wanted)| LookUp::unseen(found.and_then(|found| read(found, wanted))))
            .collect())
    }

    fn seed(&self, tags: &[Tag], tables: &[Tag], now: Timestamp) -> Result<Seeded> {
        self.0.seed(tags, tables, now)
    }

    fn put(&self, entries: Vec<Put>, lease: Option<(Lease, Writer)>, now: Timestamp) -> Result<Vec<Stored>> {
        entries
            .into_iter()
            .map(|mut put| {
                let Some(codec) = put.codec else { return Ok(Stored::Declined) };
                let mut bytes = Vec::new();
                codec.encode(&put.value, &mut bytes)?;
                let tags = put.tokens.iter().map(|(tag, _)| *tag).collect();
                put.value = Value::Shared(Arc::new(Bytes { bytes, tags }));
                Ok(self.0.put(vec![put], lease, now)?[0])
            })
            .collect()
    }

    fn remove(&self, keys: &[CacheKey], now: Timestamp) -> Result<()> {
        self.0.remove(keys, now)
    }

    fn place(&self, placing: &Placing<'_>, now: Timestamp) -> Result<Vec<Option<Notes>>> {
        self.0.place(placing, now)
    }

    fn release(
        &self,
        writer: Writer,
        releases: &[Release],
        tables: &[Tag],
        now: Timestamp,
    ) -> Result<Vec<Option<Notes>>> {
        self.0.release(writer, releases, tables, now)
    }

    fn comparer(&self) -> Option<&dyn ComparingStore> {
        None
    }

    fn reclaim(&self) -> Result<()> {
        self.0.reclaim()
    }

    fn usage(&self) -> Usage {
        self.0.usage()
    }

    fn shared(&self) -> Option<&dyn SharedStore> {
        Some(self)
    }

    fn slots(&self) -> Option<&dyn SlotStore> {
        None
    }
}

impl SharedStore for BytesStore {
    fn set_operation_timeout(&self, _timeout: Duration) {}

    fn keeps_bytes_only(&self) -> bool {
        false
    }

    fn sharding(&self) -> Sharding {
        Sharding::Whole
    }

    fn lease(&self, _name: Lease, _holder: Writer, _life: Duration) -> Result<bool> {
        Ok(true)
    }

    fn start(&self, starting: &Starting<'_>, now: Timestamp) -> Result<Started> {
        in_steps::start(self, starting, now)
    }

    fn begin(&self, beginning: &Beginning<'_>, now: Timestamp) -> Result<Begun> {
        in_steps::begin(self, beginning, now)
    }

    fn give_up(&self, _name: Lease, _holder: Writer, _unused: &[(Tag, Token)]) -> Result<()> {
        Ok(())
    }

    fn pipelining(&self) -> Option<&dyn PipeliningStore> {
        None
    }

    fn notes(&self) -> Option<&dyn NoteStore> {
        None
    }

    fn near_counts(&self, _now: Timestamp) -> Option<NearCounts> {
        None
    }

    fn incarnations_met(&self) -> u64 {
        1
    }

    fn shut_down(&self) {}
}
