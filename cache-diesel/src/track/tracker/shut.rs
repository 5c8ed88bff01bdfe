//! Holds the reasons for which a connection has no identity to read under.

use cache_core::Bypass;

/// Why a connection has no identity to read under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shut {
    /// It leaves the cache alone.
    Bypass(Bypass),
    /// It has to be asked which database it is on.
    Unasked,
}

impl From<Bypass> for Shut {
    fn from(reason: Bypass) -> Self {
        Self::Bypass(reason)
    }
}
