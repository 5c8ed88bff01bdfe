//! Returns the rows of awaited writes on databases with RETURNING.

use core::marker::PhantomData;

use diesel::dsl::{AsSelect, Find, Returning};
use diesel::query_builder::{AsChangeset, AsQuery, IntoUpdateTarget, Query};
use diesel::query_dsl::methods::FindDsl;
use diesel::result::QueryResult;
use diesel::{Insertable, QuerySource, Selectable, SelectableHelper};
use diesel_async::methods::LoadQuery;
use diesel_async::{AsyncConnection, RunQueryDsl};

use super::{Insert, Update};
use crate::model::CachedModel;
use crate::read::Awaiting;
use crate::write::awaiting::{BoxFuture, Sent, run, space_on};
use crate::write::{
    FetchInserted, FetchSaved, FetchWritten, GivesBack, InsertWrite, SaveWrite, StatementWrite, WrittenRows,
};

/// A statement of which the rows count; with the lifetime of what is bound to it.
struct Loaded<'query, Statement>(Statement, PhantomData<fn() -> &'query ()>);

impl<'query, C, M, Statement> Sent<C, Vec<M>> for Loaded<'query, Statement>
where
    C: AsyncConnection,
    M: Send + 'static,
    Statement: LoadQuery<'query, C, M> + Send + 'query,
{
    fn send<'conn>(self, conn: &'conn mut C) -> BoxFuture<'conn, QueryResult<Vec<M>>>
    where
        Self: 'conn,
    {
        Box::pin(async move { RunQueryDsl::load(self.0, conn).await })
    }
}

/// The same, of a statement that writes one row.
struct LoadedRow<'query, Statement>(Loaded<'query, Statement>);

impl<'query, C, M, Statement> Sent<C, Option<M>> for LoadedRow<'query, Statement>
where
    C: AsyncConnection,
    M: Send + 'static,
    Statement: LoadQuery<'query, C, M> + Send + 'query,
{
    fn send<'conn>(self, conn: &'conn mut C) -> BoxFuture<'conn, QueryResult<Option<M>>>
    where
        Self: 'conn,
    {
        let rows: BoxFuture<'conn, QueryResult<Vec<M>>> = self.0.send(conn);
        Box::pin(async move { Ok(rows.await?.into_iter().next()) })
    }
}

macro_rules! returning {
    ($backend:ty) => {
        #[diagnostic::do_not_recommend]
        impl<'query, C, New, M> FetchInserted<'query, New, M, $backend, Awaiting> for C
        where
            C: AsyncConnection<Backend = $backend>,
            M: CachedModel + Selectable<$backend>,
            M::Table: QuerySource,
            New: Insertable<M::Table, Values: 'query>,
            Returning<Insert<M, New>, AsSelect<M, $backend>>: Query + LoadQuery<'query, C, M> + Send + 'query,
        {
            fn fetch_inserted<'conn>(
                &'conn mut self,
                write: InsertWrite<M, New>,
            ) -> BoxFuture<'conn, QueryResult<Vec<M>>>
            where
                'query: 'conn,
            {
                let (new, told, through) = write.awaited();
                let statement = diesel::insert_into(M::table()).values(new).returning(M::as_returning());
                run(self, Loaded(statement, PhantomData), told, through)
            }
        }

        #[diagnostic::do_not_recommend]
        impl<'query, 'row: 'query, C, M> FetchSaved<'query, 'row, M, $backend, Awaiting> for C
        where
            C: AsyncConnection<Backend = $backend>,
            M: CachedModel + Selectable<$backend>,
            &'row M: AsChangeset<Target = M::Table>,
            Find<M::Table, M::Id>: IntoUpdateTarget<Table = M::Table>,
            Update<'row, M>: AsQuery,
            Returning<Update<'row, M>, AsSelect<M, $backend>>: Query + LoadQuery<'query, C, M> + Send + 'query,
        {
            fn fetch_saved<'conn>(
                &'conn mut self,
                write: SaveWrite<'row, M>,
            ) -> BoxFuture<'conn, QueryResult<Option<M>>>
            where
                'query: 'conn,
                'row: 'conn,
            {
                let (row, told, through) = write.awaited();
                let statement =
                    diesel::update(FindDsl::find(M::table(), row.id())).set(row).returning(M::as_returning());
                run(self, LoadedRow(Loaded(statement, PhantomData)), told, through)
            }
        }

        #[diagnostic::do_not_recommend]
        impl<'query, C, Statement, M> FetchWritten<'query, Statement, M, $backend, Awaiting> for C
        where
            C: AsyncConnection<Backend = $backend>,
            M: CachedModel + Selectable<$backend>,
            Statement: GivesBack<AsSelect<M, $backend>, Giving: LoadQuery<'query, C, M> + Send + 'query>
                + WrittenRows<$backend>,
        {
            fn fetch_written<'conn>(
                &'conn mut self,
                write: StatementWrite<M, Statement>,
            ) -> BoxFuture<'conn, QueryResult<Vec<M>>>
            where
                'query: 'conn,
            {
                let (statement, told, through) = write.awaited::<$backend>(|| space_on(self));
                run(self, Loaded(statement.giving(M::as_returning()), PhantomData), told, through)
            }
        }
    };
}

#[cfg(feature = "postgres")]
returning!(diesel::pg::Pg);
#[cfg(feature = "sqlite")]
returning!(diesel::sqlite::Sqlite);
