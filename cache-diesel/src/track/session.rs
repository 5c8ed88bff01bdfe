//! Decides what a connection's statements mean for the cache: when its writes take effect, and whether its
//! reads may use the cache. Pure: statements and their ends come in, steps come out.

use cache_core::protocol::write::ChangeSet;
use cache_core::{Cause, Tag, WriteEnd};

use setting::Setting;
use transaction::TransactionState;
use under_way::{RunningStatement, RunningStatements};
use work::{HeldWork, NamedWork};

use crate::scan::Dialect;

pub(crate) use under_way::{Manner, Ticket, Words};
pub(crate) use work::Finish;

/// What has to be done in the stores.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Place intents beside these.
    Place(ChangeSet),
    /// Give these new tokens.
    Release(ChangeSet, WriteEnd, Cause),
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
pub(crate) enum TransactionOrigin {
    ByDiesel,
    ByHand,
}

/// One connection's transaction and session state.
#[derive(Debug)]
pub(crate) struct Session {
    dialect: Dialect,
    manner: Manner,
    transaction: TransactionState,
    setting: Setting,
    /// What Diesel is about to do to its outermost transaction.
    boundary: Option<Boundary>,
    /// What was read of the statement that is about to run.
    next: RunningStatement,
    under_way: RunningStatements,
    /// Written in the open transaction.
    pending: ChangeSet,
    /// The work under way whose tables were named, one in the other.
    declared: Vec<NamedWork>,
    /// Written by a manager that has not told yet what exactly.
    held: Option<HeldWork>,
    /// What its statements do besides, which it does not tell.
    beside: ChangeSet,
    /// One of them gives back something else than columns as they are.
    is_computed: bool,
    /// How many statements have begun that may begin or end a transaction, or do anything.
    turns: u64,
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
            manner: Manner::Blocking,
            transaction: TransactionState::none(),
            setting: Setting::usual(),
            boundary: None,
            next: RunningStatement::default(),
            under_way: RunningStatements::default(),
            pending: ChangeSet::new(),
            declared: Vec::new(),
            held: None,
            beside: ChangeSet::new(),
            is_computed: false,
            turns: 0,
        }
    }

    /// The same session on a connection whose statements may be awaited.
    pub(crate) fn awaited(self) -> Self {
        Self { manner: Manner::Awaited, ..self }
    }

    /// The connection has shown that its statements are not awaited.
    pub(crate) fn note_blocking(&mut self) {
        self.manner = Manner::Blocking;
    }

    /// The statements are awaited, and the end of each is told once it is over.
    #[cfg(feature = "async")]
    pub(crate) fn note_settled(&mut self) {
        self.manner = Manner::Settled;
    }

    /// A session on the same connection that knows of no transaction.
    pub(crate) fn apart(&self) -> Self {
        let mut apart = Self::new(self.dialect);
        apart.setting = self.setting.named();
        apart.declared.clone_from(&self.declared);
        apart
    }

    /// Takes the statement that is about to run from another session on the same connection, which has read it along.
    pub(crate) fn overhear(&mut self, other: &Self) {
        self.next = other.next.clone();
        self.beside.clone_from(&other.beside);
        // Not the other's own doubt, which may be an older one.
        if self.next.is_unclear() {
            self.transaction.note_unread();
        }
        self.setting.merge(other.setting);
    }

    /// Diesel is about to begin a transaction, or a savepoint in it.
    pub(crate) fn begin(&mut self, depth: u32) -> Option<Step> {
        if depth != 1 {
            return None;
        }
        self.boundary = Some(Boundary::Begin);
        self.transaction.note_diesels();
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
        if let Some(held) = &self.held {
            concerned.merge(&held.changes);
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

    /// A manager's statement has failed, whatever Diesel told of it.
    pub(crate) fn note_failure(&mut self) {
        if self.is_in_transaction() && self.dialect != Dialect::Postgres {
            self.transaction.lose_track();
        }
    }

    /// Diesel says that no transaction of its own is open: a `BEGIN` that failed looks like that.
    pub(crate) fn note_no_transaction(&mut self) -> Option<Step> {
        if !self.transaction.is_diesels() {
            return None;
        }
        self.transaction.note_none_of_diesels();
        self.boundary = None;
        self.release_pending(WriteEnd::Over, Cause::Commit)
    }

    /// The connection was in a transaction before anybody looked: what it wrote there is not known.
    pub(crate) fn note_unknown_transaction(&mut self, begun: TransactionOrigin) {
        match begun {
            TransactionOrigin::ByDiesel => self.transaction.note_diesels(),
            TransactionOrigin::ByHand => self.transaction.note_by_hand(),
        }
        self.transaction.lose_track();
        self.pending.add_everything();
    }

    /// Clears `tags` when the open transaction is committed.
    pub(crate) fn clear_after(&mut self, tags: &[Tag]) {
        if !self.takes_effect_at_once() {
            self.pending.add_tags(tags);
        }
    }

    /// The connection reaches databases besides its own.
    pub(crate) fn note_other_databases(&mut self) {
        self.setting.reach_others();
    }

    /// Nobody knows which database the connection is on.
    pub(crate) fn note_nameless(&mut self) {
        self.setting.lose_name();
    }

    /// The database has got a name.
    pub(crate) fn note_name(&mut self) {
        self.setting.name();
    }

    /// Whatever was written and is still open counts now, and once more at its end.
    pub(crate) fn release_open(&self) -> Option<Step> {
        let is_open = !self.pending.is_empty();
        is_open.then(|| Step::Release(self.pending.clone(), WriteEnd::Unknown, Cause::Statement))
    }

    /// Nobody looks any more: whatever was written and is still open counts now, and may yet be committed.
    pub(crate) fn close(&mut self) -> Option<Step> {
        let running = self.under_way.take_all();
        let was_running = !running.is_empty() || self.is_declared();
        self.pending.merge(&running);
        self.pending.merge(&self.declared_changes());
        if let Some(held) = self.held.take() {
            self.pending.merge(&held.changes);
        }
        // It need not be the connection that goes: another instrumentation may take the tracker's place.
        let is_open = was_running || !self.takes_effect_at_once();
        let ending = if is_open { WriteEnd::Unknown } else { WriteEnd::Over };
        self.release_pending(ending, Cause::Rollback)
    }

    /// What a manager's word comes to on this connection.
    pub(crate) fn as_announced(&self, changes: &ChangeSet) -> ChangeSet {
        let mut changes = changes.clone();
        if self.setting.is_anywhere() && !changes.is_empty() {
            changes.add_other_databases();
        }
        changes
    }
}

mod declared;
mod ending;
mod gate;
mod reading;
mod setting;
mod statements;
#[cfg(test)]
mod tests;
mod transaction;
mod under_way;
mod work;
