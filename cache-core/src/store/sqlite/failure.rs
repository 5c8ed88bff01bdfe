//! Says why a file could not be read or written, and what follows.

use rusqlite::ErrorCode;

use crate::error::{Error, ErrorKind};

/// Why a call failed.
#[derive(Debug)]
pub(super) enum Failure {
    /// The file is another one's.
    Foreign,
    Io(std::io::Error),
    /// Another file is there than the one that was opened.
    Moved,
    Sqlite(rusqlite::Error),
}

impl Failure {
    pub(super) const fn foreign() -> Self {
        Self::Foreign
    }

    pub(super) const fn moved() -> Self {
        Self::Moved
    }

    /// Whether the file holds what SQLite cannot read.
    pub(super) fn is_broken(&self) -> bool {
        matches!(self.code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
    }

    /// Whether there is no room in the file.
    pub(super) fn is_full(&self) -> bool {
        self.code() == Some(ErrorCode::DiskFull)
    }

    /// Whether it may be otherwise the next time.
    pub(super) fn is_passing(&self) -> bool {
        let is_busy = matches!(self.code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked));
        is_busy || self.is_full() || self.is_broken() || matches!(self, Self::Moved)
    }

    pub(super) fn into_error(self, doing: &str) -> Error {
        self.give_as(Error::new(ErrorKind::Store, doing))
    }

    /// Refuses the settings of a store.
    pub(super) fn into_refusal(self) -> Error {
        let why = match self {
            Self::Foreign => "is a file of something else",
            _ => "cannot be opened",
        };
        self.give_as(Error::new(ErrorKind::Configuration, format!("the file of the cache {why}")))
    }

    fn give_as(self, error: Error) -> Error {
        match self {
            Self::Foreign => error.with_source("it is a file of something else"),
            Self::Io(source) => error.with_source(source),
            Self::Moved => error.with_source("the file was taken away"),
            Self::Sqlite(source) => error.with_source(source),
        }
    }

    fn code(&self) -> Option<ErrorCode> {
        if let Self::Sqlite(error) = self { error.sqlite_error_code() } else { None }
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<rusqlite::types::FromSqlError> for Failure {
    fn from(error: rusqlite::types::FromSqlError) -> Self {
        Self::Sqlite(error.into())
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}
