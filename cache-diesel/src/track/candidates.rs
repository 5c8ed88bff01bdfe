//! Keeps the rows that writes on one connection have given back, until they are committed. Pure but for the counting.

use cache_core::protocol::write::ChangeSet;
use cache_core::{Candidate, Cause, Tag, Unstored, WriteEnd};

use crate::scan::Transaction;
use crate::track::session::{Session, Step};

/// The rows of one connection's open transaction, or of the statement that has just ended.
#[derive(Debug, Default)]
pub(crate) struct Candidates(Vec<Candidate>);

impl Candidates {
    /// More rows of one transaction are not kept.
    const MOST: usize = 64;

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes the row that a manager's statement has given back.
    pub(crate) fn add(&mut self, candidate: Candidate) {
        if self.0.len() < Self::MOST {
            self.0.push(candidate);
        } else {
            candidate.drop_for(Unstored::TooMany);
        }
    }

    /// The rows, for a release that somebody else carries out, and who stores them then.
    #[cfg(feature = "async")]
    pub(crate) fn take(&mut self) -> Vec<Candidate> {
        core::mem::take(&mut self.0)
    }

    /// The rows, for a release to go through.
    pub(crate) fn released(&mut self) -> &mut Vec<Candidate> {
        &mut self.0
    }

    /// A statement is about to run that `session` has read, and that may change these `tags`.
    pub(crate) fn read_along(&mut self, session: &Session, tags: &[Tag]) {
        match session.controls() {
            _ if session.is_particular() => self.drop_all(Unstored::Session),
            [] | [Transaction::Commit | Transaction::Release | Transaction::Savepoint] => self.drop_changed_by(tags),
            _ => self.drop_all(Unstored::RolledBack),
        }
    }

    /// Drops the rows that a change of `tags` may have changed.
    pub(crate) fn drop_changed_by(&mut self, tags: &[Tag]) {
        let changed = self.0.extract_if(.., |candidate| candidate.is_changed_by(tags));
        changed.for_each(|candidate| candidate.drop_for(Unstored::Rewritten));
    }

    pub(crate) fn drop_all(&mut self, reason: Unstored) {
        self.0.drain(..).for_each(|candidate| candidate.drop_for(reason));
    }

    /// Stores the rows: they are committed, and released.
    pub(crate) fn store_all(&mut self) {
        self.0.drain(..).for_each(Candidate::store);
    }
}

impl Drop for Candidates {
    fn drop(&mut self) {
        self.drop_all(Unstored::RolledBack);
    }
}

/// What the end of a statement without failure means for the rows of its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// They are committed.
    Committed,
    /// Their transaction goes on.
    Open,
    /// There is no transaction any more, and nobody knows what became of it.
    Gone,
}

impl Ended {
    /// Of a statement that came to `step`.
    pub(crate) fn of(step: Option<&Step>, session: &Session) -> Self {
        match step {
            Some(Step::Release(_, WriteEnd::Over, Cause::Commit)) => Self::Committed,
            _ if session.takes_effect_at_once() => Self::Gone,
            _ => Self::Open,
        }
    }

    /// Of a manager's statement that came to `step`, after all that it consists of.
    pub(crate) fn of_own(step: Option<&Step>, session: &Session) -> Self {
        match step {
            Some(Step::Release(changes, WriteEnd::Over, _)) if session.takes_effect_at_once() => {
                Self::of_release(changes)
            }
            _ if session.is_in_transaction() => Self::Open,
            _ => Self::Gone,
        }
    }

    /// What is not understood may have been anything.
    fn of_release(changes: &ChangeSet) -> Self {
        if changes.is_wide() { Self::Gone } else { Self::Committed }
    }
}
