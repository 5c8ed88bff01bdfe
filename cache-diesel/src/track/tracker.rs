//! Is the instrumentation on each connection: reads its statements and carries out what they mean.

use core::mem;
use core::num::NonZeroU32;
#[cfg(feature = "async")]
use std::sync::Arc;

use cache_core::protocol::write::ChangeSet;
use cache_core::{Bypass, Invalidation, Tag, Unstored, WeakCollecting, is_collecting, registry};
use diesel::connection::{Connection, DebugQuery, Instrumentation, InstrumentationEvent};
use diesel::result::Error;

use ending::finish_of;
use opening::Opening;
use running::Own;
use shut::Shut;

use crate::backend::line::Line;
use crate::catalogue;
use crate::identity::whereabouts::Whereabouts;
use crate::identity::{Identity, seen};
use crate::model::declaration::tables;
use crate::scan::{self, Dialect, Effect};
use crate::track::candidates::{Candidates, Ended};
#[cfg(feature = "async")]
use crate::track::errands::Errands;
use crate::track::hooks::{Hook, WaitingHooks};
#[cfg(feature = "async-postgres")]
use crate::track::made::asked;
use crate::track::session::{Finish, Session, Step, Ticket, TransactionOrigin, Words};
use crate::track::stage::{Stage, widen};
use crate::track::{ensure, plain};

/// Tracks one connection. Passes every event on to the instrumentation that was there before.
pub(crate) struct Tracker {
    inner: Option<Box<dyn Instrumentation>>,
    /// What is written, and read if `whereabouts` knows it.
    identity: Option<Identity>,
    whereabouts: Whereabouts,
    dialect: Dialect,
    opening: Opening,
    session: Session,
    own: Own,
    invalidation: Option<Invalidation>,
    /// What is to be done in the stores, if somebody awaits that.
    #[cfg(feature = "async")]
    errands: Option<Arc<Errands>>,
    /// The computation that the connection was given to, if its statements may run on other threads.
    computation: Option<WeakCollecting>,
    /// What follows the commit, and what is to be done as soon as everybody was told of it.
    hooks: WaitingHooks<Hook>,
    due: Vec<Hook>,
    candidates: Candidates,
    /// A test transaction in which everything counts as committed.
    stage: Option<Stage>,
}

impl Tracker {
    /// Tracks a connection that is about to be opened.
    pub(crate) fn new(inner: Option<Box<dyn Instrumentation>>) -> Self {
        Self {
            inner,
            identity: None,
            whereabouts: Whereabouts::default(),
            dialect: Dialect::Sqlite,
            opening: Opening::NotSeen,
            session: Session::new(Dialect::Sqlite),
            own: Own::Nothing,
            invalidation: None,
            #[cfg(feature = "async")]
            errands: None,
            computation: None,
            hooks: WaitingHooks::default(),
            due: Vec::new(),
            candidates: Candidates::default(),
            stage: None,
        }
    }

    /// Takes over a connection in the middle of a transaction.
    pub(crate) fn note_transaction(&mut self, begun: TransactionOrigin) {
        self.session.note_unknown_transaction(begun);
    }

    /// Takes over a connection that reaches other databases besides its own.
    pub(crate) fn note_other_databases(&mut self) {
        self.session.note_other_databases();
        seen::note_particular_session();
    }

    /// Takes over a connection to a database that nobody can name.
    pub(crate) fn note_nameless(&mut self) {
        self.session.note_nameless();
        seen::note_particular_session();
    }

    /// Takes over a connection whose session was changed before anybody looked.
    pub(crate) fn note_particular_session(&mut self) {
        self.note_session(scan::SettingEffect::Particular);
        seen::note_particular_session();
    }

    /// Takes over a connection whose statements do not commit by themselves.
    pub(crate) fn note_autocommit_off(&mut self) {
        self.note_session(scan::SettingEffect::Autocommit(false));
    }

    /// Takes a statement as read that did `change`.
    fn note_session(&mut self, change: scan::SettingEffect) {
        self.session.read_along(&Effect::Session(change), tables());
        let ticket = self.session.issue();
        self.session.start(ticket, Words::Unread);
        self.session.finish(ticket, Finish::Ok);
    }

