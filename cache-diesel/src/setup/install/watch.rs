//! Notices that connections which are opened from now on are not tracked any more.

use core::cell::Cell;
use core::sync::atomic::{AtomicU8, AtomicU32, Ordering};

use cache_core::registry;
use diesel::connection::{Instrumentation, InstrumentationEvent, get_default_instrumentation};

use crate::warning;

/// What Diesel gives to new connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Default {
    /// Whatever the program likes: nothing was installed.
    Free,
    /// A tracker.
    Ours,
    /// Something else, though a tracker was installed.
    Replaced,
}

static LAST_SEEN: AtomicU8 = AtomicU8::new(Default::Free as u8);

/// Trackers are given to new connections from now on.
pub(super) fn begin() {
    LAST_SEEN.store(Default::Ours as u8, Ordering::Relaxed);
}

/// Looks which instrumentation new connections are given: for whoever has met one without a tracker. The first to find
/// that it is not the tracker says so.
#[cold]
pub(crate) fn check_default() {
    if is_replaced() && LAST_SEEN.swap(Default::Replaced as u8, Ordering::Relaxed) == Default::Ours as u8 {
        warning::default_replaced();
        registry::every().iter().for_each(cache_core::Cache::note_default_replaced);
    }
}

/// The same for whoever has asked a database: once in a while, until it was found.
pub(crate) fn check_default_sometimes() {
    const ONCE_IN: u32 = 16;
    static TURN: AtomicU32 = AtomicU32::new(0);

    if LAST_SEEN.load(Ordering::Relaxed) == Default::Ours as u8
        && TURN.fetch_add(1, Ordering::Relaxed).is_multiple_of(ONCE_IN)
    {
        check_default();
    }
}

/// Whether a tracker was installed, and new connections are given something else.
pub(crate) fn is_replaced() -> bool {
    if LAST_SEEN.load(Ordering::Relaxed) == Default::Free as u8 {
        return false;
    }
    let is_ours = probing(|| get_default_instrumentation().is_some_and(|made| made.as_any().is::<Sign>()));
    if is_ours {
        // Whoever put it back may take it away again.
        LAST_SEEN.store(Default::Ours as u8, Ordering::Relaxed);
    }
    !is_ours
}

/// Whether new connections are given a tracker.
pub(super) fn is_ours() -> bool {
    LAST_SEEN.load(Ordering::Relaxed) != Default::Free as u8 && !is_replaced()
}

thread_local! {
    static IS_PROBING: Cell<bool> = const { Cell::new(false) };
}

/// Whether the maker of trackers was called to see whether it is called: then it gives a [`Sign`], and nothing that the
/// program's own maker would have to make.
pub(super) fn is_probing() -> bool {
    IS_PROBING.get()
}

fn probing<T>(work: impl FnOnce() -> T) -> T {
    struct ProbeGuard;
    impl Drop for ProbeGuard {
        fn drop(&mut self) {
            IS_PROBING.set(false);
        }
    }
    IS_PROBING.set(true);
    let _over = ProbeGuard;
    work()
}

/// Stands for a tracker.
pub(super) struct Sign;

impl Instrumentation for Sign {
    fn on_connection_event(&mut self, _event: InstrumentationEvent<'_>) {}
}
