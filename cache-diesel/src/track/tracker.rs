//! The instrumentation that sits on each connection: reads statements along and carries out what they mean.

use core::mem;

use cache_core::protocol::write::ChangeSet;
use cache_core::{Bypass, Invalidation, Tag, registry};
use diesel::connection::{Connection, Instrumentation, InstrumentationEvent};
use diesel::result::{DatabaseErrorKind, Error, QueryResult};

use crate::declaration::tables;
use crate::identity::{self, Identity, dialect_of_url};
use crate::scan::{self, Dialect, Effect};
use crate::track::session::{Begun, Finish, Session, Step};

/// Tracks one connection. Passes every event on to the instrumentation that was there before.
pub(crate) struct Tracker {
    inner: Option<Box<dyn Instrumentation>>,
    identity: Option<Identity>,
    dialect: Dialect,
    session: Session,
    own: Own,
    invalidation: Option<Invalidation>,
}

/// What a manager runs on the connection at present.
#[derive(Debug, Default)]
pub(crate) enum Own {
    #[default]
    Nothing,
    Read,
    Write(ChangeSet),
}

impl Tracker {
    /// Tracks a connection that is about to be opened.
    pub(crate) fn new(inner: Option<Box<dyn Instrumentation>>) -> Self {
        Self {
            inner,
            identity: None,
            dialect: Dialect::Sqlite,
            session: Session::new(Dialect::Sqlite),
            own: Own::Nothing,
            invalidation: None,
        }
    }

    /// Tracks a connection that is open already.
    pub(crate) fn of_open(inner: Option<Box<dyn Instrumentation>>, identity: Identity, dialect: Dialect) -> Self {
        let mut tracker = Self::new(inner);
        tracker.take_identity(identity, dialect);
        tracker
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

    /// Clears `tags` once more when the open transaction is committed.
    pub(crate) fn clear_after(&mut self, tags: &[Tag]) {
        self.session.clear_after(tags);
    }

    /// The database to look in the cache for, or why that cannot be.
    pub(crate) fn gate(&mut self) -> Result<Identity, Bypass> {
        // Diesel has no transaction open; a tracker that thinks otherwise has seen a BEGIN fail.
        if self.session.gate().is_err() {
            let missed = self.session.note_no_transaction();
            self.carry_out(missed);
            self.session.gate()?;
        }
        self.identity.ok_or(Bypass::NotTracked)
    }

    fn carry_out(&mut self, step: Option<Step>) {
        let (Some(step), Some(identity)) = (step, self.identity) else { return };
        match step {
            Step::Place(changes) => {
                self.invalidation
                    .get_or_insert_with(|| Invalidation::of(identity.database))
                    .place(&changes, &registry::every());
            }
            Step::Release(changes, ending, cause) => {
                let invalidation = self.invalidation.take().unwrap_or_else(|| Invalidation::of(identity.database));
                invalidation.release(&changes, ending, cause, &registry::every());
            }
        }
    }

    fn establish(&mut self, url: &str) {
        self.take_identity(Identity::of_url(url), dialect_of_url(url));
    }

    fn take_identity(&mut self, identity: Identity, dialect: Dialect) {
        identity::remember(identity);
        self.identity = Some(identity);
        self.dialect = dialect;
        self.session = Session::new(dialect);
    }

    fn start(&mut self, query: &dyn diesel::connection::DebugQuery) {
        if self.session.is_at_boundary() {
            return;
        }
        match &self.own {
            Own::Read => return,
            Own::Write(changes) => self.session.announce(changes),
            Own::Nothing => {
                let (session, dialect) = (&mut self.session, self.dialect);
                scan::first_chunk(&query, &mut |sql| {
                    scan::effects(sql, dialect, &mut |effect| session.read_along(effect, tables()));
                    if sql.is_empty() {
                        // Diesel could not print it.
                        session.read_along(Effect::Unknown, tables());
                    }
                    if session.is_in_transaction() && gives_rows_back(sql) {
                        session.note_returning();
                    }
                });
            }
        }
        if self.session.is_particular() {
            identity::note_particular_session();
        }
        let step = self.session.start();
        self.carry_out(step);
    }

    fn end_own(&mut self, exact: Option<&ChangeSet>) {
        if let Own::Write(_) = mem::take(&mut self.own) {
            let step = self.session.settle_own(exact);
            self.carry_out(step);
        }
    }

    fn note(&mut self, event: &InstrumentationEvent<'_>) {
        let step = match event {
            InstrumentationEvent::FinishEstablishConnection { url, error: None, .. } => {
                self.establish(url);
                None
            }
            InstrumentationEvent::StartQuery { query, .. } => {
                self.start(*query);
                None
            }
            InstrumentationEvent::FinishQuery { error, .. } => self.session.finish(finish_of(*error)),
            InstrumentationEvent::BeginTransaction { depth, .. } => {
                self.session.begin(depth.get());
                None
            }
            InstrumentationEvent::CommitTransaction { depth, .. } => self.session.commit(depth.get()),
            InstrumentationEvent::RollbackTransaction { depth, .. } => {
                self.session.roll_back(depth.get());
                None
            }
            _ => None,
        };
        self.carry_out(step);
    }
}

impl Instrumentation for Tracker {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        self.note(&event);
        if let Some(inner) = &mut self.inner {
            inner.on_connection_event(event);
        }
    }
}

impl Drop for Tracker {
    fn drop(&mut self) {
        let step = self.session.close();
        self.carry_out(step);
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
    own.end(None, answer.is_err());
    answer
}

/// Runs a write of a manager's. `announced` is what it may change; `exact` tells, of its result, what it did.
pub(crate) fn writing<C: Connection, T>(
    conn: &mut C,
    announced: ChangeSet,
    write: impl FnOnce(&mut C) -> QueryResult<T>,
    exact: impl FnOnce(&T, Identity) -> Option<ChangeSet>,
) -> QueryResult<T> {
    let mut own = OwnStatement::begin(conn, Own::Write(announced));
    let result = write(own.conn);
    let identity = tracker_of(own.conn).and_then(|tracker| tracker.identity);
    let exact = result.as_ref().ok().zip(identity).and_then(|(written, identity)| exact(written, identity));
    own.end(exact.as_ref(), result.is_err());
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
    fn end(&mut self, exact: Option<&ChangeSet>, has_failed: bool) {
        if let Some(tracker) = tracker_of(self.conn) {
            if has_failed {
                tracker.session.note_failure();
            }
            tracker.end_own(exact);
        }
    }
}

impl<C: Connection> Drop for OwnStatement<'_, C> {
    fn drop(&mut self) {
        self.end(None, std::thread::panicking());
    }
}

/// Whether a statement may write and give rows back; `RETURNING` in a string counts too.
fn gives_rows_back(sql: &str) -> bool {
    const WORD: &[u8] = b"returning";
    sql.as_bytes().windows(WORD.len()).any(|window| window.eq_ignore_ascii_case(WORD))
}

fn finish_of(error: Option<&Error>) -> Finish {
    match error {
        None => Finish::Ok,
        Some(
            Error::BrokenTransactionManager
            | Error::DatabaseError(DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand, _),
        ) => Finish::Lost,
        Some(_) => Finish::Failed,
    }
}
