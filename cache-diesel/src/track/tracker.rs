//! The instrumentation that sits on each connection: reads statements along and carries out what they mean.

use core::mem;
use core::num::NonZeroU32;

use cache_core::protocol::write::ChangeSet;
use cache_core::{Bypass, Invalidation, Tag, registry};
use diesel::connection::{Connection, Instrumentation, InstrumentationEvent};
use diesel::result::{DatabaseErrorKind, Error, QueryResult};

use crate::declaration::tables;
use crate::identity::{self, Identity, Whereabouts};
use crate::scan::{self, Dialect, Effect};
use crate::track::hooks::{Hook, Waiting};
use crate::track::session::{Begun, Finish, Session, Step};
use crate::track::stage::{Stage, widen};
use crate::track::{carry_out, ensure, plain};

/// Tracks one connection. Passes every event on to the instrumentation that was there before.
pub(crate) struct Tracker {
    inner: Option<Box<dyn Instrumentation>>,
    /// What is written, and read if `whereabouts` knows it.
    identity: Option<Identity>,
    whereabouts: Whereabouts,
    dialect: Dialect,
    session: Session,
    own: Own,
    invalidation: Option<Invalidation>,
    /// What follows the commit, and what is to be done as soon as everybody was told of it.
    hooks: Waiting<Hook>,
    due: Vec<Hook>,
    /// A test transaction in which everything counts as committed.
    stage: Option<Stage>,
}

/// What the result of a manager's write tells.
pub(crate) struct Told<Exact, After> {
    /// What it changed; without it, what was announced counts.
    pub(crate) exact: Exact,
    /// What follows it, once it is committed.
    pub(crate) after: After,
}

/// What a manager runs on the connection at present.
#[derive(Debug, Default)]
pub(crate) enum Own {
    #[default]
    Nothing,
    /// What the library asks for itself: nobody is told of it.
    Question,
    Read,
    Write(ChangeSet),
}

impl Tracker {
    /// Tracks a connection that is about to be opened.
    pub(crate) fn new(inner: Option<Box<dyn Instrumentation>>) -> Self {
        Self {
            inner,
            identity: None,
            whereabouts: Whereabouts::default(),
            dialect: Dialect::Sqlite,
            session: Session::new(Dialect::Sqlite),
            own: Own::Nothing,
            invalidation: None,
            hooks: Waiting::default(),
            due: Vec::new(),
            stage: None,
        }
    }

    /// Takes over a connection in the middle of a transaction.
    pub(crate) fn note_transaction(&mut self, begun: Begun) {
        self.session.note_unknown_transaction(begun);
    }

    /// Takes over a connection that reaches other databases besides its own.
    pub(crate) fn note_other_databases(&mut self) {
        self.session.note_other_databases();
        identity::note_particular_session();
    }

    /// Takes over a connection to a database that nobody can name.
    pub(crate) fn note_nameless(&mut self) {
        self.session.note_nameless();
        identity::note_particular_session();
    }

    /// Takes over a connection whose session was changed before anybody looked.
    pub(crate) fn note_particular_session(&mut self) {
        self.session.read_along(&Effect::Session(scan::Session::Particular), tables());
        self.session.start();
        self.session.finish(Finish::Ok);
        identity::note_particular_session();
    }

    /// Takes over a connection whose statements do not commit by themselves.
    pub(crate) fn note_autocommit_off(&mut self) {
        self.session.read_along(&Effect::Session(scan::Session::Autocommit(false)), tables());
        self.session.start();
        self.session.finish(Finish::Ok);
    }

    /// From now on, and until it ends, the open transaction is none to the cache: what is written in it counts at
    /// once, for this connection alone. Nothing more happens if that is so already, or if nobody knows the database.
    pub(crate) fn rehearse(&mut self) {
        if let (None, Some(identity)) = (&self.stage, self.identity) {
            self.stage = Some(Stage::new(&self.session, identity.database));
        }
    }

