//! Counts reads that threads of the desk make among the readers of a store.

use core::cell::Cell;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;

/// How many calls for reads are on their way, or wait.
#[derive(Debug, Default)]
pub(crate) struct ReaderCount(Arc<AtomicUsize>);

/// A place among the readers. It is free again when it is dropped.
#[derive(Debug)]
pub(crate) struct ReaderPlace(Arc<AtomicUsize>);

impl ReaderCount {
    /// Counts one more; gives how many there were.
    #[inline]
    pub(crate) fn enter(&self) -> usize {
        self.0.fetch_add(1, Ordering::SeqCst)
    }

    /// Counts one less.
    #[inline]
    pub(crate) fn leave(&self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }

    /// A place, however many are taken.
    pub(crate) fn take(&self) -> ReaderPlace {
        self.enter();
        ReaderPlace(Arc::clone(&self.0))
    }
}

impl Drop for ReaderPlace {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// How the present thread calls stores outside of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Calling {
    /// As any thread.
    Freely,
    /// It has a place among the readers already.
    InPlace,
    /// Not at all: a task would be held up.
    Never,
}

thread_local! {
    static CALLING: Cell<Calling> = const { Cell::new(Calling::Freely) };
}

impl Calling {
    #[inline]
    pub(crate) fn present() -> Self {
        CALLING.get()
    }

    /// Does `work` while the thread calls stores this way.
    pub(crate) fn during<T>(self, work: impl FnOnce() -> T) -> T {
        struct Former(Calling);
        impl Drop for Former {
            fn drop(&mut self) {
                CALLING.set(self.0);
            }
        }
        let _former = Former(CALLING.replace(self));
        work()
    }
}
