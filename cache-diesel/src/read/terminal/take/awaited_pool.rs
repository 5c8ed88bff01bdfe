//! Takes connections from pools of diesel-async's connections.

use core::marker::PhantomData;

use diesel::dsl::{AsExprOf, select};
use diesel::query_builder::{QueryFragment, SqlQuery};
use diesel::sql_types::Integer;
use diesel_async::AsyncConnection;
use diesel_async::methods::LoadQuery;
use diesel_async::pooled_connection::PoolableConnection;
#[cfg(feature = "async-bb8")]
use diesel_async::pooled_connection::bb8;
#[cfg(feature = "async-deadpool")]
use diesel_async::pooled_connection::deadpool;

use crate::backend::CacheBackend;
use crate::backend::line::{Awaited, Reply};
use crate::read::terminal::take::{ReadError, TakeConnection};

/// Marks a pool of connections `C` itself.
#[derive(Debug)]
pub struct AwaitedPool<C>(PhantomData<fn() -> C>);

/// A connection that pools hold: what their manager asks of it.
macro_rules! pooled {
    ($feature:literal, $pool:ty, $conn:ty, $failure:ty) => {
        #[cfg(feature = $feature)]
        #[diagnostic::do_not_recommend]
        impl<'pool, C> TakeConnection<AwaitedPool<C>> for &'pool $pool
        where
            C: PoolableConnection + AsyncConnection<Backend: CacheBackend> + 'static,
            for<'a> select<AsExprOf<i32, Integer>>: LoadQuery<'a, C, i32>,
            SqlQuery: QueryFragment<C::Backend>,
        {
            type Line = Awaited<$conn>;
            type Failure = $failure;
            type Error = ReadError<$failure>;
            type Taking = Reply<'pool, Result<$conn, $failure>>;

            fn take(self) -> Self::Taking {
                Box::pin(self.get())
            }
        }
    };
}

pooled!("async-bb8", bb8::Pool<C>, bb8::PooledConnection<'pool, C>, bb8::RunError);
pooled!("async-deadpool", deadpool::Pool<C>, deadpool::Object<C>, deadpool::PoolError);
