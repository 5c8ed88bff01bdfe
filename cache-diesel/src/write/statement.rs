//! Any statement of the manager's table.

use core::marker::PhantomData;

use diesel::connection::LoadConnection;
use diesel::query_dsl::methods::ExecuteDsl;
use diesel::result::QueryResult;

use crate::backend::CacheBackend;
use crate::manager::{Manager, ManagerState};
use crate::model::CachedModel;
use crate::track::Told;
use crate::write::saved::for_count;
use crate::write::{WriteTarget, WrittenRows, as_announced, space_of, write_through};

impl<M: CachedModel> Manager<M> {
    /// Any insert, update or delete of this table.
    ///
    /// # Consistency
    ///
    /// An update or delete by primary key, such as `update(table.find(1)).set(..)`, counts for that row, and for lists,
    /// scopes and counts of the table, if the key is a whole number, bytes or a UUID and is not set. With any other
    /// statement every row and list of the table counts as changed.
    pub fn write<Statement: WriteTarget<Table = M::Table>>(self, statement: Statement) -> StatementWrite<M, Statement> {
        StatementWrite { state: self.state, statement, model: PhantomData }
    }
}

/// A statement, to be run by [`execute`](Self::execute).
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
    pub fn execute<C>(self, conn: &mut C) -> QueryResult<usize>
    where
        C: LoadConnection<Backend: CacheBackend>,
        Statement: ExecuteDsl<C, C::Backend> + WrittenRows<C::Backend>,
    {
        let (statement, table) = (self.statement, &self.state.table);
        let change = statement.change(table, space_of(conn));
        let hook = if Statement::IS_DELETE { M::AFTER_DELETE } else { M::AFTER_SAVE };
        let told = Told { exact: as_announced, after: |count: &usize| for_count(self.state, hook, *count) };
        write_through(conn, table, &change, |conn| ExecuteDsl::execute(statement, conn), told)
    }
}