    /// Clears `tags` once more when the open transaction is committed.
    pub(crate) fn clear_after(&mut self, tags: &[Tag]) {
        self.session.clear_after(tags);
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

    /// Places intents beside what a manager is about to write, where that has to succeed. They stand until the
    /// statement is over, in a transaction until that is.
    ///
    /// # Errors
    ///
    /// If a store does not take them: then the statement must not run.
    pub(crate) fn ensure(&mut self, changes: &ChangeSet) -> cache_core::Result<()> {
        self.catch_up();
        let Some(identity) = self.identity else { return Ok(()) };
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
        if let Some(stage) = &mut self.stage {
            stage.declare(changes);
        }
        let step = self.session.declare(changes);
        self.carry_out(step);
    }

    /// The work that was declared last is over.
    pub(crate) fn end_declared(&mut self) {
        if let Some(stage) = &mut self.stage {
            stage.end_declared();
        }
        let step = self.session.end_declared();
        self.carry_out(step);
        self.end_idle();
    }

    /// Ends the intents that nothing is going to release: those of a transaction that was rolled back, or of a
    /// statement that was not run.
    fn end_idle(&mut self) {
        if let Some(invalidation) = self.invalidation.take_if(|_| self.session.is_idle()) {
            invalidation.end(&registry::every());
        }
    }

    /// What is read and written at present.
    fn present_identity(&self) -> Option<Identity> {
        self.stage.as_ref().map(Stage::identity).or(self.identity)
    }

    fn carry_out(&mut self, step: Option<Step>) {
        let (Some(mut step), Some(identity)) = (step, self.identity) else { return };
        let (Step::Place(changes) | Step::Release(changes, ..)) = &mut step;
        widen(changes, identity.database, self.stage.as_ref());
        carry_out(step, identity.database, &mut self.invalidation);
    }

    fn start(&mut self, query: &dyn diesel::connection::DebugQuery) {
        if self.session.is_at_boundary() {
            return;
        }
        self.catch_up();
        match &self.own {
            Own::Question | Own::Read => return,
            Own::Write(changes) => self.session.announce(changes),
            Own::Nothing => plain::read_along(query, self.dialect, &mut self.session),
        }
        if self.session.is_particular() {
            identity::note_particular_session();
        }
        self.stage.take_if(|stage| !stage.start(&self.session));
        self.hooks.read_along(self.session.controls());
        let step = self.session.start();
        self.carry_out(step);
    }

    fn note_failure(&mut self, error: &Error) {
        self.session.note_failure();
        self.note_error(error);
        if let Some(stage) = &mut self.stage {
            stage.rehearsal.note_failure();
        }
    }

    fn note_error(&mut self, error: &Error) {
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

    fn end_own(&mut self, exact: Option<&ChangeSet>) {
        if let Own::Write(_) = mem::take(&mut self.own) {
            let exact = match &mut self.stage {
                // What is exact names the stage's database: for the real one, what was announced has to do.
                Some(stage) => {
                    stage.settle_own(exact);
                    None
                }
                None => exact,
            };
            let step = self.session.settle_own(exact);
            self.carry_out(step);
            self.end_idle();
        }
    }

    fn finish(&mut self, error: Option<&Error>) -> Option<Step> {
        if let Some(error) = error {
            self.note_error(error);
        }
        let finish = finish_of(error);
        let step = self.session.finish(finish);
        self.due.extend(self.hooks.finish(step.as_ref(), finish, &self.session));
        step
    }

    fn note_on_stage(&mut self, event: &InstrumentationEvent<'_>) {
        use InstrumentationEvent::{BeginTransaction, CommitTransaction, FinishQuery, RollbackTransaction};
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
            FinishQuery { error, .. } => self.due.extend(stage.finish(finish_of(*error))),
            _ => {}
        }
    }

    fn note(&mut self, event: &InstrumentationEvent<'_>) {
        self.note_on_stage(event);
        let step = match event {
            InstrumentationEvent::FinishEstablishConnection { url, error: None, .. } => {
                self.establish(url);
                None
            }
            InstrumentationEvent::StartQuery { query, .. } => {
                self.start(*query);
                None
            }
            InstrumentationEvent::FinishQuery { error, .. } => self.finish(*error),
            InstrumentationEvent::BeginTransaction { depth, .. } => {
                self.catch_up();
                self.hooks.begin(depth.get());
                self.session.begin(depth.get())
            }
            InstrumentationEvent::CommitTransaction { depth, .. } => self.session.commit(depth.get()),
            InstrumentationEvent::RollbackTransaction { depth, .. } => {
                self.hooks.roll_back(depth.get());
                self.session.roll_back(depth.get());
                None
            }
            _ => None,
        };
        self.carry_out(step);
        if let InstrumentationEvent::FinishQuery { .. } = event {
            self.end_idle();
        }
    }
}

impl Instrumentation for Tracker {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if let Own::Question = self.own {
            return;
        }
        self.note(&event);
        if let Some(inner) = &mut self.inner {
            inner.on_connection_event(event);
        }
        mem::take(&mut self.due).into_iter().for_each(|hook| hook());
    }
}

