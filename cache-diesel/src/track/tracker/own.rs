//! Announces a manager's own statements to the tracker, so that they are not counted again.

#[cfg(feature = "async")]
pub(crate) mod awaited;

use core::mem;

use cache_core::protocol::write::ChangeSet;
use cache_core::{Candidate, Collecting, Unkept, Unstored, is_collecting};
use diesel::connection::LoadConnection;
use diesel::result::{Error, QueryResult};

use super::running::Own;
use super::{Tracker, tracker_of, tracker_on};
use crate::backend::CacheBackend;
use crate::backend::line::Line;
use crate::identity::Identity;
use crate::track::candidates::Ended;
use crate::track::hooks::Hook;

/// What the result of a manager's write tells.
pub(crate) struct WriteResult<Exact, After, Given> {
    /// What it changed; without it, what was announced counts.
    pub(crate) exact: Exact,
    /// What follows it, once it is committed.
    pub(crate) after: After,
    /// The row that it gave back, if that is to be stored.
    pub(crate) given: Given,
}

impl Tracker {
    fn begin_own(&mut self, own: Own) {
        self.abandon();
        self.own = own;
    }

    fn end_own(&mut self, exact: Option<&ChangeSet>, given: Option<Candidate>) {
        match mem::take(&mut self.own) {
            Own::Nothing | Own::Question => {}
            #[cfg(feature = "async-postgres")]
            Own::Beside => {}
            Own::Read => self.end_asking(),
            Own::Write(_) => self.settle_own(exact, given),
        }
    }

    fn end_asking(&mut self) {
        if let Some(stage) = &mut self.stage {
            stage.rehearsal.end_asking();
        }
        self.session.end_asking();
    }

    fn settle_own(&mut self, exact: Option<&ChangeSet>, given: Option<Candidate>) {
        let exact = match &mut self.stage {
            // What is exact names the stage's database: for the real one, what was announced has to do.
            Some(stage) => {
                stage.settle_own(exact);
                None
            }
            None => exact,
        };
        let is_plain = self.session.take_is_plain();
        let step = self.session.settle_own(exact);
        let Some(given) = given else {
            self.carry_out(step);
            return self.end_idle();
        };
        let ended = Ended::of_own(step.as_ref(), &self.session);
        match (is_plain, ended) {
            (true, Ended::Committed | Ended::Open) => self.candidates.add(given),
            (true, Ended::Gone) => given.drop_for(Unstored::RolledBack),
            (false, _) => given.drop_for(Unstored::Particular),
        }
        self.carry_out_as(step, ended);
        self.end_candidates(ended);
        self.end_idle();
    }
}

/// What is known of the text of a manager's query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OwnText {
    /// It does nothing but read, as far as was read off it or vouched for.
    Followed,
    /// It may do more than read, as any plain statement.
    Unfollowed,
}

impl<'a, C: Line> OwnStatement<'a, C> {
    /// Begins a query of which so much is known: the tracker reads along only what was not followed.
    pub(crate) fn ask(conn: &'a mut C::Conn, text: OwnText) -> Self {
        let own = match text {
            OwnText::Followed => Own::Read,
            OwnText::Unfollowed => {
                announce::<C>(conn);
                Own::Nothing
            }
        };
        Self::begin(conn, own)
    }

    pub(crate) fn conn(&mut self) -> &mut C::Conn {
        self.conn
    }

    /// The query is over.
    pub(crate) fn answered<T>(mut self, answer: QueryResult<T>) -> QueryResult<T> {
        self.end((None, None), answer.as_ref().err());
        answer
    }
}

/// The computation that is under way is told of the query by the tracker of `conn`. Without one nobody tells it.
pub(crate) fn announce<C: Line>(conn: &mut C::Conn) {
    if !is_collecting() {
        return;
    }
    let Some(scope) = Collecting::current() else { return };
    match tracker_on::<C>(conn) {
        Some(tracker) => tracker.work_for(&scope),
        None => scope.refuse(Unkept::NotFollowed),
    }
}

/// Runs a write of a manager's. `announced` is what it may change; `exact` tells, of its result, what it did, and
/// `after` what follows it.
pub(crate) fn writing<C: LoadConnection<Backend: CacheBackend>, T>(
    conn: &mut C,
    announced: ChangeSet,
    write: impl FnOnce(&mut C) -> QueryResult<T>,
    WriteResult { exact, after, given }: WriteResult<
        impl FnOnce(&T, Identity) -> Option<ChangeSet>,
        impl FnOnce(&T) -> Vec<Hook>,
        impl FnOnce(&T) -> Option<Candidate>,
    >,
) -> QueryResult<T> {
    let mut own = OwnStatement::<C>::begin(conn, Own::Write(announced));
    let result = write(own.conn);
    let identity = tracker_of(own.conn).and_then(|tracker| tracker.present_identity());
    let exact = result.as_ref().ok().zip(identity).and_then(|(written, identity)| exact(written, identity));
    let given = result.as_ref().ok().and_then(given);
    own.end((exact.as_ref(), given), result.as_ref().err());
    if let Ok(written) = &result {
        let hooks = after(written);
        let due = tracker_of(own.conn).map(|tracker| tracker.add_hooks(hooks)).unwrap_or_default();
        due.into_iter().for_each(|hook| hook());
    }
    if let Some(tracker) = tracker_of(own.conn) {
        tracker.settle_at_once();
    }
    result
}

/// A manager's statements on a connection; if it is dropped before their end, by a panic or with its future, what was
/// announced counts.
pub(crate) struct OwnStatement<'a, C: Line> {
    conn: &'a mut C::Conn,
}

impl<'a, C: Line> OwnStatement<'a, C> {
    fn begin(conn: &'a mut C::Conn, own: Own) -> Self {
        C::announce(conn, matches!(own, Own::Read));
        if let Some(tracker) = tracker_on::<C>(conn) {
            tracker.begin_own(own);
        }
        Self { conn }
    }

    /// Diesel does not tell the tracker of every failure: the result does.
    fn end(&mut self, (exact, given): (Option<&ChangeSet>, Option<Candidate>), error: Option<&Error>) {
        C::announce(self.conn, false);
        if let Some(tracker) = tracker_on::<C>(self.conn) {
            if let Some(error) = error {
                tracker.note_failure(error);
            }
            tracker.end_own(exact, given);
        }
    }
}

impl<C: Line> Drop for OwnStatement<'_, C> {
    fn drop(&mut self) {
        // A panic is no error of the database's, and what it left undone counts as failed.
        let panicked = std::thread::panicking().then_some(&Error::RollbackTransaction);
        self.end((None, None), panicked);
    }
}
