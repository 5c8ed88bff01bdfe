//! Takes connections from pools of `r2d2`.

use core::fmt;
use core::marker::PhantomData;
use std::error::Error as StdError;

use diesel::connection::LoadConnection;
use diesel::result::Error;
use r2d2::{ManageConnection, Pool, PooledConnection};

use crate::backend::CacheBackend;
use crate::read::terminal::take::TakeConnection;

/// What a read through a pool fails with.
#[derive(Debug)]
pub enum ReadError {
    /// The pool gave no connection.
    Pool(r2d2::Error),
    /// The database failed, or has no such row.
    Database(Error),
}

impl ReadError {
    /// Whether there is no such row, and nothing else is wrong.
    #[must_use]
    pub const fn is_not_found(&self) -> bool {
        matches!(self, Self::Database(Error::NotFound))
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pool(error) => write!(formatter, "the pool gave no connection: {error}"),
            Self::Database(error) => error.fmt(formatter),
        }
    }
}

impl StdError for ReadError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Pool(error) => Some(error),
            // It is displayed as that error is.
            Self::Database(error) => error.source(),
        }
    }
}

impl From<Error> for ReadError {
    fn from(error: Error) -> Self {
        Self::Database(error)
    }
}

impl From<r2d2::Error> for ReadError {
    fn from(error: r2d2::Error) -> Self {
        Self::Pool(error)
    }
}

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
    type Connection = PooledConnection<M>;
    type Failure = r2d2::Error;
    type Error = ReadError;

    fn take(self) -> Result<PooledConnection<M>, r2d2::Error> {
        self()
    }
}

#[diagnostic::do_not_recommend]
impl<M> TakeConnection<PoolItself> for &Pool<M>
where
    M: ManageConnection,
    PooledConnection<M>: LoadConnection<Backend: CacheBackend> + 'static,
{
    type Connection = PooledConnection<M>;
    type Failure = r2d2::Error;
    type Error = ReadError;

    fn take(self) -> Result<PooledConnection<M>, r2d2::Error> {
        self.get()
    }
}
