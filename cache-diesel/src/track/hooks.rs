//! Decides which hooks wait for a commit, and which a rollback drops. Pure, as [`Session`] is.

use diesel::result::{DatabaseErrorKind, Error};

use cache_core::Cause;

use crate::scan::{Dialect, Transaction};
use crate::track::session::{Finish, Session, Step};

/// What is to be done once a write is committed.
pub(crate) type Hook = Box<dyn FnOnce() + Send>;

/// The hooks of one connection's open transaction, in the order of their writes.
#[derive(Debug)]
pub(crate) struct WaitingHooks<T> {
    hooks: Vec<T>,
    /// How many there were when each savepoint of Diesel's was set, from depth two on.
    savepoints: Vec<usize>,
    /// How many there were when the first savepoint was set by hand.
    by_hand: Option<usize>,
    /// PostgreSQL takes a COMMIT of a transaction in which something failed for a ROLLBACK, and says nothing.
    is_aborted: bool,
}

impl<T> Default for WaitingHooks<T> {
    fn default() -> Self {
        Self { hooks: Vec::new(), savepoints: Vec::new(), by_hand: None, is_aborted: false }
    }
}

impl<T> WaitingHooks<T> {
    /// Takes the hooks of a write that is over, and gives those that are due.
    ///
    /// Where it cannot be told whether a transaction is open, there are none: nobody would tell of the commit.
    pub(crate) fn add(&mut self, hooks: Vec<T>, session: &Session) -> Vec<T> {
        if session.takes_effect_at_once() {
            return hooks;
        }
        if session.is_in_transaction() {
            self.hooks.extend(hooks);
        }
        Vec::new()
    }

    /// Diesel is about to begin a transaction, or a savepoint in it.
    pub(crate) fn begin(&mut self, depth: u32) {
        match savepoint(depth) {
            None => self.is_aborted = false,
            Some(place) => {
                self.savepoints.resize(place, self.hooks.len());
                self.savepoints.push(self.hooks.len());
            }
        }
    }

    /// Diesel is about to roll back.
    pub(crate) fn roll_back(&mut self, depth: u32) {
        let kept = savepoint(depth).and_then(|place| self.savepoints.get(place).copied());
        self.keep(kept.unwrap_or_default());
        self.is_aborted = false;
    }

    /// A statement with transaction control by hand is about to run.
    pub(crate) fn read_along(&mut self, controls: &[Transaction]) {
        for control in controls {
            match control {
                Transaction::Savepoint => _ = self.by_hand.get_or_insert(self.hooks.len()),
                // Only the names would tell which one it goes back to.
                Transaction::RollbackTo => {
                    self.keep(self.by_hand.unwrap_or_default());
                    self.is_aborted = false;
                }
                // What is prepared may yet be rolled back, by anybody.
                Transaction::Prepare | Transaction::Rollback | Transaction::RollbackAndChain => self.keep(0),
                _ => {}
            }
        }
    }

    /// A statement failed.
    pub(crate) fn note_failure(&mut self, error: &Error, dialect: Dialect) {
        let Error::DatabaseError(kind, _) = error else { return };
        match dialect {
            Dialect::Postgres => self.is_aborted = true,
            // A deadlock ends the transaction, and the COMMIT that comes later succeeds.
            Dialect::Mysql if !is_of_the_statement(kind) => self.keep(0),
            // Where SQLite has ended it, the COMMIT fails.
            _ => {}
        }
    }

    /// A statement ended, which for `session` came to `step`. Gives the hooks that are due.
    pub(crate) fn finish(&mut self, step: Option<&Step>, finish: Finish, session: &Session) -> Vec<T> {
        let is_committed = finish == Finish::Ok && matches!(step, Some(Step::Release(.., Cause::Commit)));
        if !is_committed && !session.takes_effect_at_once() {
            return Vec::new();
        }
        let ended = core::mem::take(self);
        if is_committed && !ended.is_aborted { ended.hooks } else { Vec::new() }
    }

    /// Drops all but the first `count`.
    fn keep(&mut self, count: usize) {
        self.hooks.truncate(count);
        self.savepoints.iter_mut().chain(&mut self.by_hand).for_each(|mark| *mark = (*mark).min(count));
    }
}

/// The place of a savepoint of Diesel's; `None`: the transaction itself.
fn savepoint(depth: u32) -> Option<usize> {
    depth.checked_sub(2).map(|place| place as usize)
}

/// Whether MySQL undoes no more than the statement that failed so.
fn is_of_the_statement(kind: &DatabaseErrorKind) -> bool {
    matches!(
        kind,
        DatabaseErrorKind::CheckViolation
            | DatabaseErrorKind::ForeignKeyViolation
            | DatabaseErrorKind::NotNullViolation
            | DatabaseErrorKind::UniqueViolation
    )
}

#[cfg(test)]
mod tests;
