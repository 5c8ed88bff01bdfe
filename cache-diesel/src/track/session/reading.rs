//! Keeps what was read of the coming statement, and what managers announced of theirs.

use cache_core::protocol::write::{Change, ChangeSet};
use cache_core::tables::Tables;

use super::Session;
use super::transaction::Autocommit;
use super::under_way::StatementKind;
use crate::scan::{Dialect, Effect, SettingEffect, Transaction, WriteKind};

impl Session {
    /// Adds the effect of one statement of the text that is about to run.
    pub(crate) fn read_along(&mut self, effect: &Effect, tables: &Tables) {
        self.next.count += 1;
        match effect {
            Effect::Read => {}
            Effect::Session(change) => self.change_session(*change),
            Effect::Transaction(control) => self.next.controls.push(*control),
            Effect::Unknown => {
                self.note_unread_in_declared();
                self.transaction.note_unread();
                if self.is_declared() {
                    self.next.is_declared = true;
                } else {
                    self.next.changes.add_everything();
                }
            }
            Effect::Write(written) => {
                for written in written {
                    self.next.changes.add(&written.table, &change_of(written.kind), tables);
                }
            }
        }
    }

    /// Adds what the one statement of the text that is about to run does to one table, where that is known exactly.
    pub(crate) fn read_exact(&mut self, table: &str, change: &Change, tables: &Tables) {
        self.next.count += 1;
        self.next.changes.add(table, change, tables);
    }

    /// The statement that is about to run looks up a type for another one.
    pub(crate) fn note_look_up(&mut self) {
        self.next.kind = StatementKind::LookUp;
    }

    /// The statement that is about to run is a manager's, and a mere query.
    pub(crate) fn ask(&mut self) {
        self.next.kind = StatementKind::Asking;
    }

    /// Takes a manager's word for what the statement that is about to run writes.
    pub(crate) fn announce(&mut self, changes: &ChangeSet) {
        self.next.kind = StatementKind::Writing;
        self.next.changes.merge(changes);
    }

    /// Adds what the manager's statement that is about to run does besides what was announced.
    pub(crate) fn read_beside(&mut self, effect: &Effect, tables: &Tables) {
        let announced = core::mem::take(&mut self.next.changes);
        self.read_along(effect, tables);
        self.beside.merge(&self.next.changes);
        self.next.changes.merge(&announced);
    }

    /// The manager's statement that is about to run gives back something else than columns as they are.
    pub(crate) fn note_computed(&mut self) {
        self.is_computed = true;
    }

    /// Whether what a manager has written gives back columns as they are, and does nothing besides that was not announced.
    pub(crate) fn take_is_plain(&mut self) -> bool {
        !core::mem::take(&mut self.is_computed) && self.beside.is_empty()
    }

    /// What the statement that is about to run may change.
    pub(crate) fn next_changes(&self) -> &ChangeSet {
        &self.next.changes
    }

    /// The statement gives back rows: Diesel does not tell if it fails while they are fetched.
    pub(crate) fn note_returning(&mut self) {
        self.next.is_returning = true;
    }

    /// Whether the answer to the statement that is about to run may come before it is over: it gives rows back, or nobody
    /// knows what it does.
    pub(crate) fn may_give_rows_back(&self) -> bool {
        self.may_answer_early() && (self.next.is_returning || self.next.changes.is_wide())
    }

    /// Only a statement that `is_prepared` gives rows back.
    pub(crate) fn note_form(&mut self, is_prepared: bool) {
        self.next.is_returning = is_prepared;
    }

    /// The transaction control in the statement that is about to run.
    pub(crate) fn controls(&self) -> &[Transaction] {
        &self.next.controls
    }

    /// Whether the statement that starts now begins or ends transactions, or savepoints.
    pub(crate) fn has_control(&self) -> bool {
        !self.next.controls.is_empty()
    }

    fn change_session(&mut self, change: SettingEffect) {
        match change {
            SettingEffect::Attach => self.note_other_databases(),
            SettingEffect::Autocommit(is_on) => self.switch_autocommit(is_on),
            SettingEffect::Particular => {
                // Code that nobody has seen may have switched autocommit.
                if self.dialect == Dialect::Mysql && self.next.is_unclear() {
                    self.transaction.lose_track_for_good();
                }
                self.setting.be_particular();
            }
        }
    }

    /// Switching it on commits what is open. Switching it to what it is leaves a transaction open, and so does
    /// switching it off in one; but who knows what the server began with.
    fn switch_autocommit(&mut self, is_on: bool) {
        self.next.is_switching = true;
        if is_on && self.transaction.is_autocommit_off() {
            self.next.controls.push(Transaction::Commit);
        } else if self.transaction.is_begun() {
            self.transaction.lose_track();
        }
        self.transaction.switch_autocommit(if is_on { Autocommit::On } else { Autocommit::Off });
    }
}

fn change_of(kind: WriteKind) -> Change {
    match kind {
        WriteKind::Change => Change::Change,
        WriteKind::Insert => Change::Insert,
        WriteKind::Upsert => Change::Upsert,
    }
}
