//! Diesel's own methods on connections that are awaited.

use cache_diesel::__private::CacheBackend;
use diesel::connection::{SimpleConnection, TransactionManagerStatus};
use diesel::result::{Error, QueryResult};
use diesel_async::{AsyncConnection, SimpleAsyncConnection};

use super::{Awaited, wait};

/// What a suite takes from Diesel. What is defined here takes the place of what Diesel calls the same.
pub mod prelude {
    use core::fmt::Debug;

    use diesel::ConnectionResult;
    use diesel::backend::Backend;
    use diesel::connection::{CacheSize, Instrumentation};
    use diesel::dsl::Limit;
    pub use diesel::prelude::*;
    use diesel::query_dsl::methods::LimitDsl;
    use diesel::result::Error;
    use diesel_async::AsyncConnection;
    use diesel_async::methods::{ExecuteDsl, LoadQuery};
    use diesel_async::sync_connection_wrapper::SyncConnectionWrapper;

    pub use diesel::Connection as _;

    use super::super::{Awaited, wait};
    use super::{AnsiTransactionManager, TransactionManager, ended};

    /// As Diesel's, for awaited connections.
    pub trait Connection: Sized {
        type Backend: Backend;

        fn establish(url: &str) -> ConnectionResult<Self>;

        fn set_instrumentation(&mut self, instrumentation: impl Instrumentation);

        fn set_prepared_statement_cache_size(&mut self, size: CacheSize);

        fn begin_test_transaction(&mut self) -> QueryResult<()>;

        /// What `body` gives, and none of what it wrote.
        fn test_transaction<T, E: Debug>(&mut self, body: impl FnOnce(&mut Self) -> Result<T, E>) -> T;

        fn transaction<T, E: From<Error>>(&mut self, body: impl FnOnce(&mut Self) -> Result<T, E>) -> Result<T, E>;
    }

    impl<C: Opened> Connection for Awaited<C> {
        type Backend = C::Backend;

        fn establish(url: &str) -> ConnectionResult<Self> {
            C::opened(url).map(Self::new)
        }

        fn set_instrumentation(&mut self, instrumentation: impl Instrumentation) {
            self.inner().set_instrumentation(instrumentation);
        }

        fn set_prepared_statement_cache_size(&mut self, size: CacheSize) {
            self.inner().set_prepared_statement_cache_size(size);
        }

        fn begin_test_transaction(&mut self) -> QueryResult<()> {
            wait(self.inner().begin_test_transaction())
        }

        fn test_transaction<T, E: Debug>(&mut self, body: impl FnOnce(&mut Self) -> Result<T, E>) -> T {
            AnsiTransactionManager::begin_transaction(self).unwrap();
            let result = body(self).unwrap();
            AnsiTransactionManager::rollback_transaction(self).unwrap();
            result
        }

        fn transaction<T, E: From<Error>>(&mut self, body: impl FnOnce(&mut Self) -> Result<T, E>) -> Result<T, E> {
            AnsiTransactionManager::begin_transaction(self)?;
            ended(self, body)
        }
    }

    /// A connection that is opened on the thread of the test, which has what it is to be instrumented with.
    pub trait Opened: AsyncConnection {
        fn opened(url: &str) -> ConnectionResult<Self> {
            wait(Self::establish(url))
        }
    }

    #[cfg(feature = "postgres")]
    impl Opened for cache_diesel::AsyncPgConnection {}
    #[cfg(feature = "mysql")]
    impl Opened for cache_diesel::AsyncMysqlConnection {}

    impl Opened for SyncConnectionWrapper<SqliteConnection> {
        fn opened(url: &str) -> ConnectionResult<Self> {
            diesel::Connection::establish(url).map(Self::new)
        }
    }

    /// As Diesel's, for awaited connections: on whatever has Diesel's methods.
    pub trait RunQueryDsl<C: AsyncConnection>: Sized {
        fn execute(self, conn: &mut Awaited<C>) -> QueryResult<usize>
        where
            Self: ExecuteDsl<C>,
        {
            wait(diesel_async::RunQueryDsl::execute(self, conn.inner()))
        }

        fn load<'query, U>(self, conn: &mut Awaited<C>) -> QueryResult<Vec<U>>
        where
            U: Send,
            Self: LoadQuery<'query, C, U> + 'query,
        {
            wait(diesel_async::RunQueryDsl::load(self, conn.inner()))
        }

        fn get_result<'query, U>(self, conn: &mut Awaited<C>) -> QueryResult<U>
        where
            U: Send,
            Self: LoadQuery<'query, C, U> + 'query,
        {
            wait(diesel_async::RunQueryDsl::get_result(self, conn.inner()))
        }

        fn get_results<'query, U>(self, conn: &mut Awaited<C>) -> QueryResult<Vec<U>>
        where
            U: Send,
            Self: LoadQuery<'query, C, U> + 'query,
        {
            wait(diesel_async::RunQueryDsl::load(self, conn.inner()))
        }

        fn first<'query, U>(self, conn: &mut Awaited<C>) -> QueryResult<U>
        where
            U: Send,
            Self: LimitDsl,
            Limit<Self>: LoadQuery<'query, C, U> + Send + 'query,
        {
            wait(diesel_async::RunQueryDsl::first(self, conn.inner()))
        }
    }

    impl<C: AsyncConnection, Query: diesel::RunQueryDsl<()>> RunQueryDsl<C> for Query {}

