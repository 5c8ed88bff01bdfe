//! Compares what a cached read gives with what plain Diesel gives on the same connection.

use core::fmt::Debug;
use std::sync::Arc;

use cache_diesel::{CachedRow, CachedRows};
use diesel::prelude::*;

/// A connection, and whether what is read is compared with what the database has.
pub struct At<'a> {
    pub conn: &'a mut SqliteConnection,
    pub compares: bool,
}

/// What was read, if it differs from what the database has.
pub type Compared = Result<(), String>;

impl At<'_> {
    pub fn same<Cached, Plain>(
        &mut self,
        cached: impl FnOnce(&mut SqliteConnection) -> QueryResult<Cached>,
        plain: impl FnOnce(&mut SqliteConnection) -> QueryResult<Plain>,
    ) -> Compared
    where
        Cached: Debug + SameAs<Plain>,
        Plain: Debug,
    {
        let cached = cached(self.conn);
        if !self.compares {
            return Ok(());
        }
        let plain = plain(self.conn);
        let is_same = match (&cached, &plain) {
            (Ok(cached), Ok(plain)) => cached.is_same(plain),
            (Err(cached), Err(plain)) => cached == plain,
            _ => false,
        };
        if is_same { Ok(()) } else { Err(format!("cached: {cached:?}\n    plain:  {plain:?}")) }
    }
}

pub trait SameAs<Plain> {
    fn is_same(&self, plain: &Plain) -> bool;
}

impl<M: PartialEq> SameAs<M> for CachedRow<M> {
    fn is_same(&self, plain: &M) -> bool {
        **self == *plain
    }
}

impl<M: PartialEq> SameAs<Option<M>> for Option<Arc<M>> {
    fn is_same(&self, plain: &Option<M>) -> bool {
        self.as_deref() == plain.as_ref()
    }
}

impl<M: PartialEq> SameAs<Vec<Option<M>>> for CachedRows<M> {
    fn is_same(&self, plain: &Vec<Option<M>>) -> bool {
        self.len() == plain.len() && self.iter().zip(plain).all(|(cached, plain)| cached.is_same(plain))
    }
}

impl SameAs<i64> for i64 {
    fn is_same(&self, plain: &i64) -> bool {
        self == plain
    }
}

impl SameAs<bool> for bool {
    fn is_same(&self, plain: &bool) -> bool {
        self == plain
    }
}
