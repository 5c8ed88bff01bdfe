//! Runs any statement of the manager's table.

use core::marker::PhantomData;

use cache_core::protocol::write::Change;
use diesel::connection::LoadConnection;
use diesel::result::{Error, QueryResult};

use crate::backend::CacheBackend;
use crate::backend::line::at_once;
use crate::manager::{Manager, ManagerState};
use crate::model::CachedModel;
use crate::read::WritingConnection;
use crate::track::WriteResult;
use crate::write::candidate::prepare;
use crate::write::saved::{for_count, for_rows};
use crate::write::{Executed, Order, WriteMode, WritesTo, WrittenRows, as_announced, by_manager, space_of};
#[cfg(feature = "async")]
use {
    crate::write::awaiting::{Awaited, Through},
    cache_core::Fingerprint,
};

impl<M: CachedModel> Manager<M> {
    /// Any insert, update or delete of this table.
    ///
    /// # Consistency
    ///
    /// An update or delete by primary key, such as `update(table.find(1)).set(..)`, counts for that row, and for lists,
    /// scopes and counts of the table, if the key is a whole number, bytes or a UUID and is not set. With any other
    /// statement every row and list of the table counts as changed.
    pub fn write<Statement>(self, statement: Statement) -> StatementWrite<M, Statement::Itself>
    where
        Statement: WritesTo<M::Table>,
    {
        StatementWrite { state: self.state, statement: statement.itself(), model: PhantomData }
    }
}

/// A statement, to be run by [`execute`](Self::execute) or [`get_result`](Self::get_result).
#[derive(Debug)]
#[must_use = "nothing is written until a method with a connection is called"]
pub struct StatementWrite<M, Statement> {
    state: &'static ManagerState,
    statement: Statement,
    model: PhantomData<fn() -> M>,
}

impl<M: CachedModel, Statement> StatementWrite<M, Statement> {
    /// Runs the statement and gives the number of rows that it affected.
    ///
    /// # Errors
    ///
    /// Returns what the database says; the cache counts a statement that failed as one that has happened.
    pub fn execute<'conn, C, Mode, Kind>(self, conn: &'conn mut C) -> Mode::Reply<'conn, QueryResult<usize>>
    where
        C: WritingConnection<Mode, Backend: CacheBackend>,
        Mode: WriteMode,
        Statement: Executed<<C as WritingConnection<Mode>>::Itself, Mode, Kind> + 'conn,
    {
        let (statement, state) = (self.statement, self.state);
        let hooks = if Statement::IS_DELETE { M::AFTER_DELETE } else { M::AFTER_SAVE };
        Executed::executed(
            Order {
                statement,
                table: &state.table,
                change: Box::new(|statement, space| statement.changes(&state.table, space())),
                after: Box::new(move |count| for_count(state, hooks, *count)),
            },
            conn.itself(),
        )
    }

    /// Runs the statement and gives the first row that it wrote, as the database has it: of a delete, as it was.
    ///
    /// # Errors
    ///
    /// Returns what the database says, and `NotFound` if no row was written.
    pub fn get_result<'conn, 'query, C, Mode>(self, conn: &'conn mut C) -> Mode::Reply<'conn, QueryResult<M>>
    where
        C: WritingConnection<Mode, Backend: CacheBackend>
            + FetchWritten<'query, Statement, M, <C as WritingConnection<Mode>>::Backend, Mode>,
        Mode: WriteMode,
        'query: 'conn,
    {
        Mode::map(self.get_results(conn), |rows: QueryResult<Vec<M>>| rows?.into_iter().next().ok_or(Error::NotFound))
    }

    /// Runs the statement and gives the rows that it wrote, as the database has them: of a delete, as they were.
    ///
    /// # Errors
    ///
    /// Returns what the database says; the cache counts a statement that failed as one that has happened.
    pub fn get_results<'conn, 'query, C, Mode>(self, conn: &'conn mut C) -> Mode::Reply<'conn, QueryResult<Vec<M>>>
    where
        C: WritingConnection<Mode, Backend: CacheBackend>
            + FetchWritten<'query, Statement, M, <C as WritingConnection<Mode>>::Backend, Mode>,
        Mode: WriteMode,
        'query: 'conn,
    {
        conn.fetch_written(self)
    }

    /// Runs the statement by `fetch` on a connection that blocks.
    pub(crate) fn run<C>(
        self,
        conn: &mut C,
        fetch: impl FnOnce(&mut C, Statement) -> QueryResult<Vec<M>>,
    ) -> QueryResult<Vec<M>>
    where
        C: LoadConnection<Backend: CacheBackend>,
        Statement: WrittenRows<C::Backend>,
    {
        let (statement, state) = (self.statement, self.state);
        let change = statement.change(&state.table, space_of(conn, &state.table));
        let hooks = if Statement::IS_DELETE { M::AFTER_DELETE } else { M::AFTER_SAVE };
        let after = |rows: &Vec<M>| for_rows(state, hooks, rows);
        // Of a delete the row comes back as it was.
        let row = if let Change::Update { row, .. } = change { Some(row) } else { None };
        let prepared = row.and_then(|row| at_once(prepare::<C, M>(conn, state, Some(row))));
        let given = |rows: &Vec<M>| at_once(prepared?.given::<C>(rows));
        let fetch = |conn: &mut C| fetch(conn, statement);
        by_manager(conn, &state.table, &change, fetch, WriteResult { exact: as_announced, after, given })
    }

    /// How the statement is told on a connection to a `DB` that is awaited.
    #[cfg(feature = "async")]
    pub(crate) fn awaited<DB>(
        self,
        space: impl FnOnce() -> Option<Fingerprint>,
    ) -> (Statement, Awaited<'static, Vec<M>>, Option<Through<M>>)
    where
        Statement: WrittenRows<DB>,
    {
        let (statement, state) = (self.statement, self.state);
        let change = statement.change(&state.table, space());
        let hooks = if Statement::IS_DELETE { M::AFTER_DELETE } else { M::AFTER_SAVE };
        // Of a delete the row comes back as it was.
        let row = if let Change::Update { row, .. } = change { Some(row) } else { None };
        let through = row.map(|row| Through::of(state, Some(row)));
        let told = Awaited {
            table: &state.table,
            change: Box::new(|_| change),
            exact: Box::new(as_announced),
            after: Box::new(move |rows: &Vec<M>| for_rows(state, hooks, rows)),
        };
        (statement, told, through)
    }
}

/// A connection that can run `Statement` and give the rows back as `M`.
///
/// The backend is a parameter, as for the other traits of this kind.
#[diagnostic::on_unimplemented(
    message = "`{Statement}` cannot give its rows back as `{M}` on `{Self}`",
    label = "use `execute`, and read the rows afterwards",
    note = "the database needs RETURNING, which MySQL has not, and `{M}` needs `#[derive(Queryable, Selectable)]`"
)]
pub trait FetchWritten<'query, Statement, M, DB, Mode: WriteMode> {
    /// Runs the statement and loads what came of it.
    ///
    /// # Errors
    ///
    /// Returns what the database says.
    fn fetch_written<'conn>(
        &'conn mut self,
        write: StatementWrite<M, Statement>,
    ) -> Mode::Reply<'conn, QueryResult<Vec<M>>>
    where
        'query: 'conn;
}
