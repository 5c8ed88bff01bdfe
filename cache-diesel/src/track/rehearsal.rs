//! Decides what the statements of a test transaction mean, if everything in it is to count as committed: the
//! outermost transaction is none, and those inside of it are what they would be without it. Pure, as [`Session`] is.

use cache_core::Bypass;
use cache_core::protocol::write::ChangeSet;

use crate::track::session::{Finish, Session, Step, Ticket, Words};

/// One connection's test transaction.
///
/// The connection's own session goes on beside it: should the test transaction be committed after all, that one has
/// gathered what was written.
#[derive(Debug)]
pub(crate) struct Rehearsal {
    session: Session,
    /// The statement that starts next is Diesel's own `SAVEPOINT`, `RELEASE` or `ROLLBACK TO`.
    is_control_of_diesels: bool,
    is_in_doubt: bool,
}

/// What a statement that starts means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cue {
    GoesOn(Option<Step>),
    /// Transaction control by hand: who knows what is open now. From here on the transaction is like any other.
    Over,
}

impl Rehearsal {
    /// The rehearsal of what `real` would be outside of its transaction.
    pub(crate) fn of(real: &Session) -> Self {
        Self { session: real.apart(), is_control_of_diesels: false, is_in_doubt: false }
    }

    /// Diesel is about to begin a transaction inside; `depth` counts the test transaction.
    pub(crate) fn begin(&mut self, depth: u32) {
        self.is_control_of_diesels = true;
        self.session.begin(depth - 1);
    }

    /// Diesel is about to commit a transaction inside.
    pub(crate) fn commit(&mut self, depth: u32) -> Option<Step> {
        self.is_control_of_diesels = true;
        self.session.commit(depth - 1)
    }

    /// Diesel is about to roll back a transaction inside.
    pub(crate) fn roll_back(&mut self, depth: u32) {
        self.is_control_of_diesels = true;
        self.session.roll_back(depth - 1);
    }

    /// What the connection's session would be without the test transaction.
    pub(crate) fn session(&self) -> &Session {
        &self.session
    }

    /// A statement starts, which `real` has read along.
    pub(crate) fn start(&mut self, real: &Session, ticket: Ticket, words: Words) -> Cue {
        if self.is_control_of_diesels {
            self.session.start_control(ticket, words);
            return Cue::GoesOn(None);
        }
        self.session.overhear(real);
        if self.session.has_control() {
            return Cue::Over;
        }
        Cue::GoesOn(self.session.start(ticket, words))
    }

    /// The statement with `ticket` ended.
    pub(crate) fn finish(&mut self, ticket: Ticket, finish: Finish) -> Option<Step> {
        self.is_control_of_diesels = false;
        self.is_in_doubt |= finish != Finish::Ok || self.session.may_have_failed_unseen(ticket);
        self.session.finish(ticket, finish)
    }

    /// What has told no end until now tells none.
    pub(crate) fn abandon(&mut self) -> Option<Step> {
        self.session.abandon()
    }

    /// A manager has asked.
    pub(crate) fn end_asking(&mut self) {
        self.session.end_asking();
    }

    /// Work begins that may change `changes`.
    pub(crate) fn declare(&mut self, changes: &ChangeSet) -> Option<Step> {
        self.session.declare(changes)
    }

    /// The work that was declared last is over.
    pub(crate) fn end_declared(&mut self) -> Option<Step> {
        self.session.end_declared()
    }

    /// A manager's statement is over.
    pub(crate) fn settle_own(&mut self, exact: Option<&ChangeSet>) -> Option<Step> {
        self.session.settle_own(exact)
    }

    /// A manager's statement has failed, whatever Diesel told of it.
    pub(crate) fn note_failure(&mut self) {
        self.is_in_doubt = true;
        self.session.note_failure();
    }

    /// Diesel says that nothing is open but the test transaction.
    pub(crate) fn note_no_transaction(&mut self) -> Option<Step> {
        self.session.note_no_transaction()
    }

    /// Clears `tags` when the transaction inside is committed.
    pub(crate) fn clear_after(&mut self, tags: &[cache_core::Tag]) {
        self.session.clear_after(tags);
    }

    /// Whether reads that are in the test transaction alone may use the cache, and if not, why.
    pub(crate) fn gate(&self) -> Result<(), Bypass> {
        self.session.gate()
    }

    /// Whether a statement failed since this was asked last. The database may have rolled everything back with it,
    /// so that nothing that was cached until then can be trusted.
    pub(crate) fn take_doubt(&mut self) -> bool {
        core::mem::take(&mut self.is_in_doubt)
    }
}

#[cfg(test)]
mod tests;
