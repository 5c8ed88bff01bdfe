//! Keeps the running statements of one connection, and matches an end to one of them.

use cache_core::protocol::write::ChangeSet;

use super::Finish;
use crate::scan::{Dialect, TextHash, Transaction};

/// Tells the statements of one connection apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ticket(u64);

/// What an end is told by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Words {
    /// The text was not hashed. An end that matches no hashed statement is taken for this one's.
    #[default]
    Unread,
    /// The text, by a number that texts hardly ever share. Those that do are taken for one.
    Read(TextHash),
}

/// How the program runs statements on the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// It may await them, at the same time, and may stop to wait for them: then nobody tells their ends.
    Awaited,
    Blocking,
    /// It may await them, at the same time, on a connection that tells each end once it is over.
    #[cfg(feature = "async")]
    Settled,
}

/// On whose account a statement runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum StatementKind {
    /// A manager asks.
    Asking,
    /// Diesel's `BEGIN`, `COMMIT` or `ROLLBACK`.
    Boundary,
    /// Diesel's look-up of a type, in the middle of another statement.
    LookUp,
    #[default]
    Plain,
    /// A manager writes, and tells itself when that is over.
    Writing,
}

impl StatementKind {
    fn is_managers(self) -> bool {
        matches!(self, Self::Asking | Self::Writing)
    }
}

/// What was read of a statement.
#[derive(Clone, Debug, Default)]
pub(super) struct RunningStatement {
    pub(super) kind: StatementKind,
    pub(super) changes: ChangeSet,
    pub(super) controls: Vec<Transaction>,
    pub(super) count: usize,
    pub(super) is_returning: bool,
    pub(super) is_switching: bool,
    /// Something in it was not understood, and its tables were named.
    pub(super) is_declared: bool,
}

impl RunningStatement {
    /// Whether something in it may have done anything, such as ending a transaction.
    pub(super) fn is_unclear(&self) -> bool {
        self.is_declared || self.changes.is_wide()
    }

    /// Whether the connection may be in another transaction after it, or before: it begins or ends one, or nobody knows
    /// what it does.
    pub(super) fn is_turn(&self) -> bool {
        let is_control = self.kind == StatementKind::Boundary || !self.controls.is_empty();
        is_control || self.is_switching || self.is_unclear()
    }
}

/// A statement that is under way.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) ticket: Ticket,
    pub(super) statement: RunningStatement,
    words: Words,
    /// How many statements that began later have ended.
    passed: usize,
}

/// A write that has answered, and whose end nobody tells. It is over when a statement is that began after the answer.
#[derive(Debug)]
struct AnsweredWrite {
    changes: ChangeSet,
    ticket: Ticket,
    /// The newest statement at the time of the answer.
    newest: Ticket,
    passed: usize,
}

/// The statements that are under way, the newest last. Mostly there is one, and then nothing is allocated.
#[derive(Debug, Default)]
pub(super) struct RunningStatements {
    newest: Option<Entry>,
    older: Vec<Entry>,
    answered: Vec<AnsweredWrite>,
    last: Ticket,
}

impl RunningStatements {
    /// On PostgreSQL statements overlap. One that this many later ones have passed is given up: it has failed before
    /// it was sent, or nobody fetched its rows. If its end comes after all, it is read anew.
    const MOST_PASSES: usize = 8;
    /// So many are kept at once.
    const MOST: usize = 32;

    /// A ticket that was not given out before.
    pub(super) fn issue(&mut self) -> Ticket {
        self.last = Ticket(self.last.0 + 1);
        self.last
    }

    /// A statement begins.
    pub(super) fn begin(&mut self, ticket: Ticket, statement: RunningStatement, words: Words) {
        let former = self.newest.replace(Entry { ticket, statement, words, passed: 0 });
        if let Some(former) = former {
            self.older.push(former);
            self.unite();
            self.make_room();
        }
    }

    /// Of statements with one text nobody can tell whose end it is: each end counts for all of them.
    fn unite(&mut self) {
        let Some(newest) = self.newest.as_mut().filter(|newest| newest.words != Words::Unread) else { return };
        for entry in self.older.iter_mut().filter(|entry| entry.words == newest.words) {
            entry.statement.changes.merge(&newest.statement.changes);
            newest.statement.changes.merge(&entry.statement.changes);
        }
    }

    /// What is given up counts with the newest.
    fn make_room(&mut self) {
        if self.older.len() > Self::MOST {
            let oldest = self.older.remove(0);
            if let Some(newest) = &mut self.newest {
                newest.statement.changes.merge(&oldest.statement.changes);
            }
        }
    }

    /// The write of `entry` has answered, and its end is not told.
    pub(super) fn answer(&mut self, entry: Entry) {
        let (changes, ticket, newest) = (entry.statement.changes, entry.ticket, self.last);
        self.answered.push(AnsweredWrite { changes, ticket, newest, passed: 0 });
    }

    /// Whose end has come, of a text that is looked at only if several are under way. `None`: nobody's who is known.
    pub(super) fn ended(&self, words: impl FnOnce() -> Words) -> Option<Ticket> {
        let newest = self.newest.as_ref()?;
        if self.older.is_empty() {
            return Some(newest.ticket);
        }
        let newest_with = |words| self.entries().rev().find(|entry| entry.words == words);
        newest_with(words()).or_else(|| newest_with(Words::Unread)).map(|entry| entry.ticket)
    }

