//! Holds the errors of reads as responses of axum.

use core::fmt;
use std::error::Error as StdError;

use axum::response::{IntoResponse, Response};
use cache_diesel::{NotFound, ReadError};
use http::StatusCode;

/// The error of a handler that reads through the cache, as a response: `404` for a row that is not there, `503` if there was
/// no connection or a store refused, `500` for what the database said. The response says no more than that.
///
/// A model may name it (`#[cached(error = cache_web::Failure)]`): `require` then fails with it.
#[derive(Debug)]
pub struct Failure {
    status: StatusCode,
    source: Box<dyn StdError + Send + Sync>,
}

impl Failure {
    fn new(status: StatusCode, source: impl StdError + Send + Sync + 'static) -> Self {
        Self { status, source: Box::new(source) }
    }

    /// No connection, or another thing that has to be there.
    #[must_use]
    pub fn unavailable(source: impl StdError + Send + Sync + 'static) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, source)
    }

    /// The state that the response has.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        self.status
    }
}

impl From<NotFound> for Failure {
    fn from(error: NotFound) -> Self {
        Self::new(StatusCode::NOT_FOUND, error)
    }
}

impl From<diesel::result::Error> for Failure {
    fn from(error: diesel::result::Error) -> Self {
        let status = match error {
            diesel::result::Error::NotFound => StatusCode::NOT_FOUND,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self::new(status, error)
    }
}

impl<P: StdError + Send + Sync + 'static> From<ReadError<P>> for Failure {
    fn from(error: ReadError<P>) -> Self {
        match error {
            ReadError::Database(error) => error.into(),
            error => Self::unavailable(error),
        }
    }
}

/// What a cache says to calls about itself.
impl From<cache_diesel::Error> for Failure {
    fn from(error: cache_diesel::Error) -> Self {
        Self::unavailable(error)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "answered with {}", self.status)
    }
}

impl StdError for Failure {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.source)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        (self.status, self.status.canonical_reason().unwrap_or_default()).into_response()
    }
}
