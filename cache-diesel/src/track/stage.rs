//! Gives a test transaction a cache space of its own, and lists all such spaces.

use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock};

use cache_core::protocol::write::ChangeSet;
use cache_core::{Bypass, Database, Invalidation, Tag};

use crate::identity::{Identity, seen};
use crate::track::carry_out;
use crate::track::hooks::{Hook, WaitingHooks};
use crate::track::rehearsal::{Cue, Rehearsal};
use crate::track::session::{Finish, Session, Step, Ticket, Words};

/// A rehearsal with the identity that its entries are kept under: nobody else ever has that one.
pub(crate) struct Stage {
    pub(crate) rehearsal: Rehearsal,
    pub(crate) hooks: WaitingHooks<Hook>,
    identity: Identity,
    /// The database that the test transaction is open on.
    real: Database,
    invalidation: Option<Invalidation>,
}

impl Stage {
    /// A stage for the transaction of `session`, on the database `real`.
    pub(crate) fn new(session: &Session, real: Database) -> Self {
        Self {
            rehearsal: Rehearsal::of(session),
            hooks: WaitingHooks::default(),
            identity: enter(real),
            real,
            invalidation: None,
        }
    }

    /// What is read and written in the test transaction.
    pub(crate) fn identity(&self) -> Identity {
        self.identity
    }

    /// The database to look in the cache for while nothing but the test transaction is open.
    pub(crate) fn gate(&mut self) -> Result<Identity, Bypass> {
        if self.rehearsal.gate().is_err() {
            let missed = self.rehearsal.note_no_transaction();
            self.carry_out(missed);
            self.rehearsal.gate()?;
        }
        if self.rehearsal.take_doubt() {
            let doubtful = core::mem::replace(&mut self.identity, enter(self.real));
            leave(doubtful);
        }
        Ok(self.identity)
    }

    /// A statement starts, which `session` has read along. Gives whether the rehearsal goes on.
    pub(crate) fn start(&mut self, session: &Session, ticket: Ticket, words: Words) -> bool {
        match self.rehearsal.start(session, ticket, words) {
            Cue::GoesOn(step) => {
                self.carry_out(step);
                true
            }
            Cue::Over => false,
        }
    }

    pub(crate) fn commit(&mut self, depth: u32) {
        let step = self.rehearsal.commit(depth);
        self.carry_out(step);
    }

    /// The statement with `ticket` ended. Gives the hooks that are due.
    pub(crate) fn finish(&mut self, ticket: Ticket, finish: Finish) -> Vec<Hook> {
        let step = self.rehearsal.finish(ticket, finish);
        let due = self.hooks.finish(step.as_ref(), finish, self.rehearsal.session());
        self.carry_out(step);
        due
    }

    /// Diesel is about to begin a transaction inside; `depth` counts the test transaction.
    pub(crate) fn begin(&mut self, depth: u32) {
        self.hooks.begin(depth - 1);
        self.rehearsal.begin(depth);
    }

    /// Diesel is about to roll back a transaction inside.
    pub(crate) fn roll_back(&mut self, depth: u32) {
        self.hooks.roll_back(depth - 1);
        self.rehearsal.roll_back(depth);
    }

    /// The hooks of a write that is over; gives those that are due.
    pub(crate) fn add_hooks(&mut self, hooks: Vec<Hook>) -> Vec<Hook> {
        self.hooks.add(hooks, self.rehearsal.session())
    }

    /// Work begins that may change `changes`.
    pub(crate) fn declare(&mut self, changes: &ChangeSet) {
        let step = self.rehearsal.declare(changes);
        self.carry_out(step);
    }

    /// The work that was declared last is over.
    pub(crate) fn end_declared(&mut self) {
        let step = self.rehearsal.end_declared();
        self.carry_out(step);
    }

    /// What has told no end until now tells none.
    pub(crate) fn abandon(&mut self) {
        let step = self.rehearsal.abandon();
        self.carry_out(step);
    }

    pub(crate) fn settle_own(&mut self, exact: Option<&ChangeSet>) {
        let step = self.rehearsal.settle_own(exact);
        self.carry_out(step);
    }

    fn carry_out(&mut self, step: Option<Step>) {
        if let Some(step) = step {
            let intents = self.rehearsal.session().intents();
            carry_out((step, &mut Vec::new()), self.identity.database, &mut self.invalidation, intents);
        }
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        leave(self.identity);
    }
}

/// The stages of the process.
static STAGES: RwLock<Vec<Entered>> = RwLock::new(Vec::new());

/// Their number, so that a process without any takes no lock.
static COUNT: AtomicUsize = AtomicUsize::new(0);

#[derive(Clone, Copy)]
struct Entered {
    real: Database,
    own: Database,
}

/// Whether a test transaction on `real` is rehearsed: then a read has to say on which connection it is.
pub(crate) fn is_rehearsed(real: Database) -> bool {
    is_any() && STAGES.read().unwrap_or_else(PoisonError::into_inner).iter().any(|stage| stage.real == real)
}

/// Adds what is cached in test transactions on `real` to a write that others may see, but for those on the stage
/// `own`: not every database keeps what others commit from a transaction that is open.
pub(crate) fn widen(changes: &mut ChangeSet, real: Database, own: Option<&Stage>) {
    if !is_any() || changes.is_empty() {
        return;
    }
    let own = own.map(|stage| stage.identity.database);
    let stages = STAGES.read().unwrap_or_else(PoisonError::into_inner);
    let concerned = stages.iter().filter(|stage| stage.real == real && Some(stage.own) != own);
    // Exact tags name their database, and there is none to name here: everything.
    let tags: Vec<Tag> = concerned.map(|stage| stage.own.tag()).collect();
    changes.add_tags(&tags);
}

fn is_any() -> bool {
    COUNT.load(Ordering::SeqCst) > 0
}

fn enter(real: Database) -> Identity {
    let identity = Identity::unique();
    seen::remember(identity);
    let mut stages = STAGES.write().unwrap_or_else(PoisonError::into_inner);
    stages.push(Entered { real, own: identity.database });
    COUNT.store(stages.len(), Ordering::SeqCst);
    identity
}

fn leave(identity: Identity) {
    let mut stages = STAGES.write().unwrap_or_else(PoisonError::into_inner);
    stages.retain(|stage| stage.own != identity.database);
    COUNT.store(stages.len(), Ordering::SeqCst);
    seen::forget(identity);
}