    /// As Diesel's, for awaited connections.
    pub trait SaveChangesDsl<C>: Sized {
        fn save_changes<T>(self, conn: &mut Awaited<C>) -> QueryResult<T>
        where
            Self: Identifiable + Send,
            C: diesel_async::UpdateAndFetchResults<Self, T>,
        {
            wait(conn.inner().update_and_fetch(self))
        }
    }

    impl<C, Changes: Copy + AsChangeset + Identifiable> SaveChangesDsl<C> for Changes {}
}

impl<C: AsyncConnection> SimpleConnection for Awaited<C> {
    fn batch_execute(&mut self, query: &str) -> QueryResult<()> {
        wait(SimpleAsyncConnection::batch_execute(self.inner(), query))
    }
}

/// As Diesel's.
pub struct AnsiTransactionManager;

/// As Diesel's, for awaited connections.
pub trait TransactionManager<C> {
    fn begin_transaction(conn: &mut Awaited<C>) -> QueryResult<()>;
    fn commit_transaction(conn: &mut Awaited<C>) -> QueryResult<()>;
    fn rollback_transaction(conn: &mut Awaited<C>) -> QueryResult<()>;
    fn transaction_manager_status_mut(conn: &mut Awaited<C>) -> &mut TransactionManagerStatus;
}

/// The manager of `C`.
type ManagerOf<C> = <C as AsyncConnection>::TransactionManager;

impl<C: AsyncConnection> TransactionManager<C> for AnsiTransactionManager {
    fn begin_transaction(conn: &mut Awaited<C>) -> QueryResult<()> {
        wait(<ManagerOf<C> as diesel_async::TransactionManager<C>>::begin_transaction(conn.inner()))
    }

    fn commit_transaction(conn: &mut Awaited<C>) -> QueryResult<()> {
        wait(<ManagerOf<C> as diesel_async::TransactionManager<C>>::commit_transaction(conn.inner()))
    }

    fn rollback_transaction(conn: &mut Awaited<C>) -> QueryResult<()> {
        wait(<ManagerOf<C> as diesel_async::TransactionManager<C>>::rollback_transaction(conn.inner()))
    }

    fn transaction_manager_status_mut(conn: &mut Awaited<C>) -> &mut TransactionManagerStatus {
        <ManagerOf<C> as diesel_async::TransactionManager<C>>::transaction_manager_status_mut(conn.inner())
    }
}

impl AnsiTransactionManager {
    /// As Diesel's.
    pub fn begin_transaction_sql<C>(conn: &mut Awaited<C>, sql: &str) -> QueryResult<()>
    where
        C: AsyncConnection<TransactionManager = diesel_async::AnsiTransactionManager>,
    {
        wait(diesel_async::AnsiTransactionManager::begin_transaction_sql(conn.inner(), sql))
    }
}

/// Runs `body` in a transaction that sees what was there before it.
#[cfg(feature = "postgres")]
pub fn repeatable_read<T>(
    conn: &mut super::Postgres,
    body: impl FnOnce(&mut super::Postgres) -> QueryResult<T>,
) -> QueryResult<T> {
    AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ")?;
    ended(conn, body)
}

/// Runs `body` in the transaction that was begun, and ends it as Diesel does.
fn ended<C, T, E>(conn: &mut Awaited<C>, body: impl FnOnce(&mut Awaited<C>) -> Result<T, E>) -> Result<T, E>
where
    C: AsyncConnection,
    E: From<Error>,
{
    match body(conn) {
        Ok(value) => {
            AnsiTransactionManager::commit_transaction(conn)?;
            Ok(value)
        }
        Err(error) => match AnsiTransactionManager::rollback_transaction(conn) {
            Ok(()) | Err(Error::BrokenTransactionManager) => Err(error),
            Err(failure) => Err(failure.into()),
        },
    }
}

/// As that of connections that block.
pub fn acquaint<C: AsyncConnection<Backend: CacheBackend>>(conn: &mut Awaited<C>) {
    wait(cache_diesel::acquaint_async(conn.inner()));
}

/// As that of connections that block.
pub fn identify<C: AsyncConnection<Backend: CacheBackend>>(conn: &mut Awaited<C>, name: &str) -> QueryResult<()> {
    wait(cache_diesel::identify_async(conn.inner(), name))
}

/// As that of connections that block.
pub fn replica<C: AsyncConnection<Backend: CacheBackend>>(conn: &mut Awaited<C>) -> QueryResult<()> {
    wait(cache_diesel::replica_async(conn.inner()))
}

/// As that of connections that block.
pub fn track<C: AsyncConnection<Backend: CacheBackend>>(conn: &mut Awaited<C>) -> QueryResult<()> {
    wait(cache_diesel::track_async(conn.inner()))
}

/// Runs `sql`, and says that it writes `table`.
pub fn write_by_name<C>(conn: &mut Awaited<C>, table: &str, sql: &str) -> QueryResult<()>
where
    C: AsyncConnection<Backend: CacheBackend>,
{
    let work = async |conn: &mut C| SimpleAsyncConnection::batch_execute(conn, sql).await;
    wait(cache_diesel::writes_async(conn.inner(), [table], work))
}

/// Holds tests that awaited connections do not have: of what differs in its form, as blocking pools.
macro_rules! only_blocking {
    ($($item:item)*) => {};
}
pub(crate) use only_blocking;
