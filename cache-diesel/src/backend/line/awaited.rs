//! Drives reads on connections that are awaited.

use core::fmt;
use core::marker::PhantomData;
use core::num::NonZeroU32;

use cache_core::Manner;
use diesel::connection::Instrumentation;
use diesel::deserialize::QueryableByName;
use diesel::result::QueryResult;
use diesel_async::methods::LoadQuery;
use diesel_async::{AsyncConnection, RunQueryDsl, TransactionManager};

use super::{Line, Loads, OwnQuery, Reply, Told};
use crate::backend::CacheBackend;

/// The line of a connection `C` of diesel-async.
pub struct Awaited<C>(PhantomData<fn(C)>);

impl<C> fmt::Debug for Awaited<C> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Awaited")
    }
}

#[diagnostic::do_not_recommend]
impl<C: AsyncConnection<Backend: CacheBackend>> Line for Awaited<C> {
    type Conn = C;
    type Backend = C::Backend;

    const MANNER: Manner = Manner::Awaited;

    fn instrumentation(conn: &mut C) -> Option<&mut dyn Instrumentation> {
        Some(AsyncConnection::instrumentation(conn))
    }

    fn transaction_depth(conn: &mut C) -> QueryResult<Option<NonZeroU32>> {
        <C::TransactionManager as TransactionManager<C>>::transaction_manager_status_mut(conn).transaction_depth()
    }

    fn rows<'a, Row>(conn: &'a mut C, sql: String) -> Reply<'a, QueryResult<Vec<Row>>>
    where
        Row: QueryableByName<C::Backend> + Send + 'static,
    {
        Box::pin(async move { RunQueryDsl::load(OwnQuery(sql), conn).await })
    }

    fn run<'a>(conn: &'a mut C, sql: &'static str) -> Reply<'a, QueryResult<()>> {
        Box::pin(async move { conn.batch_execute(sql).await })
    }
}

#[diagnostic::do_not_recommend]
impl<'query, C, U, Query> Loads<'query, Awaited<C>, U> for Query
where
    C: AsyncConnection<Backend: CacheBackend>,
    U: Send + 'static,
    Query: LoadQuery<'query, C, U> + Send + 'query,
{
    fn load<'a>(self, conn: &'a mut C) -> Told<'a, Awaited<C>, Vec<U>>
    where
        'query: 'a,
    {
        Box::pin(async move {
            let rows = RunQueryDsl::load(self, &mut *conn).await;
            (rows, conn)
        })
    }

    fn load_first<'a>(self, conn: &'a mut C) -> Told<'a, Awaited<C>, Option<U>>
    where
        'query: 'a,
    {
        Box::pin(async move {
            let rows: QueryResult<Vec<U>> = RunQueryDsl::load(self, &mut *conn).await;
            (rows.map(|rows| rows.into_iter().next()), conn)
        })
    }
}
