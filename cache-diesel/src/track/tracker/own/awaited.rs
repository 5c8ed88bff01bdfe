//! Announces a manager's own statements on a connection that is awaited.

use core::mem;
use std::sync::Arc;

use cache_core::Candidate;
use cache_core::protocol::write::ChangeSet;
use diesel::result::QueryResult;
use diesel_async::AsyncConnection;

use crate::identity::Identity;
use crate::track::Hook;
use crate::track::errands::Errands;
use crate::track::tracker::Tracker;
use crate::track::tracker::running::Own;

/// The tracker on `conn`, unless somebody took it away.
pub(crate) fn tracker_in<C: AsyncConnection>(conn: &mut C) -> Option<&mut Tracker> {
    conn.instrumentation().as_any_mut().downcast_mut()
}

/// Places the intents of a strict write, as [`Tracker::ensure`] does.
///
/// # Errors
///
/// If a store does not take them: then the statement must not run.
pub(crate) async fn ensured<C: AsyncConnection>(conn: &mut C, changes: &ChangeSet) -> cache_core::Result<()> {
    let Some(tracker) = tracker_in(conn) else { return Ok(()) };
    let Some((errands, changes, identity)) = tracker.leave_ensuring(changes) else { return tracker.ensure(changes) };
    errands.ensure(changes, identity.database).await
}

/// Waits until what the tracker on `conn` has decided is done in the stores, if somebody has to wait for that.
pub(crate) async fn settle<C: AsyncConnection>(conn: &mut C) {
    if let Some(errands) = tracker_in(conn).and_then(|tracker| tracker.errands.clone()) {
        errands.settle().await;
    }
}

impl Tracker {
    /// What the declared work is to change stands for as long as the work: no statement of it takes that along.
    pub(crate) fn keep_declared(&self) {
        if let Some(errands) = &self.errands {
            errands.keep_placed();
        }
    }

    /// Nobody awaits the declared work any more: a statement of it may be under way.
    pub(crate) fn give_declared_up(&mut self) {
        self.session.give_declared_up();
        self.end_declared();
        if let Some(errands) = &self.errands {
            errands.post();
        }
    }

    /// What is to be placed before a strict write, and by whom, if somebody awaits that.
    fn leave_ensuring(&mut self, changes: &ChangeSet) -> Option<(Arc<Errands>, ChangeSet, Identity)> {
        let errands = self.errands.clone()?;
        self.catch_up();
        let identity = self.identity?;
        self.abandon();
        Some((errands, self.session.as_announced(changes), identity))
    }

    /// Nobody awaits a manager's statement any more: what was sent of it counts as any other of which no end is told.
    fn give_own_up(&mut self) {
        if let Own::Write(_) = mem::take(&mut self.own) {
            self.session.give_own_up();
            self.settle_own(None, None);
        }
        if let Some(errands) = &self.errands {
            errands.post();
        }
    }
}

/// A manager's statement on a connection that is awaited. If it is dropped before its end, it may be under way.
pub(crate) struct AwaitedStatement<'conn, C: AsyncConnection> {
    conn: &'conn mut C,
    is_over: bool,
}

impl<'conn, C: AsyncConnection> AwaitedStatement<'conn, C> {
    pub(crate) fn begin(conn: &'conn mut C, announced: ChangeSet) -> Self {
        if let Some(tracker) = tracker_in(conn) {
            tracker.begin_own(Own::Write(announced));
        }
        Self { conn, is_over: false }
    }

    pub(crate) fn conn(&mut self) -> &mut C {
        self.conn
    }

    /// The statement is over: `exact` tells of its result what it did, `given` is a row of it that is to be stored, and
    /// `after` tells what follows. Gives the hooks that are due.
    pub(crate) fn end<T>(
        &mut self,
        result: &QueryResult<T>,
        exact: impl FnOnce(&T, Identity) -> Option<ChangeSet>,
        given: Option<Candidate>,
        after: impl FnOnce(&T) -> Vec<Hook>,
    ) -> Vec<Hook> {
        self.is_over = true;
        let Some(tracker) = tracker_in(self.conn) else { return Vec::new() };
        if let Err(error) = result {
            tracker.note_failure(error);
        }
        let written = result.as_ref().ok();
        let exact = written.zip(tracker.present_identity()).and_then(|(written, identity)| exact(written, identity));
        tracker.end_own(exact.as_ref(), given);
        written.map(|written| tracker.add_hooks(after(written))).unwrap_or_default()
    }
}

impl<C: AsyncConnection> Drop for AwaitedStatement<'_, C> {
    fn drop(&mut self) {
        if let (false, Some(tracker)) = (self.is_over, tracker_in(self.conn)) {
            tracker.give_own_up();
        }
    }
}
