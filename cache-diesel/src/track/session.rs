//! Decides what a connection's statements mean for the cache: when its writes take effect, and whether its
//! reads may use the cache. Pure: statements and their ends come in, steps come out.

use cache_core::protocol::write::{Change, ChangeSet};
use cache_core::tables::Tables;
use cache_core::{Bypass, Cause, Ending, Tag};

use declared::Declared;
use under_way::{Entry, Kind, Statement, UnderWay};

use crate::scan::{Dialect, Effect, Session as SessionChange, Transaction, WriteKind};

pub(crate) use under_way::{Ticket, Words};

/// What has to be done in the stores.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Place intents beside these.
    Place(ChangeSet),
    /// Give these new tokens.
    Release(ChangeSet, Ending, Cause),
}

/// What becomes of the intents that stand when something is released.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Intents {
    End,
    /// They are another statement's too, which is still under way.
    Stand,
}

/// Who began a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Begun {
    ByDiesel,
    ByHand,
}

/// How a statement ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Finish {
    Failed,
    /// The link was lost: it may still be running.
    Lost,
    Ok,
}

/// One connection's transaction and session state.
#[derive(Debug)]
pub(crate) struct Session {
    dialect: Dialect,
    /// Diesel's outermost transaction is open, or about to be.
    in_diesel: bool,
    /// A transaction that was begun by a statement is open.
    in_raw: bool,
    /// Statements do not commit by themselves.
    autocommit_is_off: bool,
    /// It cannot be told whether a transaction is open: writes count when they return, and at the end.
    is_uncertain: bool,
    /// So it stays: autocommit may be off, and nobody knows.
    is_uncertain_for_good: bool,
    /// A statement in the transaction may have failed unseen, and SQLite ended the transaction with it: writes count
    /// when they return, and at the end. A ROLLBACK that succeeds shows that it was open all along.
    is_suspect: bool,
    /// Something in the transaction was not understood, so that a rollback may not undo all of it.
    has_doubt: bool,
    is_particular: bool,
    reaches_others: bool,
    /// Nobody knows which database it is on.
    is_nameless: bool,
    /// What Diesel is about to do to its outermost transaction.
    boundary: Option<Boundary>,
    /// What was read of the statement that is about to run.
    next: Statement,
    under_way: UnderWay,
    /// Written in the open transaction.
    pending: ChangeSet,
    /// The work under way whose tables were named, one in the other.
    declared: Vec<Declared>,
    /// Written by a manager that has not told yet what exactly.
    held: Option<(ChangeSet, Finish)>,
    /// What its statements do besides, which it does not tell.
    beside: ChangeSet,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Boundary {
    Begin,
    Commit,
    Rollback,
}

impl Session {
    pub(crate) fn new(dialect: Dialect) -> Self {
        Self {
            dialect,
            in_diesel: false,
            in_raw: false,
            autocommit_is_off: false,
            is_uncertain: false,
            is_uncertain_for_good: false,
            is_suspect: false,
            has_doubt: false,
            is_particular: false,
            reaches_others: false,
            is_nameless: false,
            boundary: None,
            next: Statement::default(),
            under_way: UnderWay::default(),
            pending: ChangeSet::new(),
            declared: Vec::new(),
            held: None,
            beside: ChangeSet::new(),
        }
    }

    /// A session on the same connection that knows of no transaction.
    pub(crate) fn apart(&self) -> Self {
        let mut apart = Self::new(self.dialect);
        apart.is_particular = self.is_particular;
        apart.reaches_others = self.reaches_others;
        apart.declared.clone_from(&self.declared);
        apart
    }

    /// Takes the statement that is about to run from another session on the same connection, which has read it along.
    pub(crate) fn overhear(&mut self, other: &Self) {
        self.next = other.next.clone();
        self.beside.clone_from(&other.beside);
        // Not the other's own doubt, which may be an older one.
        self.has_doubt |= self.next.is_unclear();
        self.is_particular |= other.is_particular;
        self.reaches_others |= other.reaches_others;
    }

    /// Diesel is about to begin a transaction, or a savepoint in it.
    pub(crate) fn begin(&mut self, depth: u32) -> Option<Step> {
        if depth != 1 {
            return None;
        }
        self.boundary = Some(Boundary::Begin);
        self.in_diesel = true;
        let commits = self.begin_commits() && !self.pending.is_empty();
        commits.then(|| Step::Place(self.pending.clone()))
    }

