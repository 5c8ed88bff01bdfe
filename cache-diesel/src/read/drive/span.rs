//! Puts loads into spans of `tracing`; without that feature there are none.

use cache_core::{KeyBytes, Miss};

use crate::read::task::Site;

/// Does `load`, which begins because of `cause`, in a span of its own.
#[cfg(feature = "tracing")]
pub(crate) fn in_span<T>(
    site: &Site<'_>,
    (key, cause): (KeyBytes, Miss),
    load: impl Future<Output = T>,
) -> impl Future<Output = T> {
    use tracing::Instrument as _;

    let (manager, kind) = (site.reader.manager, site.reader.kind);
    let cache = site.state.cache_name();
    load.instrument(tracing::info_span!(
        target: "cache_diesel",
        "cache load",
        cache,
        manager,
        %kind,
        %key,
        reason = %cause
    ))
}

/// Does `load`.
#[cfg(not(feature = "tracing"))]
pub(crate) const fn in_span<T, Load: Future<Output = T>>(
    _site: &Site<'_>,
    _about: (KeyBytes, Miss),
    load: Load,
) -> Load {
    load
}
