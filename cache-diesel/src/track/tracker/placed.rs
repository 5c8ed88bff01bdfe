//! Keeps where a tracker's connection leads.

use std::sync::Arc;

use cache_core::Bypass;

use super::opening::Opening;
use super::running::Own;
use super::shut::Shut;
use super::{Tracker, tracker_on};
use crate::backend::address_of_url;
use crate::backend::line::Line;
use crate::identity::address::DatabaseAddress;
use crate::identity::answer::ServerAnswer;
use crate::identity::endpoint::{Endpoint, endpoint_of};
use crate::identity::role::AtMiss;
use crate::identity::whereabouts::Whereabouts;
use crate::identity::{Identity, seen};
use crate::scan::Dialect;
use crate::track::session::{Manner, Session};

impl Tracker {
    /// Tracks a connection that is open already, and leads to `address`.
    pub(crate) fn of_open(
        inner: Option<Box<dyn diesel::connection::Instrumentation>>,
        address: DatabaseAddress,
        (dialect, manner): (Dialect, Manner),
    ) -> Self {
        let mut tracker = Self::new(inner);
        // Its address is made of what it was asked, and no URL's.
        tracker.place(Arc::new(Endpoint::of(address)), dialect);
        if manner == Manner::Blocking {
            tracker.session.note_blocking();
        }
        tracker
    }

    /// The connection was opened.
    pub(super) fn establish(&mut self, url: &str) {
        let (dialect, address) = address_of_url(url);
        self.place(endpoint_of(address), dialect);
        if !self.whereabouts.has_name() {
            self.note_nameless();
        }
    }

    pub(super) fn place(&mut self, endpoint: Arc<Endpoint>, dialect: Dialect) {
        seen::remember_address(&endpoint.address);
        self.whereabouts = Whereabouts::at(endpoint);
        self.identity = self.whereabouts.identity();
        self.identity.into_iter().for_each(seen::remember);
        self.dialect = dialect;
        // Those of SQLite run on a thread of their own, to their end, and tell it.
        let session = Session::new(dialect);
        self.session = if dialect == Dialect::Sqlite { session } else { session.awaited() };
        #[cfg(feature = "async")]
        if self.errands.is_some() {
            self.session.note_settled();
        }
        self.opening = Opening::Open;
    }

    /// Calls the connection's database `name` from now on.
    pub(crate) fn rename_database(&mut self, name: &str) {
        // A pool may say so each time that it hands the connection out.
        if self.identity.is_none_or(|former| former.is_named(name)) {
            return;
        }
        let identity = self.whereabouts.rename(name);
        self.move_to(identity);
    }

    /// Takes the server for one that follows another.
    pub(crate) fn follow(&mut self) {
        self.whereabouts.follow();
    }

    /// What becomes of a miss.
    pub(crate) fn at_miss(&self) -> AtMiss {
        // What a test transaction reads is stored for itself alone.
        if self.stage.is_some() { AtMiss::Store } else { self.whereabouts.at_miss() }
    }

    /// The identity to look in the cache for once the session allows it.
    pub(super) fn gate_at_first(&mut self) -> Result<Identity, Shut> {
        self.catch_up();
        if self.session.lacks_only_a_name() && !self.whereabouts.is_answered() {
            return Err(Shut::Unasked);
        }
        self.session.gate()?;
        match (self.whereabouts.reading(), self.identity) {
            (Some(identity), _) => Ok(identity),
            (None, Some(_)) => Err(Shut::Unasked),
            (None, None) => Err(Bypass::NotTracked.into()),
        }
    }

    /// Learns what others were answered, while nothing is under way that counts for the database by its former name.
    #[inline]
    pub(super) fn catch_up(&mut self) {
        if self.whereabouts.reading().is_none() {
            self.learn();
        }
    }

    #[cold]
    fn learn(&mut self) {
        if self.may_move() {
            let identity = self.whereabouts.catch_up();
            self.move_to(identity);
        }
    }

    /// Whether nothing is under way that counts for the database by its former name.
    pub(super) fn may_move(&self) -> bool {
        let is_idle = self.session.is_calm() && self.session.is_idle();
        self.stage.is_none() && self.has_placed_nothing() && is_idle
    }

    fn has_placed_nothing(&self) -> bool {
        #[cfg(feature = "async")]
        if self.errands.as_ref().is_some_and(|errands| errands.are_intents_open()) {
            return false;
        }
        self.invalidation.is_none()
    }

    /// Learns what the other end says; gives the identity to read under from now on.
    pub(crate) fn answered(&mut self, answer: &ServerAnswer) -> Result<Identity, Bypass> {
        let identity = self.whereabouts.take(answer);
        self.move_to(identity);
        self.session.gate()?;
        identity.ok_or(Bypass::NotTracked)
    }

    fn move_to(&mut self, identity: Option<Identity>) {
        let Some(identity) = identity else { return };
        if let Some(former) = self.identity.filter(|former| former.database != identity.database) {
            // What is open counts for both names: nobody knows how it ends.
            if !self.session.is_calm() {
                self.abandon();
            }
            let step = self.session.release_open();
            self.carry_out(step);
            seen::forget(former);
        }
        if self.whereabouts.has_name() {
            self.session.note_name();
        }
        seen::remember(identity);
        self.identity = Some(identity);
    }
}

/// Statements of the library's own on a connection: neither the tracker nor the program's instrumentation is told of them.
/// Whoever asks has the connection for himself until this is dropped, with the future in which it is held at the latest.
pub(crate) struct Question<'a, C: Line>(&'a mut C::Conn);

impl<'a, C: Line> Question<'a, C> {
    pub(crate) fn begin(conn: &'a mut C::Conn) -> Self {
        C::announce(conn, true);
        if let Some(tracker) = tracker_on::<C>(conn) {
            tracker.own = Own::Question;
        }
        Self(conn)
    }

    pub(crate) fn conn(&mut self) -> &mut C::Conn {
        self.0
    }
}

impl<C: Line> Drop for Question<'_, C> {
    fn drop(&mut self) {
        C::announce(self.0, false);
        if let Some(tracker) = tracker_on::<C>(self.0) {
            tracker.own = Own::Nothing;
        }
    }
}
