//! Compares what a cached read gives with what plain Diesel gives on the same connection.

use core::fmt::Debug;
use core::time::Duration;
use std::sync::Arc;

use cache_diesel::{CachedRow, CachedRows};

use crate::database::{self, DatabaseConn};
use crate::line::prelude::*;
use crate::program::Conn;
use crate::scene;

/// A connection, how its reads are asked for, and whether what is read is compared with what the database has.
pub struct At<'a> {
    /// Which one it is, or which one leads to the same database.
    pub name: Conn,
    pub conn: &'a mut DatabaseConn,
    pub asked: Asked,
    pub compares: bool,
    /// Where the read is asked for that is only to say what it gives.
    pub source: Option<Source>,
    /// What it gave then; a row that is not there is no error.
    pub said: Option<QueryResult<String>>,
    /// Whether another connection's open transaction was in the way of a cached read.
    pub was_refused: bool,
}

/// What is asked of a cached read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// To give what is cached.
    Plainly,
    /// To ask the database, and to store the answer.
    Refresh,
    /// To ask the database, and to store nothing.
    RefreshForNobody,
}

/// Where a read is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    Cache,
    Database,
}

/// For no time.
pub const NEVER: Duration = Duration::ZERO;

/// The read as it is asked for.
macro_rules! asked {
    ($asked:expr, $read:expr) => {
        match ($asked, $read) {
            ($crate::same::Asked::Plainly, read) => read,
            ($crate::same::Asked::Refresh, read) => read.refresh(),
            ($crate::same::Asked::RefreshForNobody, read) => read.timeout($crate::same::NEVER).refresh(),
        }
    };
}

/// The cached list, and the plain query that it would run.
macro_rules! list {
    ($at:expr, $Model:ident, $read:expr) => {{
        let asked = $at.asked;
        $at.same(
            |conn| $crate::same::asked!(asked, $read).load(conn).map(|rows| $crate::same::listed(rows.to_vec())),
            |conn| {
                RunQueryDsl::load::<$Model>($read.query().select($Model::as_select()), conn).map($crate::same::listed)
            },
        )
    }};
}

/// A cached row, and the first row of the plain query.
macro_rules! row {
    ($at:expr, $Model:ident, $read:expr, $plain:expr) => {{
        let asked = $at.asked;
        $at.same(
            |conn| $crate::same::asked!(asked, $read).first(conn),
            |conn| $plain.select($Model::as_select()).first::<$Model>(conn),
        )
    }};
}

/// Cached rows, and the plain look-up of each key.
macro_rules! many {
    ($at:expr, $Model:ident, $table:ident, $keys:expr) => {{
        let asked = $at.asked;
        $at.same(
            |conn| {
                $crate::same::asked!(
                    asked,
                    $Model::cached_in($crate::world::cache_name()).get_many($keys.iter().copied())
                )
                .load(conn)
            },
            |conn| {
                let look_up = |key: &_| $table::table.find(*key).first::<$Model>(conn).optional();
                $keys.iter().map(look_up).collect::<QueryResult<Vec<_>>>()
            },
        )
    }};
}

/// A cached count, and that of the plain query.
macro_rules! count {
    ($at:expr, $read:expr, $plain:expr) => {{
        let asked = $at.asked;
        $at.same(|conn| $crate::same::asked!(asked, $read).count(conn), |conn| $plain.count().get_result::<i64>(conn))
    }};
}

/// Whether there is a cached row, and whether the plain query has one.
macro_rules! any {
    ($at:expr, $read:expr, $plain:expr) => {{
        let asked = $at.asked;
        $at.same(
            |conn| $crate::same::asked!(asked, $read).exists(conn),
            |conn| $plain.count().get_result::<i64>(conn).map(|count| count > 0),
        )
    }};
}
pub(crate) use {any, asked, count, list, many, row};

/// What was read, if it differs from what the database has.
pub type Compared = Result<(), String>;

impl<'a> At<'a> {
    /// Asks plainly, and compares.
    pub fn plainly(name: Conn, conn: &'a mut DatabaseConn) -> Self {
        Self { name, conn, asked: Asked::Plainly, compares: true, source: None, said: None, was_refused: false }
    }

    pub fn same<Cached, Plain>(
        &mut self,
        cached: impl FnOnce(&mut DatabaseConn) -> QueryResult<Cached>,
        plain: impl FnOnce(&mut DatabaseConn) -> QueryResult<Plain>,
    ) -> Compared
    where
        Cached: Debug + SameAs<Plain>,
        Plain: Debug,
    {
        if let Some(source) = self.source {
            self.said = Some(match source {
                Source::Cache => scene::at(self.name, || said(cached(self.conn))),
                Source::Database => said(plain(self.conn)),
            });
            return Ok(());
        }
        let cached = scene::at(self.name, || cached(self.conn));
        self.was_refused |= cached.as_ref().is_err_and(database::is_in_the_way);
        if !self.compares {
            return Ok(());
        }
        let plain = plain(self.conn);
        let is_same = match (&cached, &plain) {
            (Ok(cached), Ok(plain)) => cached.is_same(plain),
            // Another connection's open transaction is in the way of one of them.
            (Err(error), _) | (_, Err(error)) if database::is_in_the_way(error) => true,
            // Some errors equal none, not even themselves.
            (Err(cached), Err(plain)) => cached == plain || format!("{cached:?}") == format!("{plain:?}"),
            _ => false,
        };
        if is_same { Ok(()) } else { Err(format!("cached: {cached:?}\n    plain:  {plain:?}")) }
    }
}

fn said<T: Debug>(result: QueryResult<T>) -> QueryResult<String> {
    result.optional().map(|value| format!("{value:?}"))
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

impl<A: PartialEq, B: PartialEq> SameAs<(A, B)> for (A, B) {
    fn is_same(&self, plain: &(A, B)) -> bool {
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
