//! Links a store to a server of Redis or Valkey: one call, one connection, one deadline.

use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::sync::Arc;

use super::track::RedisSubscriber;
use super::whereabouts::Whereabouts;
use crate::error::{Error, Result};
use crate::name::key::Fingerprint;
use crate::name::tag::Token;
use crate::protocol::intent::{Outcome, Writer};
use crate::protocol::notes::{Notes, Remark};
use crate::store::link::{Commenced, Commencing, Link, Opening, Packed, ReadReply, Replacing, Swap};
use crate::store::names::{Name, Names, TableName, TagName};
use crate::store::redis::command::call::Call;
use crate::store::redis::command::change::TagCommand;
use crate::store::redis::command::connection::Connection;
use crate::store::redis::command::outbox::Outbox;
use crate::store::redis::wire::address::{Address, NearSettings};
use crate::store::redis::wire::failure::{Deadline, Failure};
use crate::store::track::{Incarnation, Subscriber};
use crate::store::wire::pool::Pool;
use crate::store::{Released, Seeded, Usage};
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

/// A process's connections to one server of Redis 6.2 or later, or of Valkey: the one that the URL names, the primary that
/// sentinels tell of, or the primary of one slot of a cluster.
///
/// A connection is made when a call needs one, and compared with the server's incarnation before anything else. It
/// carries one call at a time, is kept when that was answered, and is dropped when anything went wrong. A call that
/// finds that a kept connection is gone, or leads to a server that is no primary any more, is sent once more, over a new one, with new tokens; a call that is late is not,
/// nor is one that [opens](Link::open) or [swaps](Link::swap) slots, or claims notes, and may have been done.
///
/// # Consistency
///
/// Each read asks the server whether it would take a write, and whether its incarnation is still that of the connection.
/// So nothing is read from a replica, from a primary that became one, or from a server that refuses writes (its disk is
/// full, or its replicas are gone): nobody could tell it of changes. A server that is *full* can still be read, and
/// takes releases.
#[derive(Debug)]
pub struct RedisLink {
    whereabouts: Arc<Whereabouts>,
    pool: Pool<Connection>,
    outbox: Outbox,
    timeout_nanos: AtomicU64,
    met: Met,
    /// Where the next call goes on that gives room back.
    sweep: AtomicU64,
}

impl RedisLink {
    /// How long a call may take before the cache says so.
    const TIMEOUT: Duration = Duration::from_millis(500);

    /// A link as a URL describes it: `redis://user:password@host:port/db?prefix=shop`, `rediss://..` with the feature
    /// `redis-tls`, or `unix:///path?db=1&user=..&password=..`.
    ///
    /// `redis+sentinel://a,b,c/name?prefix=shop` asks sentinels where the primary `name` is, and
    /// `redis+cluster://a,b,c?prefix=shop` the nodes of a cluster who has the slot of the prefix; over TLS `rediss+..`.
    ///
    /// | part | if not said | what |
    /// |---|---|---|
    /// | port | 6379; of a sentinel 26379 | |
    /// | db | 0 | the number of the database on the server |
    /// | `prefix` | `cache` | what the names of all keys begin with; two programs with one prefix share a cache |
    /// | `idle_connections` | 64 | how many connections are kept that nobody uses |
    /// | `sentinel_password`, `sentinel_user` | no log-in | what the sentinels are told; user and password are the primary's |
    /// | `ca` | the system's | the file of certificates (PEM) by which a `rediss://` server is known |
    ///
    /// Special characters in user and password are percent-encoded. Nothing is connected to: a server that is not
    /// there is no error here.
    ///
    /// # Errors
    ///
    /// Returns an error of [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) that names the part that is
    /// wrong, and never the password.
    pub fn from_url(url: &str) -> Result<Self> {
        let address = Address::read(url)?;
        if address.near != NearSettings::default() {
            return Err(Error::configuration("`near` and `max_staleness` are parameters of a cache, not of a link"));
        }
        Ok(Self::to(address))
    }

