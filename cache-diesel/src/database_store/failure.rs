//! Says why a call to the tables has failed, and whether it is worth another attempt.

use cache_core::{Error, ErrorKind};
use diesel::result::{DatabaseErrorKind, Error as DieselError};

/// Why a call has failed.
#[derive(Debug)]
pub(super) enum Failure {
    Database(DieselError),
    Follower,
    Lifeless,
    Pool(r2d2::Error),
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

    pub(super) fn into_error(self, kind: ErrorKind, doing: &'static str) -> Error {
        let error = Error::new(kind, doing);
        match self {
            Self::Database(source) => error.with_source(source),
            Self::Follower => {
                error.with_source("the server is read-only, or `autocommit` is off: a cache is kept on a primary")
            }
            Self::Lifeless => error.with_source("no life can be begun"),
            Self::Pool(source) => error.with_source(source),
        }
    }
}

impl From<DieselError> for Failure {
    fn from(error: DieselError) -> Self {
        Self::Database(error)
    }
}
