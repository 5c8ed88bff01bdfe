//! Decides what a statement of Diesel's changes, by its SQL and its last binds.

use cache_core::Fingerprint;
use cache_core::protocol::write::Change;
use diesel::QuerySource;
use diesel::connection::LoadConnection;
use diesel::query_builder::{DeleteStatement, InsertStatement, QueryFragment, UpdateStatement};
use diesel::query_dsl::methods::ExecuteDsl;
use diesel::result::QueryResult;

use crate::backend::{CacheBackend, sql_text};
use crate::misfit::{Fits, Misfit, Never};
use crate::model::row_key::RowKey;
use crate::read::Blocking;
use crate::scan::{self, Binds, Bound};
use crate::track::WriteResult;
use crate::track::precision::are_plain_writes_row_exact;
use crate::write::{Order, WriteMode, WriteTarget, as_announced, by_manager, not_given, space_of};

/// A statement of which can be told what it changes.
///
/// The backend is a parameter: updates and deletes are printed for it. Inserts need not be: those of several rows with
/// defaults run on SQLite in a way of their own.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an insert, update or delete statement that can be run on this connection",
    note = "an update needs its `.set(..)`, and the database everything that the statement uses"
)]
pub trait WrittenRows<DB>: WriteTarget {
    /// What the statement changes of its table, which is called `table` in SQL, in the database whose contents are kept
    /// under `space`.
    #[doc(hidden)]
    fn change(&self, table: &str, space: Option<Fingerprint>) -> Change;
}

impl<T, Values, Op, Returning, DB> WrittenRows<DB> for InsertStatement<T, Values, Op, Returning>
where
    T: QuerySource,
{
    fn change(&self, _table: &str, _space: Option<Fingerprint>) -> Change {
        Change::Upsert
    }
}

impl<T, Where, Values, Returning, DB> WrittenRows<DB> for UpdateStatement<T, Where, Values, Returning>
where
    T: QuerySource,
    DB: CacheBackend,
    Self: QueryFragment<DB>,
{
    fn change(&self, table: &str, space: Option<Fingerprint>) -> Change {
        one_row::<DB, _>(self, table, space).unwrap_or(Change::Change)
    }
}

impl<T, Where, Returning, DB> WrittenRows<DB> for DeleteStatement<T, Where, Returning>
where
    T: QuerySource,
    DB: CacheBackend,
    Self: QueryFragment<DB>,
{
    fn change(&self, table: &str, space: Option<Fingerprint>) -> Change {
        one_row::<DB, _>(self, table, space).unwrap_or(Change::Change)
    }
}

/// A statement that can be run on the connection `C`.
///
/// `Kind` is inferred.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a statement that can be run on this connection",
    label = "an incomplete statement, or one for another database",
    note = "an update needs its `.set(..)`, and the database everything that the statement uses"
)]
pub trait Executed<C, Mode: WriteMode, Kind>: WriteTarget + Sized {
    /// What the statement changes, as [`WrittenRows`] tells it.
    #[doc(hidden)]
    fn changes(&self, table: &str, space: Option<Fingerprint>) -> Change;

    /// Runs the statement, and gives the number of rows that it affected.
    #[doc(hidden)]
    fn executed<'conn>(order: Order<'conn, Self>, conn: &'conn mut C) -> Mode::Reply<'conn, QueryResult<usize>>
    where
        Self: 'conn;
}

#[diagnostic::do_not_recommend]
impl<C, Statement> Executed<C, Blocking, Fits> for Statement
where
    C: LoadConnection<Backend: CacheBackend>,
    Statement: ExecuteDsl<C, C::Backend> + WrittenRows<C::Backend>,
{
    fn changes(&self, table: &str, space: Option<Fingerprint>) -> Change {
        self.change(table, space)
    }

    fn executed<'conn>(order: Order<'conn, Self>, conn: &'conn mut C) -> QueryResult<usize>
    where
        Self: 'conn,
    {
        let Order { statement, table, change, after } = order;
        let change = change(&statement, &mut || space_of(conn, table));
        let told = WriteResult { exact: as_announced, after, given: not_given };
        by_manager(conn, table, &change, |conn| ExecuteDsl::execute(statement, conn), told)
    }
}

// So that one thing is said of a statement that cannot be run.
#[diagnostic::do_not_recommend]
impl<C, Mode: WriteMode, Statement: Never + WriteTarget> Executed<C, Mode, Misfit> for Statement {
    fn changes(&self, _table: &str, _space: Option<Fingerprint>) -> Change {
        Change::Upsert
    }

    fn executed<'conn>(_order: Order<'conn, Self>, _conn: &'conn mut C) -> Mode::Reply<'conn, QueryResult<usize>>
    where
        Self: 'conn,
    {
        Mode::ready(Ok(0))
    }
}

fn one_row<DB, Query>(query: &Query, table: &str, space: Option<Fingerprint>) -> Option<Change>
where
    DB: CacheBackend,
    Query: QueryFragment<DB>,
{
    let key = RowKey::of(table).filter(|key| key.is_exact(space))?;
    let sql = sql_text::<DB, Query>(query).ok()?;
    let by_key = key.one_row(&sql, DB::DIALECT)?;
    // A function that is called in it may write more.
    let is_sole = scan::sole_change(&sql, DB::DIALECT).is_some_and(|changed| changed == table);
    if is_sole { key.change(&by_key, &last_bounds::<DB, _>(key, query)?) } else { None }
}

/// The values that name a row of the table whose key is `key`: as they are sent, or as they are printed where that says more.
fn last_bounds<DB, Query>(key: &RowKey, query: &Query) -> Option<Vec<Bound>>
where
    DB: CacheBackend,
    Query: QueryFragment<DB>,
{
    if key.is_read_as_sent() {
        return DB::last_bounds(query, key.part_count());
    }
    let print = diesel::debug_query::<DB, _>(query);
    let binds = are_plain_writes_row_exact().then(|| scan::first_chunk(&print, &mut |_| Binds::Wanted))??;
    scan::last_bounds(&binds, key.part_count())
}
