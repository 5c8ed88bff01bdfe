//! Carries calls to the server that has a shard of a cache, or all of it: one call, one connection, one deadline.

use core::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;

use super::whereabouts::Whereabouts;
use crate::error::{Error, Result};
use crate::store::names::{Name, Names};
use crate::store::redis::command::call::Call;
use crate::store::redis::command::connection::Connection;
use crate::store::redis::command::outbox::Outbox;
use crate::store::redis::wire::address::Address;
use crate::store::redis::wire::failure::{Deadline, Failure};
use crate::store::track::Incarnation;
use crate::store::wire::pool::Pool;
use crate::sync::Mutex;

/// The incarnations of the server that connections have found.
#[derive(Debug, Default)]
struct Met {
    last: Mutex<Option<Incarnation>>,
    count: AtomicU64,
}

impl Met {
    /// A new connection has found this incarnation.
    fn note(&self, found: Option<Incarnation>) {
        let mut last = self.last.lock();
        if *last != found {
            *last = found;
            self.count.fetch_add(1, Ordering::SeqCst);
        }
    }
}

/// The shards of a cache, or the one that has all of it.
#[derive(Debug)]
pub(super) struct Shards {
    names: Names,
    each: Box<[RedisShard]>,
}

impl Shards {
    pub(super) fn at(address: Address) -> Self {
        Self { each: address.each().map(RedisShard::at).collect(), names: address.names }
    }

    pub(super) const fn names(&self) -> &Names {
        &self.names
    }

    pub(super) const fn each(&self) -> &[RedisShard] {
        &self.each
    }

    /// Which of them has what is called so.
    pub(super) fn index_of(&self, name: &Name) -> usize {
        self.names.index_of(name)
    }

    /// The one that has what is called so.
    pub(super) fn of(&self, name: &Name) -> &RedisShard {
        &self.each[self.index_of(name)]
    }

    /// The one that has all of these; `None`: several have.
    pub(super) fn only<'n>(&self, mut names: impl Iterator<Item = &'n Name>) -> Option<&RedisShard> {
        if let [only] = &*self.each {
            return Some(only);
        }
        let first = names.next().map_or(0, |name| self.index_of(name));
        names.all(|name| self.index_of(name) == first).then(|| &self.each[first])
    }
}

/// The connections to the server that has a shard, or the whole of a cache that has none.
///
/// A connection is made when a call needs one, and compared with the server's incarnation before anything else. It
/// carries one call at a time, is kept when that was answered, and is dropped when anything went wrong. A call that
/// finds that a kept connection is gone, or leads to a server that is no primary any more, is sent once more, over a new
/// one, with new tokens; a call that is late is not.
#[derive(Debug)]
pub(super) struct RedisShard {
    pub(super) whereabouts: Arc<Whereabouts>,
    pool: Pool<Connection>,
    pub(super) outbox: Outbox,
    met: Met,
    /// Where the next call goes on that gives room back.
    sweep: AtomicU64,
}

impl RedisShard {
    pub(super) fn at(address: Address) -> Self {
        let pool = Pool::of(address.idle_connections);
        let (outbox, met, sweep) = Default::default();
        Self { whereabouts: Arc::new(Whereabouts::of(address)), pool, outbox, met, sweep }
    }

    fn names(&self) -> &Names {
        &self.whereabouts.address().names
    }

    /// How many incarnations of the server were met.
    pub(super) fn incarnations_met(&self) -> u64 {
        self.met.count.load(Ordering::SeqCst)
    }

