//! Decides what the end of a statement means: its writes take effect, wait for a commit, or are undone.

use cache_core::protocol::write::ChangeSet;
use cache_core::{Cause, WriteEnd};

use super::{Boundary, Finish, Session, Step};
use crate::scan::{Dialect, Transaction};

impl Session {
    /// A statement without transaction control is over; `is_unclear`: it was not understood.
    pub(super) fn settle(&mut self, changes: ChangeSet, finish: Finish, is_unclear: bool) -> Option<Step> {
        let ending = ending_of(finish);
        if self.takes_effect_at_once() {
            return (!changes.is_empty()).then_some(Step::Release(changes, ending, Cause::Statement));
        }
        self.pending.merge(&changes);
        // A statement that is not understood may have committed all that went before it.
        if self.transaction.may_have_ended() || is_unclear || finish == Finish::Lost {
            return (!self.pending.is_empty()).then(|| Step::Release(self.pending.clone(), ending, Cause::Statement));
        }
        None
    }

    pub(super) fn finish_boundary(&mut self, boundary: Boundary, finish: Finish) -> Option<Step> {
        match boundary {
            Boundary::Begin => self.finish_begin(finish),
            Boundary::Commit => {
                if finish == Finish::Ok {
                    self.transaction.note_none_of_diesels();
                } else {
                    self.transaction.note_diesels();
                }
                self.end_transaction(finish, Cause::Commit)
            }
            Boundary::Rollback => {
                self.transaction.note_none_of_diesels();
                self.roll_back_pending(finish)
            }
        }
    }

    /// Diesel's BEGIN is over. On MySQL it has committed what was begun by hand before.
    fn finish_begin(&mut self, finish: Finish) -> Option<Step> {
        let committed = if self.begin_commits() { self.end_transaction(finish, Cause::Commit) } else { None };
        if finish == Finish::Ok {
            self.transaction.note_diesels();
            self.transaction.note_begun();
        } else {
            self.transaction.note_none_of_diesels();
            self.transaction.note_nothing_done();
        }
        committed
    }

    pub(super) fn begin_commits(&self) -> bool {
        self.dialect == Dialect::Mysql && self.transaction.is_ended_by_begin()
    }

    pub(super) fn finish_control(&mut self, control: Transaction, finish: Finish) -> Option<Step> {
        match control {
            Transaction::Begin if self.is_in_transaction() || self.begin_commits() => self.doubtful_boundary(finish),
            Transaction::Begin => {
                if finish == Finish::Ok {
                    self.transaction.note_by_hand();
                }
                self.transaction.note_nothing_done();
                None
            }
            Transaction::Commit | Transaction::Prepare if self.transaction.is_diesels() => {
                self.doubtful_boundary(finish)
            }
            Transaction::Commit | Transaction::Prepare => self.end_transaction(finish, Cause::Commit),
            Transaction::CommitAndChain => {
                let step = self.end_transaction(finish, Cause::Commit);
                self.chain(finish);
                step
            }
            Transaction::Rollback if self.transaction.is_diesels() => self.doubtful_boundary(finish),
            Transaction::Rollback | Transaction::RollbackAndChain => {
                let step = self.roll_back_pending(finish);
                if control == Transaction::RollbackAndChain {
                    self.chain(finish);
                }
                step
            }
            Transaction::Savepoint if !self.is_in_transaction() => {
                // SQLite begins a transaction with it; only the names would tell which RELEASE ends that.
                self.transaction.lose_track();
                None
            }
            Transaction::Release | Transaction::RollbackTo | Transaction::Savepoint => {
                self.settle(ChangeSet::new(), finish, false)
            }
        }
    }

    /// Another transaction begins where one ended; on MySQL also where none was open.
    fn chain(&mut self, finish: Finish) {
        if finish == Finish::Ok && !self.transaction.is_diesels() {
            self.transaction.note_by_hand();
        }
    }

    /// Transaction control by hand inside of a transaction of Diesel's, or twice: who knows what is open now.
    fn doubtful_boundary(&mut self, finish: Finish) -> Option<Step> {
        self.transaction.lose_track();
        self.settle(ChangeSet::new(), finish, false)
    }

    /// Several statements at once, transaction control among them: all of it counts now. Without autocommit, those
    /// behind the last control are open all the same.
    pub(super) fn finish_batch(
        &mut self,
        controls: &[Transaction],
        changes: ChangeSet,
        finish: Finish,
    ) -> Option<Step> {
        self.pending.merge(&changes);
        let released = (!self.pending.is_empty())
            .then(|| Step::Release(self.pending.clone(), ending_of(finish), Cause::Statement));
        match controls.last() {
            Some(Transaction::Commit | Transaction::Rollback)
                if finish == Finish::Ok && !self.transaction.is_diesels() && !self.transaction.is_autocommit_off() =>
            {
                self.forget_transaction();
            }
            Some(Transaction::Begin) if finish == Finish::Ok && !self.transaction.is_diesels() => {
                self.transaction.note_by_hand();
            }
            _ => self.transaction.lose_track(),
        }
        released
    }

    fn end_transaction(&mut self, finish: Finish, cause: Cause) -> Option<Step> {
        if finish == Finish::Ok {
            let released = self.release_pending(ending_of(finish), cause);
            self.forget_transaction();
            return released;
        }
        // A COMMIT that failed may be tried again: what it would have committed stays pending.
        self.transaction.lose_track();
        (!self.pending.is_empty()).then(|| Step::Release(self.pending.clone(), ending_of(finish), cause))
    }

    fn roll_back_pending(&mut self, finish: Finish) -> Option<Step> {
        if finish != Finish::Ok || self.transaction.may_outlive_rollback() {
            return self.end_transaction(finish, Cause::Rollback);
        }
        self.forget_transaction();
        None
    }

    fn forget_transaction(&mut self) {
        self.pending = ChangeSet::new();
        self.transaction.end();
    }

    pub(super) fn release_pending(&mut self, ending: WriteEnd, cause: Cause) -> Option<Step> {
        let pending = core::mem::take(&mut self.pending);
        (!pending.is_empty()).then_some(Step::Release(pending, ending, cause))
    }
}

fn ending_of(finish: Finish) -> WriteEnd {
    match finish {
        Finish::Failed | Finish::Ok => WriteEnd::Over,
        Finish::Lost => WriteEnd::Unknown,
    }
}
