//! Drives reads on connections that others use at the same time: PostgreSQL works their statements off in order.

use core::fmt;
use core::marker::PhantomData;
use core::num::NonZeroU32;

use cache_core::Manner;
use diesel::connection::Instrumentation;
use diesel::deserialize::QueryableByName;
use diesel::result::QueryResult;
use diesel_async::methods::LoadQuery;
use diesel_async::{AsyncConnectionCore, RunQueryDsl};

use super::{Line, Loads, OwnQuery, Reply, Told};
use crate::track::{announced, with_tracker};

/// A shared reference to a connection whose statements may be under way together.
pub trait SharedReference: AsyncConnectionCore<Backend = diesel::pg::Pg> + Copy + Send {
    /// Makes a statement that is never sent: the instrumentation is told of it where it is made.
    #[doc(hidden)]
    fn make(self);
}

impl SharedReference for &diesel_async::AsyncPgConnection {
    fn make(mut self) {
        drop(self.execute_returning_count(diesel::sql_query("SELECT 1")));
    }
}

impl SharedReference for &crate::AsyncPgConnection {
    fn make(self) {
        SharedReference::make(self.inner());
    }
}

/// The line of a connection of which there is a shared reference `R`.
pub struct Shared<R>(PhantomData<fn(R)>);

impl<R> fmt::Debug for Shared<R> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Shared")
    }
}

/// A connection as one read has it.
pub struct Borrowed<R> {
    reference: R,
    /// What is made now is the library's own, and only reads.
    is_asking: bool,
}

impl<R> Borrowed<R> {
    pub(crate) fn of(reference: R) -> Self {
        Self { reference, is_asking: false }
    }
}

impl<R> fmt::Debug for Borrowed<R> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Borrowed").finish_non_exhaustive()
    }
}

impl<R: SharedReference> Borrowed<R> {
    /// Asks for the rows of `query`. It is told of where it is made, and whose it is must be known by then.
    async fn rows<'query, U, Query>(&mut self, query: Query) -> QueryResult<Vec<U>>
    where
        U: Send,
        Query: LoadQuery<'query, R, U> + Send + 'query,
    {
        let (mut reference, is_asking) = (self.reference, self.is_asking);
        let reference = &mut reference;
        let made = announced(is_asking, move || RunQueryDsl::load(query, reference));
        made.await
    }
}

#[diagnostic::do_not_recommend]
impl<R: SharedReference> Line for Shared<R> {
    type Conn = Borrowed<R>;
    type Backend = R::Backend;

    const MANNER: Manner = Manner::Awaited;
    const IS_SHARED: bool = true;

    fn instrumentation(_: &mut Borrowed<R>) -> Option<&mut dyn Instrumentation> {
        None
    }

    fn make(conn: &mut Borrowed<R>) {
        conn.reference.make();
    }

    fn announce(conn: &mut Borrowed<R>, is_asking: bool) {
        conn.is_asking = is_asking;
    }

    /// What its tracker knows: one at most.
    fn transaction_depth(conn: &mut Borrowed<R>) -> QueryResult<Option<NonZeroU32>> {
        let is_inside = with_tracker::<Self, _>(conn, |tracker| tracker.is_in_transaction()).unwrap_or_default();
        Ok(is_inside.then_some(NonZeroU32::MIN))
    }

    fn rows<'a, Row>(conn: &'a mut Borrowed<R>, sql: String) -> Reply<'a, QueryResult<Vec<Row>>>
    where
        Row: QueryableByName<R::Backend> + Send + 'static,
    {
        let told: Told<'a, Self, Vec<Row>> = <OwnQuery as Loads<'static, Self, Row>>::load(OwnQuery(sql), conn);
        Box::pin(async move { told.await.0 })
    }

    fn run<'a>(conn: &'a mut Borrowed<R>, sql: &'static str) -> Reply<'a, QueryResult<()>> {
        Box::pin(async move {
            let mut reference = conn.reference;
            RunQueryDsl::execute(diesel::sql_query(sql), &mut reference).await.map(drop)
        })
    }
}

#[diagnostic::do_not_recommend]
impl<'query, R, U, Query> Loads<'query, Shared<R>, U> for Query
where
    R: SharedReference,
    U: Send + 'static,
    Query: LoadQuery<'query, R, U> + Send + 'query,
{
    fn load<'a>(self, conn: &'a mut Borrowed<R>) -> Told<'a, Shared<R>, Vec<U>>
    where
        'query: 'a,
        Shared<R>: 'a,
    {
        Box::pin(async move {
            let rows = conn.rows(self).await;
            (rows, conn)
        })
    }

    fn load_first<'a>(self, conn: &'a mut Borrowed<R>) -> Told<'a, Shared<R>, Option<U>>
    where
        'query: 'a,
        Shared<R>: 'a,
    {
        Box::pin(async move {
            let rows = conn.rows(self).await;
            (rows.map(|rows| rows.into_iter().next()), conn)
        })
    }
}
