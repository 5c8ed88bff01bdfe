//! Drives reads on connections that block.

use core::num::NonZeroU32;

use cache_core::Manner;
use diesel::RunQueryDsl;
use diesel::connection::{Instrumentation, LoadConnection, TransactionManager};
use diesel::deserialize::QueryableByName;
use diesel::query_dsl::LoadQuery;
use diesel::result::QueryResult;

use super::{Line, Loads, OwnQuery, Reply, Told, ready};
use crate::backend::CacheBackend;

#[diagnostic::do_not_recommend]
impl<C: LoadConnection<Backend: CacheBackend>> Line for C {
    type Conn = Self;
    type Backend = C::Backend;

    const MANNER: Manner = Manner::Blocking;

    #[inline]
    fn instrumentation(conn: &mut Self) -> Option<&mut dyn Instrumentation> {
        Some(diesel::Connection::instrumentation(conn))
    }

    #[inline]
    fn transaction_depth(conn: &mut Self) -> QueryResult<Option<NonZeroU32>> {
        <C::TransactionManager as TransactionManager<C>>::transaction_manager_status_mut(conn).transaction_depth()
    }

    fn rows<'a, Row>(conn: &'a mut Self, sql: String) -> Reply<'a, QueryResult<Vec<Row>>>
    where
        Row: QueryableByName<C::Backend> + Send + 'static,
    {
        ready(RunQueryDsl::load(OwnQuery(sql), conn))
    }

    fn run<'a>(conn: &'a mut Self, sql: &'static str) -> Reply<'a, QueryResult<()>> {
        ready(conn.batch_execute(sql))
    }
}

#[diagnostic::do_not_recommend]
impl<'query, C, U, Query> Loads<'query, C, U> for Query
where
    C: LoadConnection<Backend: CacheBackend>,
    U: Send + 'static,
    Query: LoadQuery<'query, C, U>,
{
    fn load<'a>(self, conn: &'a mut C) -> Told<'a, C, Vec<U>>
    where
        'query: 'a,
    {
        let rows = RunQueryDsl::load(self, conn);
        ready((rows, conn))
    }

    fn load_first<'a>(self, conn: &'a mut C) -> Told<'a, C, Option<U>>
    where
        'query: 'a,
    {
        let first = self.internal_load(conn).and_then(|mut rows| rows.next().transpose());
        ready((first, conn))
    }
}
