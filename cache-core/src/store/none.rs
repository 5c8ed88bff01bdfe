//! A store that keeps nothing: every read asks the database.

use core::time::Duration;

use crate::clock::Timestamp;
use crate::error::Result;
use crate::key::CacheKey;
use crate::store::{Found, Put, Release, Seed, Store, Stored, Usage, Wanted, Writer};
use crate::tag::{Tag, Token};

/// A store that keeps nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoneStore;

impl Store for NoneStore {
    fn get_many(&self, wanted: &[Wanted<'_>], _now: Timestamp) -> Result<Vec<Option<Found>>> {
        Ok(vec![None; wanted.len()])
    }

    fn seed(&self, tags: &[Tag], _now: Timestamp) -> Result<Vec<Seed>> {
        // Every token is a new one: two readers never share a load that a write may have come between.
        Ok(tags.iter().map(|_| Seed { token: Token::fresh(), is_intended: false }).collect())
    }

    fn put_many(&self, entries: Vec<Put>, _now: Timestamp) -> Result<Vec<Stored>> {
        Ok(vec![Stored::Declined; entries.len()])
    }

    fn remove(&self, _keys: &[CacheKey], _now: Timestamp) -> Result<()> {
        Ok(())
    }

    fn place(&self, _writer: Writer, _tags: &[Tag], _life: Duration, _now: Timestamp) -> Result<()> {
        Ok(())
    }

    fn release(&self, _writer: Writer, _releases: &[Release], _now: Timestamp) -> Result<()> {
        Ok(())
    }

    fn is_local(&self) -> bool {
        true
    }

    fn reclaim(&self) -> Result<()> {
        Ok(())
    }

    fn usage(&self) -> Usage {
        Usage::default()
    }
}
