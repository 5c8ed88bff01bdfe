//! Holds what a thread works for at present, so that work which is done elsewhere can take it along.

use core::any::Any;
use core::cell::RefCell;
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::Arc;

/// What a thread, or the task that it polls, works for.
pub(crate) type Context = Arc<dyn Any + Send + Sync>;

/// How many contexts there are in this process. As long as there is none, nobody looks for his own.
static COUNT: AtomicUsize = AtomicUsize::new(0);

/// How many of them watch for work that is done for none.
static WATCHING: AtomicUsize = AtomicUsize::new(0);

/// How often something was done for no context while one of them watched.
static STRAYS: AtomicU64 = AtomicU64::new(0);

thread_local! {
    static CURRENT: RefCell<Option<Context>> = const { RefCell::new(None) };
}

/// Counts a context as long as it lives.
#[derive(Debug)]
pub(crate) struct Counted(());

impl Counted {
    pub(crate) fn new() -> Self {
        COUNT.fetch_add(1, Ordering::Relaxed);
        Self(())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        COUNT.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Notices what is done for no context, from when it begins on.
#[derive(Debug)]
pub(crate) struct Stray(Option<u64>);

impl Stray {
    /// Nothing is noticed unless it `is_watched`.
    pub(crate) fn watched(is_watched: bool) -> Self {
        Self(is_watched.then(|| {
            WATCHING.fetch_add(1, Ordering::SeqCst);
            STRAYS.load(Ordering::SeqCst)
        }))
    }

    /// Whether anything was done for no context since.
    pub(crate) fn was_seen(&self) -> bool {
        self.0.is_some_and(|before| before != STRAYS.load(Ordering::SeqCst))
    }
}

impl Drop for Stray {
    fn drop(&mut self) {
        if self.0.is_some() {
            WATCHING.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

/// Whether this thread works for anything.
#[inline]
pub(crate) fn is_there() -> bool {
    COUNT.load(Ordering::Relaxed) != 0 && is_here()
}

fn is_here() -> bool {
    let is_here = CURRENT.try_with(|current| current.borrow().is_some()).unwrap_or_default();
    if !is_here && WATCHING.load(Ordering::Relaxed) != 0 {
        STRAYS.fetch_add(1, Ordering::SeqCst);
    }
    is_here
}

/// What this thread works for.
pub(crate) fn current() -> Option<Context> {
    if COUNT.load(Ordering::Relaxed) == 0 {
        return None;
    }
    CURRENT.try_with(|current| current.borrow().clone()).ok().flatten()
}

/// The thread works for something until this is dropped.
#[must_use = "it ends at once"]
pub(crate) struct Entered(Option<Context>);

impl Entered {
    pub(crate) fn into(context: Option<Context>) -> Self {
        Self(CURRENT.try_with(|current| current.replace(context)).ok().flatten())
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        let before = self.0.take();
        let own = CURRENT.try_with(|current| current.replace(before));
        // It may be the last one to know of it: not while the cell is borrowed.
        drop(own);
    }
}
