//! Turns the absent row of a read without a connection into `None`.

use crate::read::terminal::take::ReadError;

/// Makes `None` of a row that does not exist, as Diesel's `OptionalExtension` does of Diesel's own results.
pub trait OptionalRead<T> {
    /// What the read fails with.
    type Error;

    /// The value, or `None` if there is no such row.
    ///
    /// # Errors
    ///
    /// Whatever else the read failed with.
    fn optional(self) -> Result<Option<T>, Self::Error>;
}

impl<T, P> OptionalRead<T> for Result<T, ReadError<P>> {
    type Error = ReadError<P>;

    fn optional(self) -> Result<Option<T>, ReadError<P>> {
        match self {
            Ok(value) => Ok(Some(value)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }
}
