//! Decides what the begin of a statement means, and which statements an end concludes.

use cache_core::protocol::write::ChangeSet;
use cache_core::{Cause, WriteEnd};

use super::under_way::{Entry, StatementKind};
use super::work::HeldWork;
use super::{Finish, Intents, RunningStatement, Session, Step, Ticket, Words};
use crate::scan::Dialect;

impl Session {
    /// A ticket for a statement that is about to run.
    pub(crate) fn issue(&mut self) -> Ticket {
        self.under_way.issue()
    }

    /// The statement that was read along begins.
    pub(crate) fn start(&mut self, ticket: Ticket, words: Words) -> Option<Step> {
        let mut statement = core::mem::take(&mut self.next);
        let is_writing = !statement.changes.is_empty();
        if self.is_declared() && (statement.is_declared || is_writing) {
            statement.changes.merge(&self.declared_changes());
        }
        if self.setting.is_anywhere() && !statement.changes.is_empty() {
            statement.changes.add_other_databases();
        }
        let step = if self.is_in_transaction() && !self.may_end_transaction(&statement) {
            // It counts with the transaction, however it ends. A manager may yet tell what exactly it was.
            if statement.kind != StatementKind::Writing {
                self.pending.merge(&core::mem::take(&mut statement.changes));
            }
            None
        } else {
            self.placed(&statement)
        };
        self.turns += u64::from(statement.is_turn());
        self.under_way.begin(ticket, statement, words);
        step
    }

    fn placed(&self, statement: &RunningStatement) -> Option<Step> {
        let mut concerned = statement.changes.clone();
        if self.is_in_transaction() {
            concerned.merge(&self.pending);
        }
        (!concerned.is_empty()).then_some(Step::Place(concerned))
    }

    /// A statement of Diesel's own begins: `BEGIN`, `COMMIT` or `ROLLBACK`, if that was told.
    pub(crate) fn start_control(&mut self, ticket: Ticket, words: Words) {
        let kind = if self.is_at_boundary() { StatementKind::Boundary } else { StatementKind::Plain };
        let statement = RunningStatement { kind, ..RunningStatement::default() };
        self.turns += u64::from(statement.is_turn());
        self.under_way.begin(ticket, statement, words);
    }

    /// Whether the next statement begins alone, so that its text need not be looked at for its end.
    pub(crate) fn is_alone(&self) -> bool {
        self.under_way.is_empty()
    }

    /// Whether nothing is under way but statements that change nothing.
    pub(crate) fn is_calm(&self) -> bool {
        self.under_way.is_calm()
    }

    /// How many statements have begun after which the connection may be in another transaction; `None`: one is under way.
    pub(crate) fn turns(&self) -> Option<u64> {
        (!self.under_way.has_turn()).then_some(self.turns)
    }

    /// Whose end has come. `words` tells of its text, which need not be looked at while one statement is under way.
    pub(crate) fn ended(&self, words: impl FnOnce() -> Words) -> Option<Ticket> {
        self.under_way.ended(words)
    }

    /// The statement with `ticket` ended.
    pub(crate) fn finish(&mut self, ticket: Ticket, finish: Finish) -> Option<Step> {
        let entry = self.under_way.take(ticket)?;
        let passed = self.under_way.pass(&entry, finish, (self.dialect, self.manner));
        if finish == Finish::Ok && self.is_answering(&entry.statement) {
            let mut changes = passed;
            changes.merge(&entry.statement.changes);
            self.under_way.answer(entry);
            return Some(Step::Release(changes, WriteEnd::Open, Cause::Statement));
        }
        let step = self.finish_entry(entry, finish);
        self.with_passed(step, passed)
    }

    /// Whether the end that was told may be the beginning of the answer.
    fn is_answering(&self, statement: &RunningStatement) -> bool {
        let is_write = statement.kind == StatementKind::Plain && !statement.changes.is_empty();
        is_write && statement.is_returning && self.may_answer_early() && self.takes_effect_at_once()
    }

    /// Somebody has the connection for himself: what has told no end until now tells none.
    pub(crate) fn abandon(&mut self) -> Option<Step> {
        let changes = self.under_way.take_all();
        self.with_passed(None, changes)
    }

