//! Decides why a call got no answer, and whether it may be sent again.

use std::error::Error as StdError;
use std::io;

use crate::error::{Error, ErrorKind};

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Failure {
    /// A connection broke before the answer was there.
    Broken(Box<dyn StdError + Send + Sync>),
    /// There was no answer in time.
    Late,
    /// A server began another life since the connection was made.
    OtherLife,
    /// A server answered with an error, in its own words.
    Refused(String),
    /// A server cannot be used for a cache as the URL describes it.
    Wrong(String),
}

impl Failure {
    /// An answer to something else than was asked.
    pub(super) fn strange(line: &[u8]) -> Self {
        let shown: String = String::from_utf8_lossy(line).chars().take(60).collect();
        Self::Broken(format!("an answer to something else: {shown}").into())
    }

    /// What a line says that is no answer.
    pub(super) fn of_line(line: &[u8]) -> Self {
        if line.starts_with(b"SERVER_ERROR")
            || line.starts_with(b"CLIENT_ERROR")
            || line == b"ERROR"
            || line.starts_with(b"BUSY")
            || Self::is_of_one_too_many(line)
        {
            return Self::Refused(String::from_utf8_lossy(line).into_owned());
        }
        Self::strange(line)
    }

    /// Whether the server says that it has no room for another connection.
    pub(super) fn is_of_one_too_many(line: &[u8]) -> bool {
        line == b"ERROR Too many open connections"
    }

    /// Whether a new connection may do better.
    pub(super) const fn is_of_the_connection(&self) -> bool {
        matches!(self, Self::Broken(_) | Self::OtherLife)
    }

    /// The error of a call that was `doing` something.
    pub(super) fn into_error(self, doing: &str) -> Error {
        let error = Error::new(ErrorKind::Store, doing);
        match self {
            Self::Broken(cause) => error.with_source(cause),
            Self::Late => error.with_source("a memcached did not answer in time"),
            Self::OtherLife => error.with_source("a memcached began another life meanwhile"),
            Self::Refused(line) => error.with_source(format!("a memcached says {line}")),
            Self::Wrong(reason) => error.with_source(reason),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => Self::Late,
            _ => Self::Broken(error.into()),
        }
    }
}
