//! A store for unit tests that counts as one outside of the process.

use core::time::Duration;

use crate::clock::Timestamp;
use crate::entry::{Life, Value};
use crate::error::Result;
use crate::name::key::CacheKey;
use crate::name::tag::{Tag, Token};
use crate::observe::statistics::NearCounts;
use crate::protocol::notes::Notes;
use crate::protocol::sharding::Sharding;
use crate::store::{
    Beginning, Begun, ComparingStore, Lease, LookUp, NoneStore, NoteStore, PipeliningStore, Placing, Put, Release,
    Seeded, SharedStore, SlotStore, Started, Starting, Store, Stored, Usage, Wanted, Writer,
};

/// Keeps nothing, as [`NoneStore`] does.
#[derive(Debug)]
pub(crate) struct Elsewhere;

impl Store for Elsewhere {
    fn find(&self, key: &CacheKey, at: Timestamp) -> Option<(Value, Life)> {
        NoneStore.find(key, at)
    }

    fn look(&self, wanted: &[Wanted<'_>], now: Timestamp) -> Result<Vec<LookUp>> {
        NoneStore.look(wanted, now)
    }

    fn seed(&self, tags: &[Tag], tables: &[Tag], now: Timestamp) -> Result<Seeded> {
        NoneStore.seed(tags, tables, now)
    }

    fn put(&self, entries: Vec<Put>, lease: Option<(Lease, Writer)>, now: Timestamp) -> Result<Vec<Stored>> {
        NoneStore.put(entries, lease, now)
    }

    fn remove(&self, keys: &[CacheKey], now: Timestamp) -> Result<()> {
        NoneStore.remove(keys, now)
    }

    fn place(&self, placing: &Placing<'_>, now: Timestamp) -> Result<Vec<Option<Notes>>> {
        NoneStore.place(placing, now)
    }

    fn release(
        &self,
        writer: Writer,
        releases: &[Release],
        tables: &[Tag],
        now: Timestamp,
    ) -> Result<Vec<Option<Notes>>> {
        NoneStore.release(writer, releases, tables, now)
    }

    fn comparer(&self) -> Option<&dyn ComparingStore> {
        None
    }

    fn reclaim(&self) -> Result<()> {
        NoneStore.reclaim()
    }

    fn usage(&self) -> Usage {
        NoneStore.usage()
    }

    fn shared(&self) -> Option<&dyn SharedStore> {
        Some(self)
    }

    fn slots(&self) -> Option<&dyn SlotStore> {
        None
    }
}

impl SharedStore for Elsewhere {
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
        let tags: Vec<Tag> = starting.seen.iter().map(|(tag, _)| *tag).collect();
        Ok(Started { seeded: self.seed(&tags, starting.tables, now)?, is_leased: false })
    }

    fn begin(&self, beginning: &Beginning<'_>, now: Timestamp) -> Result<Begun> {
        Ok(Begun { is_taken: Some(true), found: None, seeded: self.seed(beginning.tags, beginning.tables, now)? })
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