    /// What becomes of the intents that were placed, when some of what was written is released.
    pub(crate) fn intents(&self) -> Intents {
        let is_over = self.under_way.is_settled(self.manner) && self.held.is_none();
        if is_over { Intents::End } else { Intents::Stand }
    }

    /// Nobody awaits a manager's statement any more that is under way.
    #[cfg(feature = "async")]
    pub(crate) fn give_own_up(&mut self) {
        self.under_way.give_own_up();
    }

    /// A manager has asked: whatever has not told its end has failed.
    pub(crate) fn end_asking(&mut self) {
        self.under_way.take_kind(StatementKind::Asking);
    }

    /// Adds what may be over as well to what follows from an end.
    fn with_passed(&mut self, step: Option<Step>, passed: ChangeSet) -> Option<Step> {
        if passed.is_empty() {
            return step;
        }
        if !self.takes_effect_at_once() {
            self.pending.merge(&passed);
        }
        let Some(Step::Release(mut changes, ending, cause)) = step else {
            return Some(Step::Release(passed, WriteEnd::Over, Cause::Statement));
        };
        changes.merge(&passed);
        Some(Step::Release(changes, ending, cause))
    }

    fn finish_entry(&mut self, entry: Entry, finish: Finish) -> Option<Step> {
        if entry.statement.kind == StatementKind::Boundary {
            return self.finish_at_boundary(finish);
        }
        let statement = entry.statement;
        // SQLite and MySQL may end a transaction by themselves when a statement in it fails. On MySQL any statement
        // that is not understood may have committed what went before it: what comes after it commits by itself.
        let may_have_ended = self.dialect == Dialect::Mysql && statement.is_unclear() && statement.controls.is_empty();
        self.note_end_in_declared(finish);
        if finish != Finish::Ok || (may_have_ended && statement.kind != StatementKind::Writing) {
            self.note_failure();
        }
        if statement.is_switching && finish != Finish::Ok {
            self.transaction.lose_track_for_good();
        }
        let is_suspect = statement.is_returning && self.is_in_transaction() && self.dialect == Dialect::Sqlite;
        let step = self.finish_statement(statement, finish);
        // From the next statement on: if this one has failed, it has written nothing itself.
        if is_suspect {
            self.transaction.suspect();
        }
        step
    }

    fn finish_at_boundary(&mut self, finish: Finish) -> Option<Step> {
        let boundary = self.boundary.take()?;
        if let Some(held) = self.held.as_mut().filter(|_| finish != Finish::Ok) {
            held.worst = finish;
        }
        self.finish_boundary(boundary, finish)
    }

    fn finish_statement(&mut self, statement: RunningStatement, finish: Finish) -> Option<Step> {
        if statement.kind == StatementKind::Writing {
            self.hold(&statement.changes, finish);
            return None;
        }
        match (statement.controls.as_slice(), statement.count) {
            ([], _) => {
                let is_unclear = statement.is_unclear();
                self.settle(statement.changes, finish, is_unclear)
            }
            ([control], 1) => self.finish_control(*control, finish),
            (controls, _) => self.finish_batch(controls, statement.changes, finish),
        }
    }

    fn hold(&mut self, changes: &ChangeSet, finish: Finish) {
        let held = self.held.get_or_insert_with(|| HeldWork { changes: ChangeSet::new(), worst: Finish::Ok });
        held.changes.merge(changes);
        if finish != Finish::Ok {
            held.worst = finish;
        }
    }

    /// A manager is done, and `exact` is what it wrote; without it, what was announced counts.
    pub(crate) fn settle_own(&mut self, exact: Option<&ChangeSet>) -> Option<Step> {
        if let Some(unfinished) = self.under_way.take_kind(StatementKind::Writing) {
            self.hold(&unfinished, Finish::Failed);
        }
        let HeldWork { changes: announced, worst: finish } = self.held.take()?;
        let mut changes = exact.cloned().unwrap_or(announced);
        changes.merge(&core::mem::take(&mut self.beside));
        changes.merge(&self.declared_changes());
        if self.setting.is_anywhere() {
            changes.add_other_databases();
        }
        let is_unclear = changes.is_wide();
        self.settle(changes, finish, is_unclear)
    }

    fn may_end_transaction(&self, statement: &RunningStatement) -> bool {
        self.transaction.may_have_ended() || !statement.controls.is_empty() || statement.is_unclear()
    }
}