    /// From now on, and until it ends, the open transaction is none to the cache: what is written in it counts at
    /// once, for this connection alone. Nothing more happens if that is so already, or if nobody knows the database.
    pub(crate) fn rehearse(&mut self) {
        self.candidates.drop_all(Unstored::Session);
        if let (None, Some(identity)) = (&self.stage, self.identity) {
            self.stage = Some(Stage::new(&self.session, identity.database));
        }
    }

    /// Clears `tags` once more when the open transaction is committed.
    pub(crate) fn clear_after(&mut self, tags: &[Tag]) {
        self.session.clear_after(tags);
        self.candidates.drop_changed_by(tags);
        if let Some(stage) = &mut self.stage {
            stage.rehearsal.clear_after(tags);
        }
    }

    /// The database to look in the cache for, or why that cannot be.
    #[inline]
    pub(crate) fn gate(&mut self) -> Result<Identity, Shut> {
        match (self.session.gate(), &self.stage, self.whereabouts.reading()) {
            (Ok(()), None, Some(identity)) => Ok(identity),
            _ => self.gate_again(),
        }
    }

    #[cold]
    fn gate_again(&mut self) -> Result<Identity, Shut> {
        self.stage = None;
        // Diesel has no transaction open; a tracker that thinks otherwise has seen a BEGIN fail.
        if self.session.gate().is_err() {
            let missed = self.session.note_no_transaction();
            self.carry_out(missed);
            #[cfg(feature = "async")]
            if let Some(errands) = &self.errands {
                errands.post();
            }
        }
        self.gate_at_first()
    }

    /// The same where Diesel has `depth` transactions open.
    pub(crate) fn gate_within(&mut self, depth: NonZeroU32) -> Result<Identity, Bypass> {
        match &mut self.stage {
            Some(stage) if depth == NonZeroU32::MIN => stage.gate(),
            _ => Err(Bypass::Transaction),
        }
    }

    /// The database to look in the cache for in a transaction that has written nothing.
    pub(crate) fn gate_unwritten(&mut self) -> Result<Identity, Bypass> {
        if self.stage.is_some() {
            return Err(Bypass::Transaction);
        }
        self.session.gate_unwritten()?;
        // In a transaction nobody is asked.
        self.whereabouts.reading().ok_or(Bypass::Transaction)
    }

    /// The database of a row that a manager's next statement gives back, and whether that is committed with the statement;
    /// or why it is not stored.
    pub(crate) fn gate_storing(&self) -> Result<(Identity, bool), Bypass> {
        if self.stage.is_some() {
            return Err(Bypass::Transaction);
        }
        self.session.gate_storing()?;
        let identity = self.whereabouts.reading().ok_or(Bypass::Unidentified)?;
        Ok((identity, self.session.takes_effect_at_once()))
    }

    /// Whether what is read may be answered from the cache at most: it is read in a transaction.
    pub(crate) fn is_looking_only(&self) -> bool {
        self.stage.is_none() && !self.session.takes_effect_at_once()
    }

    /// Places intents beside what a manager is about to write, where that has to succeed. They stand until the
    /// statement is over, in a transaction until that is.
    ///
    /// # Errors
    ///
    /// If a store does not take them: then the statement must not run.
    pub(crate) fn ensure(&mut self, changes: &ChangeSet) -> cache_core::Result<()> {
        self.catch_up();
        let Some(identity) = self.identity else { return Ok(()) };
        self.abandon();
        let mut changes = self.session.as_announced(changes);
        widen(&mut changes, identity.database, self.stage.as_ref());
        let ensured = ensure(&changes, identity.database, &mut self.invalidation);
        if ensured.is_err() {
            self.end_idle();
        }
        ensured
    }

    /// Work begins that may change `changes`, whatever its statements are.
    pub(crate) fn declare(&mut self, changes: &ChangeSet) {
        self.abandon();
        self.candidates.drop_all(Unstored::Rewritten);
        if let Some(stage) = &mut self.stage {
            stage.declare(changes);
        }
        let step = self.session.declare(changes);
        self.carry_out(step);
    }

    /// The work that was declared last is over.
    pub(crate) fn end_declared(&mut self) {
        self.abandon();
        if let Some(stage) = &mut self.stage {
            stage.end_declared();
        }
        self.forget_structure();
        let step = self.session.end_declared();
        self.carry_out(step);
        self.end_idle();
    }