    pub(super) fn to(address: Address) -> Self {
        let pool = Pool::of(address.idle_connections);
        let (outbox, timeout_nanos, met, sweep) = Default::default();
        let whereabouts = Arc::new(Whereabouts::of(address));
        let link = Self { whereabouts, pool, outbox, timeout_nanos, met, sweep };
        link.set_timeout(Self::TIMEOUT);
        link
    }

    fn timeout(&self) -> Duration {
        Duration::from_nanos(self.timeout_nanos.load(Ordering::Relaxed))
    }

    /// Makes a call over a connection that is open, or over a new one.
    fn call<T>(&self, doing: &str, work: impl Fn(&mut Call<'_>) -> core::result::Result<T, Failure>) -> Result<T> {
        let deadline = Deadline::after(self.timeout());
        self.carry(deadline, work).map_err(|failure| failure.into_error(doing))
    }

    /// Makes a call that is not sent again where it may have been done, or may still be: the bytes of a slot tell one
    /// writing from all others. Done twice, an increment would count twice, and what was removed since could come back; a
    /// claim could hold for a note that was made since.
    ///
    /// Connections that the server has ended are found before, so that it costs no call that nobody used them for long.
    fn call_once<T>(&self, doing: &str, work: impl Fn(&mut Call<'_>) -> core::result::Result<T, Failure>) -> Result<T> {
        let deadline = Deadline::after(self.timeout());
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
    fn call_after<T>(
        &self,
        doing: &str,
        work: impl Fn(&mut Call<'_>) -> core::result::Result<T, Failure>,
    ) -> Result<T> {
        let deadline = Deadline::after(self.timeout());
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
    pub(super) fn check(&self) -> Result<()> {
        match self.open_connection(Deadline::after(self.timeout())) {
            Ok(connection) => self.pool.put(connection),
            Err(Failure::Wrong(reason)) => return Err(Error::configuration(reason)),
            Err(_) => {}
        }
        Ok(())
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

impl Link for RedisLink {
    fn names(&self) -> &Names {
        &self.whereabouts.address().names
    }

    fn subscriber(&self) -> Option<Box<dyn Subscriber>> {
        Some(Box::new(RedisSubscriber::of(Arc::clone(&self.whereabouts))))
    }

    fn set_timeout(&self, timeout: Duration) {
        let nanos = u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX);
        self.timeout_nanos.store(nanos, Ordering::Relaxed);
    }

    fn read(&self, entries: &[Name], tags: &[TagName]) -> Result<ReadReply> {
        if entries.is_empty() && tags.is_empty() {
            return Ok(ReadReply::default());
        }
        self.call("reading entries", |call| call.read(entries, tags))
    }

    fn seed_and_read(&self, seeded: &[TagName], entries: &[Name], tags: &[TagName]) -> Result<(ReadReply, usize)> {
        self.call("reading entries", |call| call.seed_and_read(seeded, (entries, tags)))
    }

    fn seed(&self, tags: &[TagName], notes: &[Name]) -> Result<Seeded> {
        self.call("seeding tags", |call| call.seed(tags, notes))
    }

    fn place(&self, writer: Writer, tags: &[TagName], life: Duration, notes: &[Name]) -> Result<Vec<Option<Notes>>> {
        self.call("placing intents", |call| call.change(TagCommand::Place(writer, tags, life), notes))
    }

    fn release(&self, writer: Writer, releases: &[(TagName, Outcome)], notes: &[Name]) -> Result<Vec<Option<Notes>>> {
        self.call("releasing intents", |call| call.change(TagCommand::Release(writer, releases), notes))
    }

    fn release_comparing(&self, writer: Writer, releases: &[Replacing], notes: &[Name]) -> Result<Released> {
        self.call("releasing intents", |call| call.replace(writer, releases, notes))
    }

    fn remark(&self, table: &TableName, remark: Remark) -> Result<bool> {
        let doing = "changing notes";
        match remark {
            Remark::Claim { .. } => self.call_once(doing, |call| call.remark(table, remark, &[])),
            _ => self.call(doing, |call| call.remark(table, remark, &[])),
        }
    }

    fn restore(&self, table: &TableName, own: Fingerprint, wide: &[TagName]) -> Result<bool> {
        self.call("making notes anew", |call| call.remark(table, Remark::Restore(own), wide))
    }

    /// In one round trip. Lives of more than 30 days are shortened to that.
    fn put(&self, entries: &[Packed], lease: Option<(&Name, Writer)>) -> Result<()> {
        self.call_after("storing entries", |call| call.put(entries, lease))
    }

    /// In one round trip, which is waited for if the entries have more than 64 KiB, or if the connection has not kept a tag
    /// before. Otherwise the connection goes back to the others and owes the replies: whoever takes it next reads them
    /// first, within the time of its own call.
    fn send(&self, entries: &[Packed], lease: Option<(&Name, Writer)>) -> Result<()> {
        self.call("sending entries", |call| call.send(entries, lease, &self.outbox))
    }

    fn unacknowledged_count(&self) -> u64 {
        self.outbox.unacknowledged_count()
    }

    fn remove(&self, entries: &[Name]) -> Result<()> {
        if entries.is_empty() { Ok(()) } else { self.call_after("removing entries", |call| call.remove(entries)) }
    }

    /// In one round trip.
    fn forget(&self, entries: &[(Name, TagName)]) -> Result<()> {
        if entries.is_empty() { Ok(()) } else { self.call_after("removing entries", |call| call.forget(entries)) }
    }

    /// Lives of more than 30 days are shortened to that.
    fn open(&self, slots: &[Packed], tags: &[TagName]) -> Result<ReadReply> {
        if slots.is_empty() {
            return self.read(&[], tags);
        }
        self.call_once("opening slots", |call| call.open(slots, tags))
    }

    /// Lives of more than 30 days are shortened to that.
    fn swap(&self, swaps: &[Swap]) -> Result<Vec<bool>> {
        if swaps.is_empty() {
            return Ok(Vec::new());
        }
        self.call_once("swapping slots", |call| call.swap(swaps))
    }

    fn lease(&self, lease: &Name, holder: Writer, life: Duration) -> Result<bool> {
        self.call("taking a lease", |call| call.lease(lease, holder, Some(life)))
    }

    /// In one round trip.
    fn start(&self, starting: &Commencing<'_>) -> Result<Commenced> {
        self.call("beginning a load", |call| call.start(starting))
    }

    /// In one round trip, unless there are tags without a token, or such as intents stand beside.
    fn begin(&self, lease: (&Name, Writer, Duration), sought: (&Name, &[TagName]), notes: &[Name]) -> Result<Opening> {
        self.call("beginning a load", |call| call.begin(lease, sought, notes))
    }

    /// In one round trip.
    fn give_up(&self, lease: &Name, holder: Writer, unused: &[(TagName, Token)]) -> Result<()> {
        self.call("ending a lease", |call| match unused {
            [] => call.lease(lease, holder, None).map(drop),
            unused => call.give_up(lease, holder, unused),
        })
    }

    /// Looks the server's keys through in steps, for half of a call's time. The next call goes on from there; what
    /// nobody asks for expires by itself.
    fn stamp(&self) -> Result<()> {
        self.call("giving a stamp", |call| call.stamp())
    }

    fn reclaim(&self) -> Result<()> {
        let enough = Deadline::after(self.timeout() / 2);
        let start = self.names().start_of_entries();
        self.call("giving room back", |call| {
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

    fn incarnations_met(&self) -> u64 {
        self.met.count.load(Ordering::SeqCst)
    }

    /// Zeros: counting keys would take as long as looking at all of them.
    fn usage(&self) -> Usage {
        Usage::default()
    }
}
