//! Tracks awaited connections to MySQL and MariaDB.

use diesel::connection::{CacheSize, Instrumentation};
use diesel::dsl::{Find, Update};
use diesel::query_builder::{AsChangeset, AsQuery, IntoUpdateTarget, QueryFragment, QueryId, UpdateStatement};
use diesel::query_dsl::methods::FindDsl;
use diesel::result::{ConnectionResult, QueryResult};
use diesel::{Identifiable, Table};
use diesel_async::methods::{ExecuteDsl, LoadQuery};
use diesel_async::{
    AnsiTransactionManager, AsyncConnection, AsyncConnectionCore, SimpleAsyncConnection, UpdateAndFetchResults,
};

use super::Tracked;
use super::statement::{BoxFuture, BoxStream, executed, loaded};

type Inner = diesel_async::AsyncMysqlConnection;

impl Tracked<Inner> {
    /// As [`diesel_async::AsyncMysqlConnection::try_from`].
    ///
    /// # Errors
    ///
    /// Returns the error of the connection's set-up, or of the question which database it is on.
    pub async fn try_from(conn: mysql_async::Conn) -> ConnectionResult<Self> {
        Self::introduced(Inner::try_from(conn).await?).await
    }

    /// A token that cancels the statement that runs.
    pub fn cancel_token(&self) -> diesel_async::MysqlCancelToken {
        self.inner.cancel_token()
    }
}

impl SimpleAsyncConnection for Tracked<Inner> {
    async fn batch_execute(&mut self, query: &str) -> QueryResult<()> {
        // Told of as a batch, it would be told too late: a statement is told of where it is made, and never polled.
        let (inner, errands) = (&mut self.inner, &self.errands);
        let tell = || drop(inner.execute_returning_count(diesel::sql_query(query)));
        let under_way = errands.begin_foretold(query, tell);
        executed(under_way, self.inner.batch_execute(query)).await
    }
}

impl AsyncConnectionCore for Tracked<Inner> {
    type ExecuteFuture<'conn, 'query> = BoxFuture<'conn, QueryResult<usize>>;
    type LoadFuture<'conn, 'query> = BoxFuture<'conn, QueryResult<Self::Stream<'conn, 'query>>>;
    type Stream<'conn, 'query> = BoxStream<'conn, QueryResult<Self::Row<'conn, 'query>>>;
    type Row<'conn, 'query> = <Inner as AsyncConnectionCore>::Row<'static, 'static>;
    type Backend = diesel::mysql::Mysql;

    fn load<'conn, 'query, T>(&'conn mut self, source: T) -> Self::LoadFuture<'conn, 'query>
    where
        T: AsQuery + 'query,
        T::Query: QueryFragment<Self::Backend> + QueryId + 'query,
    {
        let statement = AsyncConnectionCore::load(&mut self.inner, source);
        loaded(self.errands.begin(), statement)
    }

    fn execute_returning_count<'conn, 'query, T>(&'conn mut self, source: T) -> Self::ExecuteFuture<'conn, 'query>
    where
        T: QueryFragment<Self::Backend> + QueryId + 'query,
    {
        let statement = self.inner.execute_returning_count(source);
        executed(self.errands.begin(), statement)
    }
}

impl AsyncConnection for Tracked<Inner> {
    type TransactionManager = AnsiTransactionManager;

    async fn establish(database_url: &str) -> ConnectionResult<Self> {
        Ok(Self::new(Inner::establish(database_url).await?))
    }

    fn transaction_state(&mut self) -> &mut AnsiTransactionManager {
        self.inner.transaction_state()
    }

    fn instrumentation(&mut self) -> &mut dyn Instrumentation {
        self.inner.instrumentation()
    }

    fn set_instrumentation(&mut self, instrumentation: impl Instrumentation) {
        self.inner.set_instrumentation(instrumentation);
        self.take_over();
    }

    fn set_prepared_statement_cache_size(&mut self, size: CacheSize) {
        self.inner.set_prepared_statement_cache_size(size);
    }
}

#[cfg(feature = "async-pools")]
impl diesel_async::pooled_connection::PoolableConnection for Tracked<Inner> {}

impl<'b, Changes, Output, Tab, Condition> UpdateAndFetchResults<Changes, Output> for Tracked<Inner>
where
    Output: Send + 'static,
    Changes: Copy + AsChangeset<Target = Tab, Changeset: Send + 'b> + Send + Identifiable<Table = Tab>,
    Tab: Table<FromClause: Send> + FindDsl<Changes::Id> + 'b,
    Find<Tab, Changes::Id>: IntoUpdateTarget<Table = Tab, WhereClause = Condition>,
    UpdateStatement<Tab, Condition, Changes::Changeset>: AsQuery,
    Condition: Send + 'b,
    Update<Changes, Changes>: ExecuteDsl<Self>,
    Changes::Id: 'b,
    Find<Tab, Changes::Id>: LoadQuery<'b, Self, Output> + Send,
{
    fn update_and_fetch<'conn, 'changes>(
        &'conn mut self,
        changeset: Changes,
    ) -> BoxFuture<'changes, QueryResult<Output>>
    where
        Changes: 'changes,
        Changes::Changeset: 'changes,
        'conn: 'changes,
        Self: 'changes,
    {
        Box::pin(async move {
            diesel_async::RunQueryDsl::execute(diesel::update(changeset).set(changeset), self).await?;
            diesel_async::RunQueryDsl::get_result(FindDsl::find(Changes::table(), changeset.id()), self).await
        })
    }
}
