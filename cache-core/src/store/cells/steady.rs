//! Tells by one number whether any of the tags has changed that seldom do.

use core::sync::atomic::{AtomicU64, Ordering};

use crate::name::tag::TagKind;

/// The state of the steady tags of all stores in this process.
static STATE: AtomicU64 = AtomicU64::new(0);

/// How many changes of such tags are under way, in the lower 16 bits, and how many are over, in the others. Two that are
/// equal, and in which none is under way, are of one time without a change.
#[derive(Clone, Copy, Debug)]
pub(super) struct State(u64);

impl State {
    /// One more that is over.
    const OVER: u64 = 1 << 16;

    /// None in which nothing is under way.
    pub(super) const NEVER: Self = Self(u64::MAX);

    pub(super) const fn bits(self) -> u64 {
        self.0
    }

    pub(super) const fn is_changing(self) -> bool {
        !self.0.is_multiple_of(Self::OVER)
    }
}

/// The present state.
#[inline]
pub(super) fn state() -> State {
    State(STATE.load(Ordering::SeqCst))
}

/// Whether a write of single rows leaves tags of this kind alone, unless it deletes them.
pub(super) const fn is_steady(kind: TagKind) -> bool {
    use TagKind::{Database, Details, Gone, Lists, Root, Rows, Writers};
    matches!(kind, Database | Details | Gone | Lists | Root | Rows | Writers)
}

/// A steady tag is being changed until this is dropped.
#[must_use = "the change is over at once"]
pub(super) struct Changing(());

impl Changing {
    pub(super) fn begin() -> Self {
        STATE.fetch_add(1, Ordering::SeqCst);
        Self(())
    }
}

impl Drop for Changing {
    fn drop(&mut self) {
        STATE.fetch_add(State::OVER - 1, Ordering::SeqCst);
    }
}
