//! Takes connections from pools of `r2d2`.

use core::future::{Ready, ready};
use core::marker::PhantomData;

use diesel::connection::LoadConnection;
use r2d2::{ManageConnection, Pool, PooledConnection};

use crate::backend::CacheBackend;
use crate::read::terminal::take::{ReadError, TakeConnection};

/// Marks closures that take from a pool.
#[derive(Debug)]
pub struct FromPool<M>(PhantomData<fn() -> M>);

/// Marks a pool itself.
#[derive(Debug)]
pub struct PoolItself;

#[diagnostic::do_not_recommend]
impl<F, M> TakeConnection<FromPool<M>> for F
where
    F: FnOnce() -> Result<PooledConnection<M>, r2d2::Error>,
    M: ManageConnection,
    PooledConnection<M>: LoadConnection<Backend: CacheBackend> + 'static,
{
    type Line = PooledConnection<M>;
    type Failure = r2d2::Error;
    type Error = ReadError;
    type Taking = Ready<Result<PooledConnection<M>, r2d2::Error>>;

    fn take(self) -> Self::Taking {
        ready(self())
    }
}

#[diagnostic::do_not_recommend]
impl<M> TakeConnection<PoolItself> for &Pool<M>
where
    M: ManageConnection,
    PooledConnection<M>: LoadConnection<Backend: CacheBackend> + 'static,
{
    type Line = PooledConnection<M>;
    type Failure = r2d2::Error;
    type Error = ReadError;
    type Taking = Ready<Result<PooledConnection<M>, r2d2::Error>>;

    fn take(self) -> Self::Taking {
        ready(self.get())
    }
}
