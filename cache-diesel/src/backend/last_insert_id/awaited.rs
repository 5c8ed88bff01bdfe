//! Reads the row of an awaited save on MySQL by a second statement.

use core::marker::PhantomData;

use diesel::dsl::{AsSelect, Find, Select};
use diesel::mysql::Mysql;
use diesel::query_builder::{AsChangeset, AsQuery, IntoUpdateTarget, QueryFragment, QueryId};
use diesel::query_dsl::methods::{FindDsl, SelectDsl};
use diesel::result::QueryResult;
use diesel::{Selectable, SelectableHelper};
use diesel_async::methods::{ExecuteDsl, LoadQuery};
use diesel_async::{AsyncConnection, RunQueryDsl};

use super::Update;
use crate::model::CachedModel;
use crate::read::Awaiting;
use crate::write::awaiting::{BoxFuture, Sent, run};
use crate::write::{FetchSaved, SaveWrite};

/// An update, and the query of its row; with the lifetime of what is bound to them.
struct Reread<'query, Statement, Query>(Statement, Query, PhantomData<fn() -> &'query ()>);

impl<'query, C, M, Statement, Query> Sent<C, Option<M>> for Reread<'query, Statement, Query>
where
    C: AsyncConnection,
    M: Send + 'static,
    Statement: ExecuteDsl<C> + Send,
    Query: LoadQuery<'query, C, M> + Send + 'query,
{
    fn send<'conn>(self, conn: &'conn mut C) -> BoxFuture<'conn, QueryResult<Option<M>>>
    where
        Self: 'conn,
    {
        Box::pin(async move {
            let count: BoxFuture<'_, QueryResult<usize>> = Box::pin(ExecuteDsl::execute(self.0, &mut *conn));
            if count.await? == 0 {
                return Ok(None);
            }
            let rows: Vec<M> = RunQueryDsl::load(self.1, conn).await?;
            Ok(rows.into_iter().next())
        })
    }
}

#[diagnostic::do_not_recommend]
impl<'query, 'row, C, M> FetchSaved<'query, 'row, M, Mysql, Awaiting> for C
where
    C: AsyncConnection<Backend = Mysql>,
    M: CachedModel + Selectable<Mysql, SelectExpression: QueryId>,
    &'row M: AsChangeset<Target = M::Table>,
    Find<M::Table, M::Id>: IntoUpdateTarget<Table = M::Table> + SelectDsl<AsSelect<M, Mysql>>,
    Update<'row, M>: AsQuery + ExecuteDsl<C> + Send,
    Select<Find<M::Table, M::Id>, AsSelect<M, Mysql>>:
        LoadQuery<'query, C, M> + QueryFragment<Mysql> + QueryId + Send + 'query,
{
    fn fetch_saved<'conn>(&'conn mut self, write: SaveWrite<'row, M>) -> BoxFuture<'conn, QueryResult<Option<M>>>
    where
        'query: 'conn,
        'row: 'conn,
    {
        let (row, told) = write.awaited();
        let statement = diesel::update(FindDsl::find(M::table(), row.id())).set(row);
        let query = SelectDsl::select(FindDsl::find(M::table(), row.id()), M::as_select());
        run(self, Reread(statement, query, PhantomData), told)
    }
}
