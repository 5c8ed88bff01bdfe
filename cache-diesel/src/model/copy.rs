//! Copies a row for what is called after its write, if its type can be copied.

/// A row to be copied. `(&ToCopy(row)).copied()` finds [`Copied`] for what is `Clone`, and [`NotCopied`] for everything
/// else: method resolution prefers the one with fewer references taken.
#[derive(Debug)]
pub struct ToCopy<'a, T>(pub &'a T);

/// A row that is `Clone`.
pub trait Copied<T> {
    /// A copy.
    fn copied(&self) -> Option<T>;
}

/// A row that is not.
pub trait NotCopied<T> {
    /// Nothing.
    fn copied(&self) -> Option<T>;
}

impl<T: Clone> Copied<T> for ToCopy<'_, T> {
    fn copied(&self) -> Option<T> {
        Some(self.0.clone())
    }
}

impl<T> NotCopied<T> for &ToCopy<'_, T> {
    fn copied(&self) -> Option<T> {
        None
    }
}
