//! Tracks awaited connections to PostgreSQL.

use diesel::connection::{CacheSize, Instrumentation};
use diesel::dsl::{Find, Update};
use diesel::query_builder::{AsChangeset, AsQuery, IntoUpdateTarget, QueryFragment, QueryId, UpdateStatement};
use diesel::query_dsl::methods::FindDsl;
use diesel::result::{ConnectionResult, QueryResult};
use diesel::{Identifiable, Table};
use diesel_async::methods::LoadQuery;
use diesel_async::{
    AnsiTransactionManager, AsyncConnection, AsyncConnectionCore, SimpleAsyncConnection, UpdateAndFetchResults,
};
use futures_core::Stream;

use super::statement::{BoxFuture, BoxStream, executed, loaded};
use super::{Tracked, TransactionBuilder};
use crate::track::errands::UnderWay;

type Inner = diesel_async::AsyncPgConnection;

impl Tracked<Inner> {
    /// As [`diesel_async::AsyncPgConnection::try_from`].
    ///
    /// # Errors
    ///
    /// Returns the error of the connection's set-up, or of the question which database it is on.
    pub async fn try_from(client: tokio_postgres::Client) -> ConnectionResult<Self> {
        Self::introduced(Inner::try_from(client).await?).await
    }

    /// As [`diesel_async::AsyncPgConnection::try_from_client_and_connection`].
    ///
    /// # Errors
    ///
    /// Returns the error of the connection's set-up, or of the question which database it is on.
    pub async fn try_from_client_and_connection<S>(
        client: tokio_postgres::Client,
        connection: tokio_postgres::Connection<tokio_postgres::Socket, S>,
    ) -> ConnectionResult<Self>
    where
        S: tokio_postgres::tls::TlsStream + Unpin + Send + 'static,
    {
        Self::introduced(Inner::try_from_client_and_connection(client, connection).await?).await
    }

    /// Builds a transaction of a certain kind, such as a serializable one.
    pub fn build_transaction(&mut self) -> TransactionBuilder<'_> {
        TransactionBuilder::new(self)
    }

    /// A token that cancels the statement that runs.
    pub fn cancel_token(&self) -> tokio_postgres::CancelToken {
        self.inner.cancel_token()
    }

    /// The notifications that the connection listens to.
    pub fn notifications_stream(&mut self) -> impl Stream<Item = QueryResult<diesel::pg::PgNotification>> + '_ {
        self.inner.notifications_stream()
    }

    /// Has the tracker read `query`, which is sent as a batch later: that would tell too late.
    fn foretell(&self, query: &str) -> UnderWay {
        let _turn = self.errands.turn();
        // It is told of where it is made, and never polled.
        let tell = || drop((&mut &self.inner).execute_returning_count(diesel::sql_query(query)));
        self.errands.begin_foretold(query, tell)
    }
}

impl SimpleAsyncConnection for Tracked<Inner> {
    async fn batch_execute(&mut self, query: &str) -> QueryResult<()> {
        SimpleAsyncConnection::batch_execute(&mut &*self, query).await
    }
}

impl SimpleAsyncConnection for &Tracked<Inner> {
    async fn batch_execute(&mut self, query: &str) -> QueryResult<()> {
        let under_way = self.foretell(query);
        let mut inner = &self.inner;
        executed(under_way, SimpleAsyncConnection::batch_execute(&mut inner, query)).await
    }
}

impl AsyncConnectionCore for Tracked<Inner> {
    type ExecuteFuture<'conn, 'query> = BoxFuture<'conn, QueryResult<usize>>;
    type LoadFuture<'conn, 'query> = BoxFuture<'conn, QueryResult<Self::Stream<'conn, 'query>>>;
    type Stream<'conn, 'query> = BoxStream<'static, QueryResult<Self::Row<'conn, 'query>>>;
    type Row<'conn, 'query> = <Inner as AsyncConnectionCore>::Row<'static, 'static>;
    type Backend = diesel::pg::Pg;

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

/// Statements that are under way at the same time.
impl<'a> AsyncConnectionCore for &'a Tracked<Inner> {
    type ExecuteFuture<'conn, 'query> = BoxFuture<'a, QueryResult<usize>>;
    type LoadFuture<'conn, 'query> = BoxFuture<'a, QueryResult<Self::Stream<'conn, 'query>>>;
    type Stream<'conn, 'query> = BoxStream<'static, QueryResult<Self::Row<'conn, 'query>>>;
    type Row<'conn, 'query> = <Inner as AsyncConnectionCore>::Row<'static, 'static>;
    type Backend = diesel::pg::Pg;

    fn load<'conn, 'query, T>(&'conn mut self, source: T) -> Self::LoadFuture<'conn, 'query>
    where
        T: AsQuery + 'query,
        T::Query: QueryFragment<Self::Backend> + QueryId + 'query,
    {
        let _turn = self.errands.turn();
        let (mut inner, errands): (&'a Inner, _) = (&self.inner, &self.errands);
        let statement = AsyncConnectionCore::load(&mut inner, source);
        loaded(errands.begin(), statement)
    }

    fn execute_returning_count<'conn, 'query, T>(&'conn mut self, source: T) -> Self::ExecuteFuture<'conn, 'query>
    where
        T: QueryFragment<Self::Backend> + QueryId + 'query,
    {
        let _turn = self.errands.turn();
        let (mut inner, errands): (&'a Inner, _) = (&self.inner, &self.errands);
        let statement = AsyncConnectionCore::execute_returning_count(&mut inner, source);
        executed(errands.begin(), statement)
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
    Update<Changes, Changes>: LoadQuery<'b, Self, Output>,
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
        Box::pin(
            async move { diesel_async::RunQueryDsl::get_result(diesel::update(changeset).set(changeset), self).await },
        )
    }
}