    /// Diesel is about to commit: the outermost commit is where writes take effect.
    pub(crate) fn commit(&mut self, depth: u32) -> Option<Step> {
        if depth != 1 {
            return None;
        }
        self.boundary = Some(Boundary::Commit);
        // Whatever has begun in the transaction is over with it.
        let unfinished = self.under_way.take_all();
        self.pending.merge(&unfinished);
        let mut concerned = self.pending.clone();
        // A manager's write may be a transaction of its own.
        if let Some((held, _)) = &self.held {
            concerned.merge(held);
        }
        (!concerned.is_empty()).then_some(Step::Place(concerned))
    }

    /// Diesel is about to roll back.
    pub(crate) fn roll_back(&mut self, depth: u32) {
        if depth == 1 {
            self.boundary = Some(Boundary::Rollback);
        }
    }

    /// Whether the statement that starts now is Diesel's own `BEGIN`, `COMMIT` or `ROLLBACK`.
    pub(crate) fn is_at_boundary(&self) -> bool {
        self.boundary.is_some()
    }

    /// Whether the statement that starts now begins or ends transactions, or savepoints.
    pub(crate) fn has_control(&self) -> bool {
        !self.next.controls.is_empty()
    }

    /// Whether the statement that is under way may fail without anybody being told.
    pub(crate) fn may_have_failed_unseen(&self, ticket: Ticket) -> bool {
        self.dialect == Dialect::Sqlite && self.under_way.get(ticket).is_some_and(|statement| statement.is_returning)
    }

