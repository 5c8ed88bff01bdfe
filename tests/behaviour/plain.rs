//! What a cached read gives, as plain Diesel would have given it.

use core::fmt::Debug;
use std::sync::Arc;

/// A value of a cached read.
pub trait Plain {
    type Output: Debug + PartialEq;

    fn plain(self) -> Self::Output;
}

impl<T: Clone + Debug + PartialEq> Plain for Arc<T> {
    type Output = T;

    fn plain(self) -> T {
        T::clone(&self)
    }
}

impl<T: Plain> Plain for Option<T> {
    type Output = Option<T::Output>;

    fn plain(self) -> Self::Output {
        self.map(T::plain)
    }
}

impl<T: Plain> Plain for Vec<T> {
    type Output = Vec<T::Output>;

    fn plain(self) -> Self::Output {
        self.into_iter().map(T::plain).collect()
    }
}

impl<T: Plain, E: Debug + PartialEq> Plain for Result<T, E> {
    type Output = Result<T::Output, E>;

    fn plain(self) -> Self::Output {
        self.map(T::plain)
    }
}

impl Plain for bool {
    type Output = Self;

    fn plain(self) -> Self {
        self
    }
}

impl Plain for i64 {
    type Output = Self;

    fn plain(self) -> Self {
        self
    }
}
