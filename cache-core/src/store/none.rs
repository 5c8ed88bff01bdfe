//! A store that keeps nothing: every read asks the database.

use crate::clock::Timestamp;
use crate::entry::{Life, Value};
use crate::error::Result;
use crate::name::key::CacheKey;
use crate::name::tag::{Tag, Token};
use crate::protocol::notes::Notes;
use crate::store::{
    ComparingStore, Lease, LookUp, Placing, Put, Release, Seed, Seeded, SharedStore, SlotStore, Store, Stored, Usage,
    Wanted, Writer,
};

/// A store that keeps nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoneStore;

impl Store for NoneStore {
    fn find(&self, _key: &CacheKey, _at: Timestamp) -> Option<(Value, Life)> {
        None
    }

    fn look(&self, wanted: &[Wanted<'_>], _now: Timestamp) -> Result<Vec<LookUp>> {
        Ok(wanted.iter().map(|_| LookUp::unseen(None)).collect())
    }

    fn seed(&self, tags: &[Tag], _tables: &[Tag], _now: Timestamp) -> Result<Seeded> {
        // Every token is a new one: two readers never share a load that a write may have come between.
        let seed = |_| Seed { token: Token::fresh(), is_intended: false };
        Ok(Seeded { seeds: tags.iter().map(seed).collect(), notes: Vec::new() })
    }

    fn put(&self, entries: Vec<Put>, _lease: Option<(Lease, Writer)>, _now: Timestamp) -> Result<Vec<Stored>> {
        Ok(vec![Stored::Declined; entries.len()])
    }

    fn remove(&self, _keys: &[CacheKey], _now: Timestamp) -> Result<()> {
        Ok(())
    }

    fn place(&self, _placing: &Placing<'_>, _now: Timestamp) -> Result<Vec<Option<Notes>>> {
        Ok(Vec::new())
    }

    fn release(
        &self,
        _writer: Writer,
        _releases: &[Release],
        _tables: &[Tag],
        _now: Timestamp,
    ) -> Result<Vec<Option<Notes>>> {
        Ok(Vec::new())
    }

    fn comparer(&self) -> Option<&dyn ComparingStore> {
        None
    }

    fn reclaim(&self) -> Result<()> {
        Ok(())
    }

    fn usage(&self) -> Usage {
        Usage::default()
    }

    fn shared(&self) -> Option<&dyn SharedStore> {
        None
    }

    fn slots(&self) -> Option<&dyn SlotStore> {
        None
    }
}