    /// Adds the effect of one statement of the text that is about to run.
    pub(crate) fn read_along(&mut self, effect: &Effect, tables: &Tables) {
        self.next.count += 1;
        match effect {
            Effect::Read => {}
            Effect::Session(change) => self.change_session(*change),
            Effect::Transaction(control) => self.next.controls.push(*control),
            Effect::Unknown => {
                self.note_unread_in_declared();
                self.has_doubt = true;
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
        self.next.kind = Kind::LookUp;
    }

    /// The statement that is about to run is a manager's, and a mere query.
    pub(crate) fn ask(&mut self) {
        self.next.kind = Kind::Asking;
    }

    /// Takes a manager's word for what the statement that is about to run writes.
    pub(crate) fn announce(&mut self, changes: &ChangeSet) {
        self.next.kind = Kind::Writing;
        self.next.changes.merge(changes);
    }

    /// Adds what the manager's statement that is about to run does besides what was announced.
    pub(crate) fn read_beside(&mut self, effect: &Effect, tables: &Tables) {
        let announced = core::mem::take(&mut self.next.changes);
        self.read_along(effect, tables);
        self.beside.merge(&self.next.changes);
        self.next.changes.merge(&announced);
    }

    /// What a manager's word comes to on this connection.
    pub(crate) fn as_announced(&self, changes: &ChangeSet) -> ChangeSet {
        let mut changes = changes.clone();
        if self.is_anywhere() && !changes.is_empty() {
            changes.add_other_databases();
        }
        changes
    }

    /// Whether nothing is under way: no transaction, no statement, nothing that waits to be told.
    pub(crate) fn is_idle(&self) -> bool {
        let is_open = !self.takes_effect_at_once() || self.boundary.is_some() || self.is_declared();
        !is_open && self.pending.is_empty() && self.under_way.is_settled() && self.held.is_none()
    }

    /// The statement gives back rows: Diesel does not tell if it fails while they are fetched.
    pub(crate) fn note_returning(&mut self) {
        self.next.is_returning = true;
    }

    /// A manager's statement has failed, whatever Diesel told of it.
    pub(crate) fn note_failure(&mut self) {
        if self.is_in_transaction() && self.dialect != Dialect::Postgres {
            self.is_uncertain = true;
        }
    }

    /// Diesel says that no transaction of its own is open: a `BEGIN` that failed looks like that.
    pub(crate) fn note_no_transaction(&mut self) -> Option<Step> {
        if !self.in_diesel {
            return None;
        }
        self.in_diesel = false;
        self.boundary = None;
        self.release_pending(Ending::Over, Cause::Commit)
    }

    /// The connection was in a transaction before anybody looked: what it wrote there is not known.
    pub(crate) fn note_unknown_transaction(&mut self, begun: Begun) {
        match begun {
            Begun::ByDiesel => self.in_diesel = true,
            Begun::ByHand => self.in_raw = true,
        }
        self.is_uncertain = true;
        self.pending.add_everything();
    }

    /// Clears `tags` when the open transaction is committed.
    pub(crate) fn clear_after(&mut self, tags: &[Tag]) {
        if self.is_in_transaction() || self.is_uncertain {
            self.pending.add_tags(tags);
        }
    }

    /// The connection reaches databases besides its own.
    pub(crate) fn note_other_databases(&mut self) {
        self.reaches_others = true;
        self.is_particular = true;
    }

    /// Nobody knows which database the connection is on.
    pub(crate) fn note_nameless(&mut self) {
        self.is_nameless = true;
    }

    /// The database has got a name.
    pub(crate) fn note_name(&mut self) {
        self.is_nameless = false;
    }

    /// Whatever was written and is still open counts now, and once more at its end.
    pub(crate) fn release_open(&self) -> Option<Step> {
        let is_open = !self.pending.is_empty();
        is_open.then(|| Step::Release(self.pending.clone(), Ending::Unknown, Cause::Statement))
    }

    /// Nobody looks any more: whatever was written and is still open counts now, and may yet be committed.
    pub(crate) fn close(&mut self) -> Option<Step> {
        let running = self.under_way.take_all();
        let was_running = !running.is_empty() || self.is_declared();
        self.pending.merge(&running);
        self.pending.merge(&self.declared_changes());
        if let Some((held, _)) = self.held.take() {
            self.pending.merge(&held);
        }
        // It need not be the connection that goes: another instrumentation may take the tracker's place.
        let is_open = was_running || self.is_in_transaction() || self.is_uncertain;
        let ending = if is_open { Ending::Unknown } else { Ending::Over };
        self.release_pending(ending, Cause::Rollback)
    }

    /// Whether reads may use the cache, and if not, why.
    #[inline]
    pub(crate) fn gate(&self) -> Result<(), Bypass> {
        if self.is_in_transaction() || self.is_uncertain || self.boundary.is_some() {
            return Err(Bypass::Transaction);
        }
        if self.is_particular || self.is_nameless {
            return Err(Bypass::ParticularSession);
        }
        Ok(())
    }

    /// Whether reads that ask for it may be answered from the cache in the open transaction, and if not, why: it must have
    /// written nothing, and nobody may be in doubt of that.
    pub(crate) fn gate_unwritten(&self) -> Result<(), Bypass> {
        let is_in_doubt = self.is_uncertain || self.is_suspect || self.has_doubt || self.boundary.is_some();
        let has_written = !self.pending.is_empty() || !self.under_way.is_settled() || self.held.is_some();
        if is_in_doubt || has_written || self.is_declared() {
            return Err(Bypass::Transaction);
        }
        if self.is_particular || self.is_nameless { Err(Bypass::ParticularSession) } else { Ok(()) }
    }

    /// Whether reads might use the cache if anybody knew which database it is.
    pub(crate) fn lacks_only_a_name(&self) -> bool {
        self.is_nameless && !self.is_particular && self.gate() == Err(Bypass::ParticularSession)
    }

    pub(crate) fn is_particular(&self) -> bool {
        self.is_particular
    }

    #[inline]
    pub(crate) fn is_in_transaction(&self) -> bool {
        self.in_diesel || self.in_raw || self.autocommit_is_off
    }

    /// Whether what is written now counts when its statement returns.
    pub(crate) fn takes_effect_at_once(&self) -> bool {
        !self.is_in_transaction() && !self.is_uncertain
    }

    /// The transaction control in the statement that is about to run.
    pub(crate) fn controls(&self) -> &[Transaction] {
        &self.next.controls
    }

    fn stay_uncertain(&mut self) {
        self.is_uncertain = true;
        self.is_uncertain_for_good = true;
    }

    fn is_anywhere(&self) -> bool {
        self.reaches_others || self.is_nameless
    }

    fn change_session(&mut self, change: SessionChange) {
        match change {
            SessionChange::Attach => self.note_other_databases(),
            SessionChange::Autocommit(is_on) => self.switch_autocommit(is_on),
            SessionChange::Particular => {
                // Code that nobody has seen may have switched autocommit.
                if self.dialect == Dialect::Mysql && self.next.is_unclear() {
                    self.stay_uncertain();
                }
                self.is_particular = true;
            }
        }
    }

    /// Switching it on commits what is open. Switching it to what it is leaves a transaction open, and so does
    /// switching it off in one; but who knows what the server began with.
    fn switch_autocommit(&mut self, is_on: bool) {
        self.next.is_switching = true;
        if is_on && self.autocommit_is_off {
            self.next.controls.push(Transaction::Commit);
        } else {
            self.is_uncertain |= self.in_diesel || self.in_raw;
        }
        self.autocommit_is_off = !is_on;
    }
}

fn change_of(kind: WriteKind) -> Change {
    match kind {
        WriteKind::Change => Change::Change,
        WriteKind::Insert => Change::Insert,
        WriteKind::Upsert => Change::Upsert,
    }
}

mod declared;
mod ending;
mod statements;
#[cfg(test)]
mod tests;
mod under_way;
