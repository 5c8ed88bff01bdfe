//! Plants mistakes for tests: about columns, computed values, and rows that writes give back. Without the feature `__planted`
//! there are none.

/// What is believed though nobody said it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// A row that a write gave back is stored under whatever tokens its tags hold once the write is released, whoever else
    /// has released them.
    Candidates,
    /// Every column that the database is asked for compares bytes, whatever it says.
    Collations,
    /// A computed value outlives what was found for it, though that ends by itself.
    Ends,
    /// A computed value does not depend on what was found in the cache for it.
    Findings,
    /// A computed value does not depend on what was read for a value within it.
    Inner,
    /// A computed value is stored under the last tokens that were seen for it, and not under the first ones.
    LastTokens,
    /// A computed value does not depend on what was loaded for it.
    Loads,
    /// A computed value that is found keeps what it depends on to itself.
    Nested,
    /// A computed value does not depend on plain statements.
    Statements,
    /// What a database said before its structure changed still holds.
    Structures,
    /// A computed value does not depend on what its task reads every other time that it goes on.
    Tasks,
    /// A computed value is kept that was computed from what a transaction has not committed.
    Transactions,
    /// Every type is compared byte by byte, though a value has several spellings.
    Types,
}

#[cfg(feature = "__planted")]
mod on {
    use std::cell::Cell;

    use super::Mistake;

    thread_local! {
        static PLANTED: Cell<Option<Mistake>> = const { Cell::new(None) };
        static IS_ODD: Cell<bool> = const { Cell::new(false) };
    }

    /// Does `work`, on this thread, with `mistake`.
    pub fn with_planted<T>(mistake: Mistake, work: impl FnOnce() -> T) -> T {
        struct FormerCode(Option<Mistake>);
        impl Drop for FormerCode {
            fn drop(&mut self) {
                PLANTED.set(self.0);
            }
        }
        let _former = FormerCode(PLANTED.replace(Some(mistake)));
        work()
    }

    /// Whether `mistake` is made.
    #[must_use]
    pub fn is_planted(mistake: Mistake) -> bool {
        PLANTED.get() == Some(mistake)
    }

    /// Whether `mistake` is made this time: every other time.
    pub(crate) fn is_planted_in_turn(mistake: Mistake) -> bool {
        is_planted(mistake) && IS_ODD.replace(!IS_ODD.get())
    }
}

#[cfg(feature = "__planted")]
pub(crate) use on::is_planted_in_turn;
#[cfg(feature = "__planted")]
pub use on::{is_planted, with_planted};

/// Whether `mistake` is made: none is.
#[cfg(not(feature = "__planted"))]
#[inline]
#[must_use]
pub const fn is_planted(_mistake: Mistake) -> bool {
    false
}

#[cfg(not(feature = "__planted"))]
pub(crate) const fn is_planted_in_turn(_mistake: Mistake) -> bool {
    false
}
