//! Holds what a read through a pool fails with.

use core::fmt;
use std::error::Error as StdError;

use diesel::result::Error;

/// What a read through a pool fails with; `P` is what the pool does.
#[derive(Debug)]
pub enum ReadError<P = r2d2::Error> {
    /// The pool gave no connection.
    Pool(P),
    /// The database failed, or has no such row.
    Database(Error),
}

impl<P> ReadError<P> {
    /// Whether there is no such row, and nothing else is wrong.
    #[must_use]
    pub const fn is_not_found(&self) -> bool {
        matches!(self, Self::Database(Error::NotFound))
    }
}

impl<P: fmt::Display> fmt::Display for ReadError<P> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pool(error) => write!(formatter, "the pool gave no connection: {error}"),
            Self::Database(error) => error.fmt(formatter),
        }
    }
}

impl<P: StdError + 'static> StdError for ReadError<P> {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Pool(error) => Some(error),
            // It is displayed as that error is.
            Self::Database(error) => error.source(),
        }
    }
}

impl<P> From<Error> for ReadError<P> {
    fn from(error: Error) -> Self {
        Self::Database(error)
    }
}

#[diagnostic::do_not_recommend]
impl<P: PoolFailure> From<P> for ReadError<P> {
    fn from(error: P) -> Self {
        Self::Pool(error)
    }
}

/// What a pool fails with that gives no connection: it has no room for the errors of the database.
pub trait PoolFailure: StdError + Send + Sync + 'static {}

impl PoolFailure for r2d2::Error {}

#[cfg(feature = "async-bb8")]
impl PoolFailure for diesel_async::pooled_connection::bb8::RunError {}

#[cfg(feature = "async-deadpool")]
impl PoolFailure for diesel_async::pooled_connection::deadpool::PoolError {}
