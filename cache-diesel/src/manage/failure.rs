//! Says in one sentence why a command was not carried out.

use core::fmt;

use cache_core::{Error, ErrorKind};
use diesel::result::{DatabaseErrorKind, Error as Query};

use crate::manage::interrupt;

/// Why a command was not carried out: one sentence, and the code that a process ends with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    code: u8,
    message: String,
}

impl Failure {
    /// What was asked for is wrong.
    pub(super) const USAGE: u8 = 2;
    /// A store or a database does not answer.
    pub(super) const UNREACHABLE: u8 = 3;

    pub(super) const fn usage(message: String) -> Self {
        Self { code: Self::USAGE, message }
    }

    pub(super) fn database(message: impl fmt::Display) -> Self {
        Self { code: Self::UNREACHABLE, message: format!("the database does not answer: {message}") }
    }

    /// Somebody has interrupted what was under way.
    pub(super) fn interrupted() -> Self {
        Self { code: interrupt::CODE, message: "interrupted".to_owned() }
    }

    pub(super) const fn store(message: String) -> Self {
        Self { code: Self::UNREACHABLE, message }
    }

    /// The same, and what to do about it.
    pub(super) fn and(self, more: impl fmt::Display) -> Self {
        Self { message: format!("{}; {more}", self.message), ..self }
    }

    /// What a process ends with: 2 if the arguments are wrong, 3 if a store or a database does not answer or refuses, 130 if
    /// the command was interrupted.
    #[must_use]
    pub const fn code(&self) -> u8 {
        self.code
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl core::error::Error for Failure {}

impl From<diesel::result::Error> for Failure {
    fn from(error: diesel::result::Error) -> Self {
        match error {
            Query::DatabaseError(DatabaseErrorKind::ClosedConnection, _) => Self::database(error),
            _ => Self { code: Self::UNREACHABLE, message: format!("the database refuses: {error}") },
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let source = core::error::Error::source(&error).map(|source| format!(": {source}"));
        let message = format!("{error}{}", source.unwrap_or_default());
        match error.kind() {
            ErrorKind::Store => Self::store(message),
            _ => Self::usage(message),
        }
    }
}
