//! Says why a call to the tables has failed, and whether it is worth another attempt.

use cache_core::{Error, ErrorKind};
use diesel::result::{DatabaseErrorKind, Error as DieselError};

/// Why a call has failed.
#[derive(Debug)]
pub(super) enum Failure {
    /// The connection was closed before anything was done.
    Closed(DieselError),
    Database(DieselError),
    /// The thread ended before it was done.
    Dropped,
    Follower,
    /// There was no answer in time.
    Late,
    Lifeless,
    Pool(r2d2::Error),
    Thread(std::io::Error),
}

impl Failure {
    /// Whether somebody else was in the way, who will be gone.
    pub(super) fn is_passing(&self) -> bool {
        match self {
            Self::Database(DieselError::DatabaseError(DatabaseErrorKind::SerializationFailure, _)) => true,
            Self::Database(DieselError::DatabaseError(_, about)) => {
                let message = about.message().to_ascii_lowercase();
                message.contains("lock") || message.contains("record has changed")
            }
            _ => false,
        }
    }

    /// Whether the connection that it happened on is closed.
    pub(super) fn is_of_a_closed_connection(&self) -> bool {
        match self {
            Self::Closed(_) | Self::Database(DieselError::DatabaseError(DatabaseErrorKind::ClosedConnection, _)) => {
                true
            }
            Self::Database(DieselError::DatabaseError(_, about)) => {
                let message = about.message().to_ascii_lowercase();
                ["gone away", "lost connection", "connection was killed"].iter().any(|part| message.contains(part))
            }
            _ => false,
        }
    }

    /// The same, of a call that has changed nothing so far.
    pub(super) fn before_anything(self) -> Self {
        let is_closed = self.is_of_a_closed_connection();
        match self {
            Self::Database(error) if is_closed => Self::Closed(error),
            other => other,
        }
    }

    pub(super) fn into_error(self, kind: ErrorKind, doing: &'static str) -> Error {
        let error = Error::new(kind, doing);
        match self {
            Self::Closed(source) | Self::Database(source) => error.with_source(source),
            Self::Dropped => error.with_source("the thread that asked the database has ended"),
            Self::Follower => {
                error.with_source("the server is read-only, or `autocommit` is off: a cache is kept on a primary")
            }
            Self::Late => error.with_source("the database did not answer in time"),
            Self::Lifeless => error.with_source("no life can be begun"),
            Self::Pool(source) => error.with_source(source),
            Self::Thread(source) => error.with_source(source),
        }
    }
}

impl From<DieselError> for Failure {
    fn from(error: DieselError) -> Self {
        Self::Database(error)
    }
}
