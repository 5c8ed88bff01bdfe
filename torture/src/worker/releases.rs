//! Finds out whether a write's release was acknowledged, by the cache's events and counters.

use core::sync::atomic::{AtomicBool, Ordering};

use cache_diesel::Event;
use cache_diesel::prelude::*;
use cache_diesel::store::Operation;

use crate::message::Release;
use crate::servers::Problem;

/// Since the write began.
static IS_PENDING: AtomicBool = AtomicBool::new(false);

/// Has the default cache tell the thread that writes. What an awaited write is told by is told on another one.
pub(super) fn listen() -> Result<(), Problem> {
    caches::default()?.listen("releases", |event| {
        if let Event::ReleasePending { .. } = event {
            IS_PENDING.store(true, Ordering::SeqCst);
        }
    });
    Ok(())
}

/// Runs a write, and says what became of its release. One thread of the process writes.
pub(super) fn watch<T>(write: impl FnOnce() -> T) -> (T, Release) {
    IS_PENDING.store(false, Ordering::SeqCst);
    let refused = refused_intents();
    let written = write();
    let is_intended = refused_intents() == refused;
    let release =
        if IS_PENDING.load(Ordering::SeqCst) { Release::Pending { is_intended } } else { Release::Acknowledged };
    (written, release)
}

/// How often the store did not take intents so far.
fn refused_intents() -> u64 {
    let Ok(cache) = caches::default() else { return 0 };
    let store = cache.statistics().store;
    let count =
        |counts: &std::collections::BTreeMap<Operation, u64>| counts.get(&Operation::Place).copied().unwrap_or(0);
    count(&store.failure_counts) + count(&store.avoided_counts)
}