impl Drop for Tracker {
    fn drop(&mut self) {
        let step = self.session.close();
        match (self.stage.take(), step, self.identity) {
            // Nobody is going to commit a test transaction: other tests keep their entries.
            (Some(_), Some(step), Some(identity)) => carry_out(step, identity.database, &mut self.invalidation),
            (_, step, _) => self.carry_out(step),
        }
        if let Some(identity) = self.identity {
            identity::forget(identity);
        }
    }
}

/// The tracker on `conn`, unless somebody took it away.
pub(crate) fn tracker_of<C: Connection>(conn: &mut C) -> Option<&mut Tracker> {
    conn.instrumentation().as_any_mut().downcast_mut()
}

/// Runs a SELECT of a manager's: the tracker need not read it along.
pub(crate) fn asking<C: Connection, T>(conn: &mut C, ask: impl FnOnce(&mut C) -> QueryResult<T>) -> QueryResult<T> {
    let mut own = OwnStatement::begin(conn, Own::Read);
    let answer = ask(own.conn);
    own.end(None, answer.as_ref().err());
    answer
}

/// Runs a write of a manager's. `announced` is what it may change; `exact` tells, of its result, what it did, and
/// `after` what follows it.
pub(crate) fn writing<C: Connection, T>(
    conn: &mut C,
    announced: ChangeSet,
    write: impl FnOnce(&mut C) -> QueryResult<T>,
    Told { exact, after }: Told<impl FnOnce(&T, Identity) -> Option<ChangeSet>, impl FnOnce(&T) -> Vec<Hook>>,
) -> QueryResult<T> {
    let mut own = OwnStatement::begin(conn, Own::Write(announced));
    let result = write(own.conn);
    let identity = tracker_of(own.conn).and_then(|tracker| tracker.present_identity());
    let exact = result.as_ref().ok().zip(identity).and_then(|(written, identity)| exact(written, identity));
    own.end(exact.as_ref(), result.as_ref().err());
    if let Ok(written) = &result {
        let hooks = after(written);
        let due = tracker_of(own.conn).map(|tracker| tracker.add_hooks(hooks)).unwrap_or_default();
        due.into_iter().for_each(|hook| hook());
    }
    result
}

/// A manager's statements on a connection; if it is dropped by a panic, what was announced counts.
struct OwnStatement<'a, C: Connection> {
    conn: &'a mut C,
}

impl<'a, C: Connection> OwnStatement<'a, C> {
    fn begin(conn: &'a mut C, own: Own) -> Self {
        if let Some(tracker) = tracker_of(conn) {
            tracker.own = own;
        }
        Self { conn }
    }

    /// Diesel does not tell the tracker of every failure: the result does.
    fn end(&mut self, exact: Option<&ChangeSet>, error: Option<&Error>) {
        if let Some(tracker) = tracker_of(self.conn) {
            if let Some(error) = error {
                tracker.note_failure(error);
            }
            tracker.end_own(exact);
        }
    }
}

impl<C: Connection> Drop for OwnStatement<'_, C> {
    fn drop(&mut self) {
        // A panic is no error of the database's, and what it left undone counts as failed.
        let panicked = std::thread::panicking().then_some(&Error::RollbackTransaction);
        self.end(None, panicked);
    }
}

fn finish_of(error: Option<&Error>) -> Finish {
    match error {
        None => Finish::Ok,
        Some(
            Error::BrokenTransactionManager
            | Error::DatabaseError(DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand, _),
        ) => Finish::Lost,
        Some(Error::DatabaseError(DatabaseErrorKind::Unknown, information)) if is_lost(information.message()) => {
            Finish::Lost
        }
        Some(_) => Finish::Failed,
    }
}

/// Whether a client of MySQL says that its server is gone: Diesel has no kind for that. Clients speak English only, and
/// differ in their capital letters: `MySQL server has gone away`, `Server has gone away`.
fn is_lost(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    ["server has gone away", "lost connection", "server closed the connection", "connection was killed"]
        .iter()
        .any(|words| message.contains(words))
}

mod placed;

pub(crate) use placed::{Shut, questioning};

#[cfg(test)]
mod tests {
    use super::is_lost;

    #[test]
    fn t10_every_client_of_mysql_is_believed_that_its_link_is_lost() {
        for message in [
            "MySQL server has gone away",
            "Server has gone away",
            "Lost connection to MySQL server during query",
            "Lost connection to server during query",
            "Connection was killed",
        ] {
            assert!(is_lost(message), "{message}");
        }
        assert!(!is_lost("Duplicate entry '1' for key 'PRIMARY'"));
    }
}
