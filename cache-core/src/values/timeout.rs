//! Decides how long a value lives.

use core::time::Duration;

use crate::setting::policy::Timeout;

/// What can be said as the timeout of a value: a [`Timeout`], a `Duration`, or `()` for the
/// [cache's own](crate::CacheBuilder::value_timeout), five minutes if not set.
///
/// A timeout of zero leaves nothing to read.
pub trait IntoTimeout: sealed::Sealed {
    /// The timeout, where `default` is the cache's own.
    fn into_timeout(self, default: Timeout) -> Timeout;
}

impl IntoTimeout for () {
    fn into_timeout(self, default: Timeout) -> Timeout {
        default
    }
}

impl IntoTimeout for Duration {
    fn into_timeout(self, _default: Timeout) -> Timeout {
        Timeout::after(self)
    }
}

impl IntoTimeout for Timeout {
    fn into_timeout(self, _default: Timeout) -> Timeout {
        self
    }
}

mod sealed {
    pub trait Sealed {}

    impl Sealed for () {}
    impl Sealed for core::time::Duration {}
    impl Sealed for crate::setting::policy::Timeout {}
}
