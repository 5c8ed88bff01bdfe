//! Keeps the tables that a program names for a piece of work: every statement in it counts for them, and one that is
//! not understood for no others.

use cache_core::protocol::write::ChangeSet;

use super::work::{NamedWork, Read};
use super::{Finish, Session, Step};

impl Session {
    /// Work begins that may change `changes`, whatever its statements are.
    pub(crate) fn declare(&mut self, changes: &ChangeSet) -> Option<Step> {
        let changes = self.as_announced(changes);
        self.declared.push(NamedWork { changes: changes.clone(), worst: Finish::Ok, read: Read::Whole });
        if self.takes_effect_at_once() {
            return Some(Step::Place(changes));
        }
        self.pending.merge(&changes);
        // Nobody knows when this ends: it may be with the next statement.
        self.transaction.may_have_ended().then(|| Step::Place(self.pending.clone()))
    }

    /// The work that was declared last is over, however it ended.
    pub(crate) fn end_declared(&mut self) -> Option<Step> {
        let NamedWork { changes, worst, read } = self.declared.pop()?;
        if let Some(outer) = self.declared.last_mut().filter(|_| worst == Finish::Lost) {
            outer.worst = Finish::Lost;
        }
        if let Some(outer) = self.declared.last_mut().filter(|_| read == Read::InPart) {
            outer.read = read;
        }
        self.settle(changes, worst, false)
    }

    /// Nobody awaits the work that was declared last, and what was sent of it may still be run.
    #[cfg(feature = "async")]
    pub(crate) fn give_declared_up(&mut self) {
        self.note_end_in_declared(Finish::Lost);
    }

    /// Whether the work under way was declared.
    pub(super) fn is_declared(&self) -> bool {
        !self.declared.is_empty()
    }

    /// Whether the work under way was declared, and may have changed the structure of the database all the same.
    pub(crate) fn may_have_changed_structure(&self) -> bool {
        self.declared.last().is_some_and(|declared| declared.read == Read::InPart)
    }

    /// Something in the work under way is not understood.
    pub(super) fn note_unread_in_declared(&mut self) {
        if let Some(declared) = self.declared.last_mut() {
            declared.read = Read::InPart;
        }
    }

    /// Everything that the work under way was declared to change.
    pub(super) fn declared_changes(&self) -> ChangeSet {
        let mut changes = ChangeSet::new();
        self.declared.iter().for_each(|declared| changes.merge(&declared.changes));
        changes
    }

    /// A statement of the work ended.
    pub(super) fn note_end_in_declared(&mut self, finish: Finish) {
        if let Some(declared) = self.declared.last_mut().filter(|_| finish == Finish::Lost) {
            declared.worst = finish;
        }
    }
}
