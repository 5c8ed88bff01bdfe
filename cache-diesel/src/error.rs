//! Holds the error of `require` for an absent row.

use core::fmt;
use std::error::Error as StdError;

/// There is no row with the key that was asked for.
///
/// The error type of a model (`#[cached(error = ..)]`) is made from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NotFound {
    /// The model's name.
    pub model: &'static str,
}

impl NotFound {
    pub(crate) const fn of(model: &'static str) -> Self {
        Self { model }
    }
}

impl fmt::Display for NotFound {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "no such `{}`", self.model)
    }
}

impl StdError for NotFound {}

impl From<NotFound> for diesel::result::Error {
    fn from(_: NotFound) -> Self {
        Self::NotFound
    }
}
