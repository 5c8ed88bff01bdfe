//! Reads the rows of awaited inserts and saves on MySQL by a second statement.

use core::marker::PhantomData;

use diesel::dsl::{AsSelect, Find, Select};
use diesel::mysql::Mysql;
use diesel::query_builder::{AsChangeset, AsQuery, IntoUpdateTarget, QueryFragment, QueryId};
use diesel::query_dsl::methods::{FindDsl, SelectDsl};
use diesel::result::QueryResult;
use diesel::{Column, Expression, Insertable, QuerySource, Selectable, SelectableHelper, Table, sql_query};
use diesel_async::methods::{ExecuteDsl, LoadQuery};
use diesel_async::{AsyncConnection, RunQueryDsl, TransactionManager};

use super::{
    AutoIncrement, FORGET_EARLIER, Insert, Inserted, LastInsertId, NEW_KEY, Numbered, PrimaryKey, Update, given_back,
    numbered_columns,
};
use crate::model::CachedModel;
use crate::read::Awaiting;
use crate::write::awaiting::{BoxFuture, Sent, run};
use crate::write::{FetchInserted, FetchSaved, InsertWrite, SaveWrite};

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
        let (row, told, through) = write.awaited();
        let statement = diesel::update(FindDsl::find(M::table(), row.id())).set(row);
        let query = SelectDsl::select(FindDsl::find(M::table(), row.id()), M::as_select());
        run(self, Reread(statement, query, PhantomData), told, through)
    }
}

/// An insert, and the query of its row; with the lifetime of what is bound to them.
struct Numbering<'query, M, Statement, Query>(Statement, Query, PhantomData<fn() -> (&'query (), M)>);

impl<'query, C, M, Statement, Query> Sent<C, Vec<M>> for Numbering<'query, M, Statement, Query>
where
    C: AsyncConnection<Backend = Mysql>,
    M: CachedModel<Table: Table<PrimaryKey: Column> + QueryFragment<Mysql>>,
    Statement: ExecuteDsl<C> + Send,
    Query: LoadQuery<'query, C, M> + Send + 'query,
{
    fn send<'conn>(self, conn: &'conn mut C) -> BoxFuture<'conn, QueryResult<Vec<M>>>
    where
        Self: 'conn,
    {
        Box::pin(async move {
            C::TransactionManager::begin_transaction(conn).await?;
            let rows: BoxFuture<'_, QueryResult<Vec<M>>> = Box::pin(self.inserted(&mut *conn));
            match rows.await {
                Ok(rows) => C::TransactionManager::commit_transaction(conn).await.map(|()| rows),
                Err(error) => {
                    C::TransactionManager::rollback_transaction(conn).await?;
                    Err(error)
                }
            }
        })
    }
}

impl<'query, M, Statement, Query> Numbering<'query, M, Statement, Query>
where
    M: CachedModel<Table: Table<PrimaryKey: Column> + QueryFragment<Mysql>>,
{
    async fn inserted<C>(self, conn: &mut C) -> QueryResult<Vec<M>>
    where
        C: AsyncConnection<Backend = Mysql>,
        Statement: ExecuteDsl<C> + Send,
        Query: LoadQuery<'query, C, M> + Send + 'query,
    {
        RunQueryDsl::execute(sql_query(FORGET_EARLIER), conn).await?;
        let count: BoxFuture<'_, QueryResult<usize>> = Box::pin(ExecuteDsl::execute(self.0, &mut *conn));
        let count = count.await?;
        if count == 0 {
            return Ok(Vec::new());
        }
        let numbered: Vec<Numbered> = RunQueryDsl::load(sql_query(numbered_columns::<M>()?), conn).await?;
        let rows = RunQueryDsl::load(self.1, conn).await?;
        given_back(rows, count, &numbered)
    }
}

#[diagnostic::do_not_recommend]
impl<'query, C, New, M> FetchInserted<'query, New, M, Mysql, Awaiting> for C
where
    C: AsyncConnection<Backend = Mysql>,
    M: CachedModel + Selectable<Mysql, SelectExpression: QueryId>,
    M::Table: QuerySource + FindDsl<LastInsertId<M>> + QueryFragment<Mysql>,
    New: Insertable<M::Table, Values: 'query>,
    PrimaryKey<M>: Column + Expression<SqlType: AutoIncrement>,
    Insert<M, New>: ExecuteDsl<C> + Send,
    Inserted<M>: SelectDsl<AsSelect<M, Mysql>>,
    Select<Inserted<M>, AsSelect<M, Mysql>>: LoadQuery<'query, C, M> + QueryFragment<Mysql> + QueryId + Send + 'query,
{
    /// The insert is undone if its row cannot be given back.
    fn fetch_inserted<'conn>(&'conn mut self, write: InsertWrite<M, New>) -> BoxFuture<'conn, QueryResult<Vec<M>>>
    where
        'query: 'conn,
    {
        let (new, told, through) = write.awaited();
        let statement = diesel::insert_into(M::table()).values(new);
        let query = FindDsl::find(M::table(), diesel::dsl::sql(NEW_KEY));
        run(self, Numbering(statement, SelectDsl::select(query, M::as_select()), PhantomData), told, through)
    }
}
