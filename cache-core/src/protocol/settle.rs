//! Decides whether a load that has ended removes the entry that was there before.
//!
//! Whoever asked the database and may not store what it said removes what was there: otherwise the next reader would be
//! given something older than what this one has seen. Where no tracked write came in between, that is the only way in
//! which an entry can be older than the database.

use crate::protocol::miss::Miss;

/// What a reader knew of an entry when it asked the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Former {
    /// It was told not to look: there may be an entry.
    Disregarded,
    /// It found an entry that is served, and is to be refreshed.
    Stale,
    /// It found nothing that is ever served again, or could not look.
    Unserved,
}

/// What becomes of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fate {
    /// It is not stored.
    Dropped,
    /// It takes the place of what was there.
    Stored,
}

/// Who may have a copy of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CopyHolders {
    /// The store alone, in this process.
    Process,
    /// Processes that keep in memory what a server keeps for all of them.
    Processes,
}

impl Former {
    /// What a reader knew that asked the database because of `cause`.
    ///
    /// One that could not look is as good as one that bypasses the cache: what others are served is not its business.
    #[must_use]
    pub const fn of(cause: Miss) -> Self {
        match cause {
            Miss::Refresh => Self::Disregarded,
            Miss::Stale => Self::Stale,
            _ => Self::Unserved,
        }
    }
}

/// Whether the entry has to be removed that was there, given what becomes of the answer.
///
/// An answer that is stored takes the place of what the store holds. Copies of that in the memory of other processes stay,
/// unless they are told. A stale one need not be: memory serves nothing that is stale, so that they look, and find what
/// is stored now.
#[must_use]
pub const fn removes(former: Former, fate: Fate, reach: CopyHolders) -> bool {
    match (former, fate, reach) {
        (Former::Unserved, ..) => false,
        (Former::Disregarded | Former::Stale, Fate::Dropped, _) => true,
        (Former::Disregarded, Fate::Stored, CopyHolders::Processes) => true,
        (Former::Disregarded, Fate::Stored, CopyHolders::Process) | (Former::Stale, Fate::Stored, _) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::Flaw;
    use crate::name::tag::TagKind;

    #[test]
    fn what_was_served_or_not_looked_at_goes_if_the_answer_is_not_stored() {
        use {CopyHolders::*, Fate::*, Former::*};
        let cases = [
            (Disregarded, Dropped, Process, true),
            (Disregarded, Dropped, Processes, true),
            (Disregarded, Stored, Process, false),
            (Disregarded, Stored, Processes, true),
            (Stale, Dropped, Process, true),
            (Stale, Dropped, Processes, true),
            (Stale, Stored, Process, false),
            (Stale, Stored, Processes, false),
            (Unserved, Dropped, Process, false),
            (Unserved, Dropped, Processes, false),
            (Unserved, Stored, Process, false),
            (Unserved, Stored, Processes, false),
        ];
        for (former, fate, reach, is_removed) in cases {
            assert_eq!(removes(former, fate, reach), is_removed, "{former:?} {fate:?} {reach:?}");
        }
    }

    #[test]
    fn only_a_refresh_knows_of_something_that_is_served() {
        let unserved = [
            Miss::Absent,
            Miss::Changed(TagKind::Row),
            Miss::Expired,
            Miss::Foreign,
            Miss::ReleasePending,
            Miss::StoreAvoided,
            Miss::StoreFailed,
            Miss::Unreadable(Flaw::Bytes),
        ];
        assert!(unserved.into_iter().all(|cause| Former::of(cause) == Former::Unserved));
        assert_eq!([Miss::Refresh, Miss::Stale].map(Former::of), [Former::Disregarded, Former::Stale]);
    }
}
