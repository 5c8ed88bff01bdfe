//! Tells of reads that left the cache alone: counted each time, reported once for each place in the program.

use core::panic::Location;
use std::collections::HashSet;

use cache_core::report::warn;
use cache_core::sync::Mutex;
use cache_core::{Bypass, Event, Reader};

use crate::read::Head;
use crate::setup::install::watch;

pub(crate) use crate::warning::not_asked;

/// A read went past the cache.
pub(crate) fn bypassed(reader: &Reader<'_>, head: &Head, reason: Bypass) {
    reader.counters.bypass(reason);
    let (manager, kind, location) = (reader.manager, head.kind, head.options.location);
    reader.cache.tell(&Event::Bypassed { manager, kind, reason, location });
    if reason == Bypass::NotTracked {
        watch::check_default();
    }
    if reason == Bypass::NotTracked && is_first(location, reason) {
        warn(format_args!(
            "the read of `{manager}` at {location} is not cached: its connection was opened before \
             `install`, or was given another instrumentation afterwards; see `cache_diesel::track`"
        ));
    }
}

/// A read came before the cache.
pub(crate) fn not_installed(head: &Head) {
    static SAID: Mutex<Option<HashSet<String>>> = Mutex::new(None);
    let name = head.state.cache_name();
    let is_news = SAID.lock().get_or_insert_default().insert(name.to_owned());
    if is_news {
        let location = head.options.location;
        warn(format_args!(
            "the read of `{}` at {location} is not cached: no cache named `{name}` is configured; \
             call `cache_diesel::install` first",
            head.state.name
        ));
    }
}

fn is_first(location: &'static Location<'static>, reason: Bypass) -> bool {
    static SEEN: Mutex<Option<HashSet<(&'static Location<'static>, Bypass)>>> = Mutex::new(None);
    SEEN.lock().get_or_insert_default().insert((location, reason))
}