    /// Ends the intents that nothing is going to release: those of a transaction that was rolled back, or of a
    /// statement that was not run.
    fn end_idle(&mut self) {
        #[cfg(feature = "async")]
        if let Some(errands) = self.errands.as_ref().filter(|_| self.session.is_idle()) {
            errands.end_idle();
        }
        if let Some(invalidation) = self.invalidation.take_if(|_| self.session.is_idle()) {
            invalidation.end(&registry::every());
        }
    }

    /// What is read and written at present.
    pub(crate) fn present_identity(&self) -> Option<Identity> {
        self.stage.as_ref().map(Stage::identity).or(self.identity)
    }

    /// The database itself is not said to have changed where tables were named.
    fn forget_structure(&self) {
        if let Some(identity) = self.identity.filter(|_| self.session.may_have_changed_structure()) {
            catalogue::forget(identity.database);
        }
    }

    /// Somebody has the connection for himself: what has told no end until now tells none, and counts.
    fn abandon(&mut self) {
        if let Some(stage) = &mut self.stage {
            stage.abandon();
        }
        let step = self.session.abandon();
        self.carry_out(step);
    }

    fn start(&mut self, query: &dyn DebugQuery) -> Ticket {
        let ticket = self.session.issue();
        if self.session.is_at_boundary() {
            self.session.start_control(ticket, self.words_of_known(query));
            return ticket;
        }
        self.catch_up();
        let words = self.read_along(query);
        self.forget_structure();
        if self.session.is_particular() {
            seen::note_particular_session();
        }
        self.stage.take_if(|stage| !stage.start(&self.session, ticket, words));
        self.hooks.read_along(self.session.controls());
        self.read_for_candidates();
        let step = self.session.start(ticket, words);
        self.carry_out(step);
        ticket
    }

    fn read_for_candidates(&mut self) {
        if let Some(identity) = self.identity.filter(|_| !self.candidates.is_empty()) {
            let tags = self.session.next_changes().tags(&identity.database);
            self.candidates.read_along(&self.session, &tags);
        }
    }

    fn read_along(&mut self, query: &dyn DebugQuery) -> Words {
        match &self.own {
            Own::Nothing => return plain::read_along(query, self.dialect, self.identity, &mut self.session),
            Own::Question | Own::Read => self.session.ask(),
            #[cfg(feature = "async-postgres")]
            Own::Beside => {}
            Own::Write(changes) => {
                self.session.announce(changes);
                return plain::read_beside(query, self.dialect, self.identity, &mut self.session);
            }
        }
        self.words_of_known(query)
    }

    /// What the end of a statement is told by of which the text tells nothing new.
    fn words_of_known(&self, query: &dyn DebugQuery) -> Words {
        if self.session.is_alone() { Words::Unread } else { plain::words_of(query) }
    }

    fn note_failure(&mut self, error: &Error) {
        self.session.note_failure();
        self.note_error(error);
        if let Some(stage) = &mut self.stage {
            stage.rehearsal.note_failure();
        }
    }

    fn note_error(&mut self, error: &Error) {
        self.candidates.drop_all(Unstored::RolledBack);
        let hooks = self.stage.as_mut().map_or(&mut self.hooks, |stage| &mut stage.hooks);
        hooks.note_failure(error, self.dialect);
    }

    /// Takes the hooks of a manager's write that is over, and gives those that are due.
    fn add_hooks(&mut self, hooks: Vec<Hook>) -> Vec<Hook> {
        match &mut self.stage {
            Some(stage) => stage.add_hooks(hooks),
            None => self.hooks.add(hooks, &self.session),
        }
    }

    fn finish(&mut self, query: &dyn DebugQuery, error: Option<&Error>) -> Option<Step> {
        if self.session.is_awaited() && plain::is_with_binds(query) {
            self.session.note_blocking();
        }
        // An end that nobody waits for any more begins and ends at once.
        let ended = self.session.ended(|| plain::words_of(query));
        let ticket = ended.unwrap_or_else(|| self.start(query));
        let finish = finish_of(error);
        if let Some(stage) = &mut self.stage {
            self.due.extend(stage.finish(ticket, finish));
        }
        if let Some(error) = error {
            self.note_error(error);
        }
        let step = self.session.finish(ticket, finish);
        self.due.extend(self.hooks.finish(step.as_ref(), finish, &self.session));
        step
    }

    fn end_candidates(&mut self, ended: Ended) {
        match ended {
            Ended::Committed => self.candidates.store_all(),
            Ended::Gone => self.candidates.drop_all(Unstored::RolledBack),
            Ended::Open => {}
        }
    }

