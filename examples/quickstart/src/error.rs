//! Holds the error with which the program ends, in one sentence.

use core::fmt;
use std::error::Error as StdError;
use std::io;

pub(crate) type Result<T> = core::result::Result<T, Error>;

/// Why the program stops.
#[derive(Debug)]
pub(crate) enum Error {
    /// Whoever reads the output has gone.
    Closed,
    /// Something failed, or is not as it should be; one sentence.
    Failed(String),
}

impl Error {
    pub(crate) fn new(sentence: impl Into<String>) -> Self {
        Self::Failed(sentence.into())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => formatter.write_str("nobody reads the output"),
            Self::Failed(sentence) => formatter.write_str(sentence),
        }
    }
}

impl StdError for Error {}

impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        Self::Failed(format!("the database says: {error}"))
    }
}

impl From<diesel::result::ConnectionError> for Error {
    fn from(error: diesel::result::ConnectionError) -> Self {
        Self::Failed(format!("the database cannot be opened: {error}"))
    }
}

impl From<cache_diesel::Error> for Error {
    fn from(error: cache_diesel::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::Closed,
            _ => Self::Failed(format!("the output cannot be written: {error}")),
        }
    }
}
