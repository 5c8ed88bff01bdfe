//! Tells the people who run a program what needs their attention.

use core::fmt;

use log::{Level, LevelFilter};

/// Hands a message to the first of these that is there: a subscriber of `tracing` (with that feature), the program's
/// logger, standard error. Nobody should miss it who has set nothing up, and nobody should read it twice.
///
/// A logger whose level is `Off` counts as none.
pub fn tell(level: Level, message: fmt::Arguments<'_>) {
    if is_traced(level, message) {
        return;
    }
    if log::max_level() == LevelFilter::Off {
        eprintln!("cache-diesel: {message}");
    } else {
        log::log!(target: "cache_diesel", level, "{message}");
    }
}

/// Tells a subscriber of `tracing`; says whether there is one.
#[cfg(feature = "tracing")]
fn is_traced(level: Level, message: fmt::Arguments<'_>) -> bool {
    if !tracing::dispatcher::has_been_set() {
        return false;
    }
    match level {
        Level::Error | Level::Warn => tracing::warn!(target: "cache_diesel", "{message}"),
        _ => tracing::info!(target: "cache_diesel", "{message}"),
    }
    true
}

#[cfg(not(feature = "tracing"))]
const fn is_traced(_level: Level, _message: fmt::Arguments<'_>) -> bool {
    false
}

/// The same, for what has to be mended.
pub fn warn(message: fmt::Arguments<'_>) {
    tell(Level::Warn, message);
}
