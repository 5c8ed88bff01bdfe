//! Holds what reads need of a connection, whether it blocks or is awaited: the drivers are one text for both.

#[cfg(feature = "async")]
mod awaited;
mod blocking;
#[cfg(feature = "async-postgres")]
mod shared;

use core::num::NonZeroU32;
use core::pin::{Pin, pin};
use core::task::{Context, Poll, Waker};

use cache_core::Manner;
use diesel::connection::Instrumentation;
use diesel::deserialize::QueryableByName;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::Untyped;

use crate::backend::CacheBackend;

#[cfg(feature = "async")]
pub(crate) use awaited::Awaited;
#[cfg(feature = "async-postgres")]
pub(crate) use shared::{Borrowed, Shared, SharedReference};

/// What comes of a call on a line. On one that blocks it is there at once.
pub type Reply<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What comes of a query, with the connection that it was asked on.
pub(crate) type Told<'a, C, T> = Reply<'a, (QueryResult<T>, &'a mut <C as Line>::Conn)>;

/// A kind of connection, and how it is driven: one that blocks stands for itself, one that is awaited has a marker.
pub trait Line: Sized {
    /// The connection.
    type Conn: Send;
    /// Its backend.
    type Backend: CacheBackend;

    /// How stores are called for it.
    #[doc(hidden)]
    const MANNER: Manner;

    /// Whether others run statements on the connection at the same time.
    #[doc(hidden)]
    const IS_SHARED: bool = false;

    /// Its instrumentation, unless others use the connection too.
    fn instrumentation(conn: &mut Self::Conn) -> Option<&mut dyn Instrumentation>;

    /// Makes a statement that is never sent, so that the instrumentation of a shared connection hears of it.
    #[doc(hidden)]
    fn make(_: &mut Self::Conn) {}

    /// Whether the next statements are the library's own and only read, where each is announced by itself.
    #[doc(hidden)]
    fn announce(_: &mut Self::Conn, _is_asking: bool) {}

    /// How many transactions Diesel has open on it, one in the other.
    ///
    /// # Errors
    ///
    /// If Diesel has lost count of them.
    fn transaction_depth(conn: &mut Self::Conn) -> QueryResult<Option<NonZeroU32>>;

    /// Asks for the rows of `sql`, which is the library's own.
    fn rows<'a, Row>(conn: &'a mut Self::Conn, sql: String) -> Reply<'a, QueryResult<Vec<Row>>>
    where
        Row: QueryableByName<Self::Backend> + Send + 'static;

    /// Runs `sql`, which is the library's own and gives no rows.
    fn run<'a>(conn: &'a mut Self::Conn, sql: &'static str) -> Reply<'a, QueryResult<()>>;
}

/// A query that gives rows of the type `U` on the line `C`.
pub trait Loads<'query, C: Line, U> {
    /// Asks for all rows.
    fn load<'a>(self, conn: &'a mut C::Conn) -> Told<'a, C, Vec<U>>
    where
        'query: 'a,
        C: 'a;

    /// Asks for the first row.
    fn load_first<'a>(self, conn: &'a mut C::Conn) -> Told<'a, C, Option<U>>
    where
        'query: 'a,
        C: 'a;
}

/// What comes of `work` on a line that blocks: nothing in it is waited for.
pub(crate) fn at_once<T>(work: impl Future<Output = T>) -> T {
    match pin!(work).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => unreachable!("what is asked on a connection that blocks is answered at once"),
    }
}

/// A reply that is there.
pub(crate) fn ready<'a, T: Send + 'a>(value: T) -> Reply<'a, T> {
    Box::pin(core::future::ready(value))
}

/// A statement of the library's own.
#[derive(Debug)]
struct OwnQuery(String);

impl<DB: CacheBackend> QueryFragment<DB> for OwnQuery {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        pass.unsafe_to_cache_prepared();
        pass.push_sql(&self.0);
        Ok(())
    }
}

impl Query for OwnQuery {
    type SqlType = Untyped;
}

impl<C> diesel::RunQueryDsl<C> for OwnQuery {}

/// Any text has this type.
impl QueryId for OwnQuery {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}
