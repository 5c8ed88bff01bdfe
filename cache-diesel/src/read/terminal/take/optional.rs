//! Turns the absent row of a read without a connection into `None`.

use crate::read::terminal::take::ReadError;

/// Makes `None` of a row that does not exist, as Diesel's `OptionalExtension` does of Diesel's own results.
pub trait OptionalRead<T> {
    /// The value, or `None` if there is no such row.
    ///
    /// # Errors
    ///
    /// Whatever else the read failed with.
    fn optional(self) -> Result<Option<T>, ReadError>;
}

impl<T> OptionalRead<T> for Result<T, ReadError> {
    fn optional(self) -> Result<Option<T>, ReadError> {
        match self {
            Ok(value) => Ok(Some(value)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }
}
