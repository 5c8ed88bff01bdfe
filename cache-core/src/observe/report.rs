//! Tells the people who run a program what needs their attention.

use core::fmt;

use log::{Level, LevelFilter};

/// Hands a message to the program's logger, or prints it on standard error where there is none: nobody should miss it who
/// has set nothing up.
///
/// A logger whose level is `Off` counts as none.
pub fn tell(level: Level, message: fmt::Arguments<'_>) {
    if log::max_level() == LevelFilter::Off {
        eprintln!("cache-diesel: {message}");
    } else {
        log::log!(target: "cache_diesel", level, "{message}");
    }
}

/// The same, for what has to be mended.
pub fn warn(message: fmt::Arguments<'_>) {
    tell(Level::Warn, message);
}