    /// Makes a call over a connection that is open, or over a new one.
    pub(super) fn call<T>(
        &self,
        (doing, deadline): (&str, Deadline),
        work: impl Fn(&mut Call<'_>) -> core::result::Result<T, Failure>,
    ) -> Result<T> {
        self.carry(deadline, work).map_err(|failure| failure.into_error(doing))
    }

    /// Makes a call that is not sent again where it may have been done, or may still be: the bytes of a slot tell one
    /// writing from all others. Done twice, an increment would count twice, and what was removed since could come back; a
    /// claim could hold for a note that was made since.
    ///
    /// Connections that the server has ended are found before, so that it costs no call that nobody used them for long.
    pub(super) fn call_once<T>(
        &self,
        (doing, deadline): (&str, Deadline),
        work: impl Fn(&mut Call<'_>) -> core::result::Result<T, Failure>,
    ) -> Result<T> {
        self.carry_once(deadline, work).map_err(|failure| failure.into_error(doing))
    }

    fn carry_once<T>(
        &self,
        deadline: Deadline,
        work: impl Fn(&mut Call<'_>) -> core::result::Result<T, Failure>,
    ) -> core::result::Result<T, Failure> {
        let mut kept = self.kept();
        if kept.as_mut().is_some_and(|connection| !connection.is_open(deadline)) {
            kept = None;
            self.pool.clear();
        }
        if let Some(connection) = kept {
            let answered = self.over(connection, deadline, &work);
            let is_elsewhere = answered.as_ref().is_err_and(|failure| self.is_elsewhere(failure));
            if is_elsewhere || answered.as_ref().is_err_and(Failure::is_of_the_connection) {
                self.pool.clear();
            }
            if !is_elsewhere && !answered.as_ref().is_err_and(Failure::is_of_another_life) {
                return answered;
            }
        }
        self.over(self.open_connection(deadline)?, deadline, &work)
    }

    /// Makes a call that takes effect after all that was sent before.
    pub(super) fn call_after<T>(
        &self,
        (doing, deadline): (&str, Deadline),
        work: impl Fn(&mut Call<'_>) -> core::result::Result<T, Failure>,
    ) -> Result<T> {
        for mut connection in self.pool.take_all(Connection::owes) {
            if connection.settle(deadline).is_ok() && !connection.is_spent() {
                self.pool.put(connection);
            }
        }
        // Those that owe and are in use begin with the replies.
        self.outbox.wait(deadline.left().unwrap_or_default());
        self.carry(deadline, work).map_err(|failure| failure.into_error(doing))
    }

    fn carry<T>(
        &self,
        deadline: Deadline,
        work: impl Fn(&mut Call<'_>) -> core::result::Result<T, Failure>,
    ) -> core::result::Result<T, Failure> {
        if let Some(connection) = self.kept() {
            match self.over(connection, deadline, &work) {
                // The others were made before, and are most probably gone as well.
                Err(failure) if failure.is_of_the_connection() || self.is_elsewhere(&failure) => self.pool.clear(),
                answered => return answered,
            }
        }
        self.over(self.open_connection(deadline)?, deadline, &work)
    }

    /// Whether the server did nothing, and another one may be there that does.
    fn is_elsewhere(&self, failure: &Failure) -> bool {
        self.whereabouts.may_move() && failure.is_elsewhere()
    }

    /// A connection that is open, as far as is known, to the server that was found last.
    fn kept(&self) -> Option<Connection> {
        core::iter::from_fn(|| self.pool.take()).find(|connection| self.whereabouts.is_current(connection))
    }

    fn open_connection(&self, deadline: Deadline) -> core::result::Result<Connection, Failure> {
        let before = self.whereabouts.move_count();
        let connection = self.whereabouts.open(deadline)?;
        if self.whereabouts.move_count() != before {
            self.pool.clear();
        }
        self.met.note(connection.life());
        Ok(connection)
    }

    /// Connects, and finds whether the server is of the kind that the URL says. A server that is not there is no error.
    pub(super) fn check(&self, deadline: Deadline) -> Result<()> {
        match self.open_connection(deadline) {
            Ok(connection) => self.pool.put(connection),
            Err(Failure::Wrong(reason)) => return Err(Error::configuration(reason)),
            Err(_) => {}
        }
        Ok(())
    }

    /// Looks the server's keys through in steps, until `enough`. The next call goes on from there.
    pub(super) fn reclaim(&self, deadline: Deadline, enough: Deadline) -> Result<()> {
        let start = self.names().start_of_entries();
        self.call(("giving room back", deadline), |call| {
            let began = self.sweep.load(Ordering::Relaxed);
            let mut cursor = call.sweep(start, began)?;
            // What came meanwhile before the place where the last call ended is looked at as well.
            let mut is_last_round = began == 0;
            while enough.left().is_ok() && !(cursor == 0 && is_last_round) {
                is_last_round |= cursor == 0;
                cursor = call.sweep(start, cursor)?;
            }
            self.sweep.store(cursor, Ordering::Relaxed);
            Ok(())
        })
    }

    fn over<T>(
        &self,
        mut connection: Connection,
        deadline: Deadline,
        work: &impl Fn(&mut Call<'_>) -> core::result::Result<T, Failure>,
    ) -> core::result::Result<T, Failure> {
        let answered = work(&mut Call { connection: &mut connection, names: self.names(), deadline });
        if answered.as_ref().err().is_none_or(Failure::leaves_the_connection) && !connection.is_spent() {
            self.pool.put(connection);
        }
        if matches!(answered, Err(Failure::Late)) && self.whereabouts.may_move() {
            // It may be another one by now, and the others of its connections would be late as well.
            self.whereabouts.doubt();
            self.pool.clear();
        }
        answered
    }
}