    fn note_on_stage(&mut self, event: &InstrumentationEvent<'_>) {
        use InstrumentationEvent::{BeginTransaction, CommitTransaction, RollbackTransaction};
        let Some(stage) = &mut self.stage else { return };
        match event {
            BeginTransaction { depth, .. } | CommitTransaction { depth, .. } | RollbackTransaction { depth, .. }
                if *depth == NonZeroU32::MIN =>
            {
                self.stage = None;
            }
            BeginTransaction { depth, .. } => stage.begin(depth.get()),
            CommitTransaction { depth, .. } => stage.commit(depth.get()),
            RollbackTransaction { depth, .. } => stage.roll_back(depth.get()),
            _ => {}
        }
    }

    fn note(&mut self, event: &InstrumentationEvent<'_>) {
        if self.is_set_up(event) {
            return;
        }
        self.note_on_stage(event);
        let step = match event {
            InstrumentationEvent::FinishEstablishConnection { url, error: None, .. } => {
                self.establish(url);
                None
            }
            InstrumentationEvent::StartQuery { query, .. } => {
                if is_collecting() {
                    self.collect(*query);
                } else if let Some(computation) = self.computation.take() {
                    self.computation = computation.upgrade().map(|scope| self.collect_for(&scope, *query));
                }
                self.start(*query);
                None
            }
            InstrumentationEvent::FinishQuery { query, error, .. } => self.finish(*query, *error),
            InstrumentationEvent::BeginTransaction { depth, .. } => {
                self.catch_up();
                if *depth == NonZeroU32::MIN {
                    self.candidates.drop_all(Unstored::RolledBack);
                }
                self.hooks.begin(depth.get());
                self.session.begin(depth.get())
            }
            InstrumentationEvent::CommitTransaction { depth, .. } => self.session.commit(depth.get()),
            InstrumentationEvent::RollbackTransaction { depth, .. } => {
                self.hooks.roll_back(depth.get());
                self.candidates.drop_all(Unstored::RolledBack);
                self.session.roll_back(depth.get());
                None
            }
            _ => None,
        };
        let ended = (!self.candidates.is_empty()).then(|| Ended::of(step.as_ref(), &self.session));
        self.carry_out_as(step, ended.unwrap_or(Ended::Open));
        if let InstrumentationEvent::FinishQuery { .. } = event {
            ended.into_iter().for_each(|ended| self.end_candidates(ended));
            self.end_idle();
        }
    }
}

impl Instrumentation for Tracker {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if let Own::Question = self.own {
            return;
        }
        #[cfg(feature = "async-postgres")]
        if self.is_asked_by(&event) {
            return;
        }
        #[cfg(feature = "async")]
        if self.is_foretold(&event) {
            return;
        }
        self.note(&event);
        #[cfg(feature = "async-postgres")]
        self.end_beside();
        if let Some(inner) = &mut self.inner {
            inner.on_connection_event(event);
        }
        let due = mem::take(&mut self.due);
        #[cfg(feature = "async")]
        if let Some(errands) = &self.errands {
            return errands.add_hooks(due);
        }
        due.into_iter().for_each(|hook| hook());
    }
}

/// The tracker on `conn`, unless somebody took it away.
pub(crate) fn tracker_of<C: Connection>(conn: &mut C) -> Option<&mut Tracker> {
    conn.instrumentation().as_any_mut().downcast_mut()
}

/// The same on a connection of the line `C`.
#[inline]
pub(crate) fn tracker_on<C: Line>(conn: &mut C::Conn) -> Option<&mut Tracker> {
    C::instrumentation(conn)?.as_any_mut().downcast_mut()
}

/// Has the tracker on `conn` do `work`, if there is one; on a shared connection too.
#[inline]
pub(crate) fn with_tracker<C: Line, T: 'static>(
    conn: &mut C::Conn,
    work: impl FnOnce(&mut Tracker) -> T + 'static,
) -> Option<T> {
    #[cfg(feature = "async-postgres")]
    if C::IS_SHARED {
        return asked(|| C::make(conn), work);
    }
    tracker_on::<C>(conn).map(work)
}

#[cfg(feature = "async")]
mod awaited;
mod collected;
mod ending;
mod opening;
pub(crate) mod own;
pub(crate) mod placed;
mod running;
mod shared;
pub(crate) mod shut;
mod steps;
