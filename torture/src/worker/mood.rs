//! Chooses the forms of writes that all workers prefer at a time, by the wall clock.

use std::time::{SystemTime, UNIX_EPOCH};

/// How long it is so, in seconds.
const LENGTH: u64 = 3;

/// Once in so many times writes are of every form.
const WIDE: u64 = 6;

/// Whether writes name their rows by their keys at present. A write of rows that nobody can name ends the entries of all
/// of its table, and with them those that something else should have ended.
pub(super) fn is_narrow() -> bool {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    !(since.as_secs() / LENGTH).is_multiple_of(WIDE)
}
