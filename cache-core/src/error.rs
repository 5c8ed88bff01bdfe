//! Holds the error of calls about the cache itself; queries never fail with it.

use core::fmt;
use std::error::Error as StdError;

/// A result of a call about the cache itself.
pub type Result<T> = core::result::Result<T, Error>;

/// An error of the cache itself.
///
/// Reads and writes of rows never return it: a failing cache is bypassed, counted and reported.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    context: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// The kind of an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// There is no value to change.
    Absent,
    /// A cache of this name is configured already.
    AlreadyConfigured,
    /// A load waits for itself.
    Circle,
    /// A value cannot be said in bytes, or bytes are not a value.
    Codec,
    /// A setting is wrong or contradicts another one.
    Configuration,
    /// No cache of this name is configured.
    NotConfigured,
    /// The result is too large a number.
    Overflow,
    /// The store refused or could not be reached.
    Store,
}

impl Error {
    /// An error of `kind`; `context` says in a few words what was being done or what is wrong.
    pub fn new(kind: ErrorKind, context: impl Into<String>) -> Self {
        Self { kind, context: context.into(), source: None }
    }

    /// An error of [`ErrorKind::Configuration`].
    pub(crate) fn configuration(context: impl Into<String>) -> Self {
        Self::new(ErrorKind::Configuration, context)
    }

    /// Adds the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What kind of error this is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            ErrorKind::Absent => write!(formatter, "there is no value under `{}`", self.context),
            ErrorKind::AlreadyConfigured => write!(formatter, "configured already: {}", self.context),
            ErrorKind::Circle => write!(formatter, "loading `{}` waits for itself", self.context),
            ErrorKind::Codec => write!(formatter, "codec error: {}", self.context),
            ErrorKind::Configuration => write!(formatter, "configuration error: {}", self.context),
            ErrorKind::NotConfigured => write!(
                formatter,
                "no cache named `{}` is configured: call `install` or `caches::configure` first",
                self.context
            ),
            ErrorKind::Overflow => write!(formatter, "the number under `{}` would be too large", self.context),
            ErrorKind::Store => write!(formatter, "store error while {}", self.context),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_ref().map(|source| &**source as &(dyn StdError + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_is_one_line_and_leaves_the_cause_to_source() {
        let cause = std::io::Error::other("refused");
        let error = Error::new(ErrorKind::Store, "reading an entry").with_source(cause);
        assert_eq!(error.to_string(), "store error while reading an entry");
        assert_eq!(error.source().expect("a cause was given").to_string(), "refused");
    }
}
