//! Tells of reads that left the cache alone: counted each time, reported once for each place in the program.

use core::panic::Location;
use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use cache_core::{Bypass, Event, Reader};

use crate::manager::ManagerState;
use crate::read::Head;

/// A read went past the cache.
pub(crate) fn bypassed(reader: &Reader<'_>, head: &Head, reason: Bypass) {
    reader.counters.bypass(reason);
    let (manager, kind, location) = (reader.manager, head.kind, head.options.location);
    reader.cache.tell(&Event::Bypassed { manager, kind, reason, location });
    if reason == Bypass::NotTracked && is_first(location, reason) {
        eprintln!(
            "cache-diesel: the read of `{manager}` at {location} is not cached: its connection was opened before \
             `install`, or was given another instrumentation afterwards; see `cache_diesel::track`"
        );
    }
}

/// The cache's settings do not go together with those of a model.
pub(crate) fn relevance_too_long(manager: &ManagerState, refused: &[[&str; 2]]) {
    static SAID: Mutex<Option<HashSet<(String, String)>>> = Mutex::new(None);
    let mut said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
    for [relevance, timeout] in refused {
        if said.get_or_insert_default().insert((manager.name.clone(), (*relevance).to_owned())) {
            eprintln!(
                "cache-diesel: the `{relevance}` of the cache named `{}` is longer than the `{timeout}` of `{}`: its \
                 entries are never stale; give the model a `{relevance}` of its own",
                manager.cache_name(),
                manager.name
            );
        }
    }
}

/// A read came before the cache.
pub(crate) fn not_installed(head: &Head) {
    static SAID: Mutex<Option<HashSet<String>>> = Mutex::new(None);
    let name = head.state.cache_name();
    let mut said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
    if said.get_or_insert_default().insert(name.to_owned()) {
        let location = head.options.location;
        eprintln!(
            "cache-diesel: the read of `{}` at {location} is not cached: no cache named `{name}` is configured; \
             call `cache_diesel::install` first",
            head.state.name
        );
    }
}

fn is_first(location: &'static Location<'static>, reason: Bypass) -> bool {
    static SEEN: Mutex<Option<HashSet<(&'static Location<'static>, Bypass)>>> = Mutex::new(None);
    SEEN.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_default().insert((location, reason))
}
