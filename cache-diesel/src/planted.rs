//! Plants mistakes about columns and computed values for tests; without the feature `__planted` there are none.

/// What is believed though nobody said it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// Every column that the database is asked for compares bytes, whatever it says.
    Collations,
    /// A computed value does not depend on what was found in the cache for it.
    Findings,
    /// A computed value does not depend on plain statements.
    Statements,
    /// What a database said before its structure changed still holds.
    Structures,
    /// Every type is compared byte by byte, though a value has several spellings.
    Types,
}

#[cfg(feature = "__planted")]
mod on {
    use std::cell::Cell;

    use super::Mistake;

    thread_local! {
        static PLANTED: Cell<Option<Mistake>> = const { Cell::new(None) };
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

    pub(crate) fn is_planted(mistake: Mistake) -> bool {
        PLANTED.get() == Some(mistake)
    }
}

#[cfg(feature = "__planted")]
pub(crate) use on::is_planted;
#[cfg(feature = "__planted")]
pub use on::with_planted;

#[cfg(not(feature = "__planted"))]
pub(crate) const fn is_planted(_mistake: Mistake) -> bool {
    false
}