    /// Whether nothing is under way: then a text need not be looked at for its end.
    pub(super) fn is_empty(&self) -> bool {
        self.newest.is_none()
    }

    /// Whether none of them changes anything, the transaction neither.
    pub(super) fn is_calm(&self) -> bool {
        self.answered.is_empty() && !self.has_turn() && self.entries().all(|entry| entry.statement.changes.is_empty())
    }

    /// Whether one of them may begin or end a transaction.
    pub(super) fn has_turn(&self) -> bool {
        self.entries().any(|entry| entry.statement.is_turn())
    }

    /// Takes out the statement with `ticket`.
    pub(super) fn take(&mut self, ticket: Ticket) -> Option<Entry> {
        match &self.newest {
            Some(newest) if newest.ticket == ticket => core::mem::replace(&mut self.newest, self.older.pop()),
            _ => {
                let place = self.older.iter().position(|entry| entry.ticket == ticket)?;
                Some(self.older.remove(place))
            }
        }
    }

    /// `ended` is over, and was taken out. Gives what those changed that began before it, as nobody knows whether they
    /// are over too: where they cannot be under way any more, they are forgotten.
    pub(super) fn pass(&mut self, ended: &Entry, finish: Finish, (dialect, manner): (Dialect, Manner)) -> ChangeSet {
        let is_inside = ended.statement.kind == StatementKind::LookUp;
        if (self.newest.is_none() && self.answered.is_empty()) || is_inside {
            return ChangeSet::new();
        }
        // A connection that is lost or confused tells nothing of what began before.
        let is_doubtful = manner != Manner::Blocking && finish != Finish::Ok;
        let may_overlap = dialect == Dialect::Postgres || manner != Manner::Blocking;
        let overlaps = may_overlap && (is_doubtful || ended.statement.kind != StatementKind::Boundary);
        let mut changes = self.pass_answered(ended.ticket, finish);
        // A manager tells itself when its own are over.
        let is_meant = |entry: &&mut Entry| !entry.statement.kind.is_managers() && entry.is_before(ended);
        for entry in self.newest.iter_mut().chain(&mut self.older).filter(is_meant) {
            entry.passed = if overlaps { entry.passed + 1 } else { Self::MOST_PASSES };
            changes.merge(&entry.statement.changes);
        }
        self.forget(|entry| entry.passed >= Self::MOST_PASSES);
        changes
    }

    /// The statement with `ended` is over. Gives what those have changed that answered before.
    fn pass_answered(&mut self, ended: Ticket, finish: Finish) -> ChangeSet {
        let mut changes = ChangeSet::new();
        for write in self.answered.iter_mut().filter(|write| write.ticket.0 < ended.0) {
            let is_over = ended.0 > write.newest.0 && finish == Finish::Ok;
            write.passed = if is_over { Self::MOST_PASSES } else { write.passed + 1 };
            changes.merge(&write.changes);
        }
        self.answered.retain(|write| write.passed < Self::MOST_PASSES);
        changes
    }

    /// What a manager writes at present counts as any other statement of which no end is told.
    #[cfg(feature = "async")]
    pub(super) fn give_own_up(&mut self) {
        let own = self.older.iter_mut().chain(&mut self.newest);
        own.filter(|entry| entry.statement.kind == StatementKind::Writing)
            .for_each(|entry| entry.statement.kind = StatementKind::Plain);
    }

    /// Forgets the statements of this kind, and gives what they change, if there are any.
    pub(super) fn take_kind(&mut self, kind: StatementKind) -> Option<ChangeSet> {
        let is_meant = |entry: &Entry| entry.statement.kind == kind;
        let changes = self.entries().filter(|entry| is_meant(entry)).fold(None, with_changes);
        self.forget(is_meant);
        changes
    }

    /// Forgets everything, and gives what it changes.
    pub(super) fn take_all(&mut self) -> ChangeSet {
        let mut changes = self.entries().fold(None, with_changes).unwrap_or_default();
        self.forget(|_| true);
        self.answered.drain(..).for_each(|write| changes.merge(&write.changes));
        changes
    }

    /// Whether none of them is waited for: what it changes has counted already, or it changes nothing. Where statements
    /// are awaited, nobody tells whether one that others have passed is over.
    pub(super) fn is_settled(&self, manner: Manner) -> bool {
        let is_counted = |entry: &Entry| entry.passed > 0 && manner == Manner::Blocking;
        self.answered.is_empty() && self.entries().all(|entry| is_counted(entry) || entry.statement.changes.is_empty())
    }

    pub(super) fn get(&self, ticket: Ticket) -> Option<&RunningStatement> {
        self.entries().rev().find(|entry| entry.ticket == ticket).map(|entry| &entry.statement)
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.entries().count()
    }

    fn entries(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        self.older.iter().chain(&self.newest)
    }

    fn forget(&mut self, is_meant: impl Fn(&Entry) -> bool) {
        if self.newest.is_none() {
            return;
        }
        self.older.retain(|entry| !is_meant(entry));
        self.newest.take_if(|entry| is_meant(entry));
        if self.newest.is_none() {
            self.newest = self.older.pop();
        }
    }
}

impl Entry {
    fn is_before(&self, other: &Self) -> bool {
        self.ticket.0 < other.ticket.0
    }
}

fn with_changes(changes: Option<ChangeSet>, entry: &Entry) -> Option<ChangeSet> {
    let mut changes = changes.unwrap_or_default();
    changes.merge(&entry.statement.changes);
    Some(changes)
}
