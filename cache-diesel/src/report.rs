//! Tells of reads that left the cache alone: counted each time, reported once for each place in the program.

use core::panic::Location;
use core::sync::atomic::{AtomicBool, Ordering};
use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use cache_core::{Bypass, Event, Reader};

use crate::contradiction::Contradiction;
use crate::install::watch;
use crate::manager::ManagerState;
use crate::read::Head;
use crate::settings;

/// A read went past the cache.
pub(crate) fn bypassed(reader: &Reader<'_>, head: &Head, reason: Bypass) {
    reader.counters.bypass(reason);
    let (manager, kind, location) = (reader.manager, head.kind, head.options.location);
    reader.cache.tell(&Event::Bypassed { manager, kind, reason, location });
    if reason == Bypass::NotTracked {
        watch::look();
    }
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
            let names = [*relevance, *timeout];
            eprintln!("cache-diesel: {}", settings::relevance_too_long(&manager.name, manager.cache_name(), &names));
        }
    }
}

/// Two managers of one cache have one name.
pub(crate) fn same_name(manager: &ManagerState, other: &ManagerState) {
    let paths = [other, manager].map(|manager| manager.definition.path());
    let message = settings::same_name(&manager.name, manager.cache_name(), paths.each_ref().map(String::as_str));
    eprintln!("cache-diesel: {message}");
}

/// Connections that are opened from now on are not tracked.
pub(crate) fn default_replaced() {
    eprintln!("cache-diesel: {}", settings::DEFAULT_REPLACED);
}

/// Nobody can tell what the policies of a table look at.
pub(crate) fn opaque_policy(table: &str) {
    static SAID: Mutex<Option<HashSet<String>>> = Mutex::new(None);
    let mut said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
    if said.get_or_insert_default().insert(table.to_owned()) {
        eprintln!(
            "cache-diesel: reads of `{table}` are not cached: a policy of its row-level security depends on the time, or \
             calls a function that cannot be looked into; write the function in SQL, or vouch for a read with \
             `assume_deterministic`"
        );
    }
}

/// A database compares a column otherwise than a model says.
pub(crate) fn contradicted(contradiction: &Contradiction) {
    eprintln!("cache-diesel: {contradiction}");
}

/// A database does not say what it declares.
pub(crate) fn not_asked(error: &diesel::result::Error) {
    static SAID: AtomicBool = AtomicBool::new(false);
    if !SAID.swap(true, Ordering::Relaxed) {
        eprintln!(
            "cache-diesel: a database does not say what its policies and views read, nor which functions it has of its \
             own; declare it with `depends_on`: {error}"
        );
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
