//! Compares what a cached read gives with what plain Diesel gives on the same connection.

use core::fmt::Debug;
use std::sync::Arc;

use cache_diesel::{CachedRow, CachedRows};
use diesel::prelude::*;

use crate::database::{self, DatabaseConn};

/// A connection, and whether what is read is compared with what the database has.
pub struct At<'a> {
    pub conn: &'a mut DatabaseConn,
    pub compares: bool,
}

/// What was read, if it differs from what the database has.
pub type Compared = Result<(), String>;

impl At<'_> {
    pub fn same<Cached, Plain>(
        &mut self,
        cached: impl FnOnce(&mut DatabaseConn) -> QueryResult<Cached>,
        plain: impl FnOnce(&mut DatabaseConn) -> QueryResult<Plain>,
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
            // Another connection's open transaction is in the way of one of them.
            (Err(error), _) | (_, Err(error)) if database::is_in_the_way(error) => true,
            (Err(cached), Err(plain)) => cached == plain,
            _ => false,
        };
        if is_same { Ok(()) } else { Err(format!("cached: {cached:?}\n    plain:  {plain:?}")) }
    }
}

/// The rows of a list, in the order of their texts where none was asked for and the database has none of its own.
pub fn listed<M: Debug>(mut rows: Vec<M>) -> Vec<M> {
    if !database::LISTS_KEEP_ORDER {
        rows.sort_by_cached_key(|row| format!("{row:?}"));
    }
    rows
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

impl<M: PartialEq> SameAs<Vec<M>> for Vec<M> {
    fn is_same(&self, plain: &Vec<M>) -> bool {
        self == plain
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
