//! Knows the servers of a cache: which of them has a key, and in which life it is.
//!
//! The server of a key follows from the list of servers alone. One that is not there is not replaced by another one: two
//! processes would disagree about it, and each would be without the other's writes.

use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::sync::Arc;
use std::thread;

use super::address::{Login, MemcachedAddress};
use super::connection::Connection;
use super::failure::Failure;
use super::item::{Target, Verb, Write};
use super::life::{Greeting, Record};
use crate::clock::Clock;
use crate::name::tag::{Tag, Token};
use crate::protocol::incarnation::Arrival;
use crate::protocol::intent::{Outcome, Writer};
use crate::store::engine::Request;
use crate::store::wire::deadline::Deadline;
use crate::store::wire::pool::Pool;
use crate::store::wire::transport::Transport;
use crate::store::{Name, Names};
use crate::sync::Mutex;

/// The servers of a cache.
#[derive(Debug)]
pub(super) struct Servers {
    servers: Vec<Server>,
    login: Option<Login>,
    list: String,
    pub(super) names: Names,
    pub(super) clock: Option<Arc<dyn Clock>>,
    timeout_nanos: AtomicU64,
    lives_met: AtomicU64,
    pub(super) trips: AtomicU64,
}

#[derive(Debug)]
struct Server {
    place: String,
    transport: Transport,
    pool: Pool<Connection>,
    met: Mutex<Option<Arc<Record>>>,
}

impl Servers {
    const TIMEOUT: Duration = Duration::from_millis(250);
    /// How long a server may tell somebody else of its keys.
    const PAUSE: Duration = Duration::from_millis(2);
    /// How often a record is written that others write too.
    const ATTEMPTS: usize = 4;

    pub(super) fn of(address: MemcachedAddress, clock: Option<Arc<dyn Clock>>) -> Self {
        let list = address.list();
        let MemcachedAddress { servers, login, names, idle_connections } = address;
        let server = |(place, transport)| {
            let (pool, met) = (Pool::of(idle_connections), Mutex::default());
            Server { place, transport, pool, met }
        };
        let servers = servers.into_iter().map(server).collect();
        let (lives_met, trips) = Default::default();
        let timeout_nanos = AtomicU64::new(Self::TIMEOUT.as_nanos() as u64);
        Self { servers, login, list, names, clock, timeout_nanos, lives_met, trips }
    }

    pub(super) const fn count(&self) -> usize {
        self.servers.len()
    }

    /// The server that has a key.
    pub(super) fn home(&self, key: &Name) -> usize {
        key.spread() % self.servers.len()
    }

    pub(super) fn set_timeout(&self, timeout: Duration) {
        self.timeout_nanos.store(u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    pub(super) fn deadline(&self) -> Deadline {
        Deadline::after(Duration::from_nanos(self.timeout_nanos.load(Ordering::Relaxed)))
    }

    pub(super) fn lives_met(&self) -> u64 {
        self.lives_met.load(Ordering::SeqCst)
    }

    /// A connection that waits for a call.
    pub(super) fn kept(&self, server: usize) -> Option<Connection> {
        self.servers[server].pool.take()
    }

    pub(super) fn keep(&self, server: usize, connection: Connection) {
        self.servers[server].pool.put(connection);
    }

    /// Ends all connections that nobody uses.
    pub(super) fn forget_connections(&self) {
        self.servers.iter().for_each(|server| server.pool.clear());
    }

    /// A new connection to a server, in the life that is recorded on it.
    pub(super) fn open(&self, server: usize, deadline: Deadline) -> Result<Connection, Failure> {
        let (mut connection, greeting) = self.greet(server, deadline)?;
        let (place, process) = (&self.servers[server].place, greeting.process()?);
        for _ in 0..Self::ATTEMPTS {
            let found = connection.find(self.names.incarnation(), deadline)?;
            let recorded = found.as_ref().and_then(|item| Record::read(&item.bytes));
            match (Record::arrive(recorded.as_ref(), (&self.list, &process), place)?, recorded) {
                (Arrival::Proceed, Some(record)) => {
                    connection.settle(record);
                    self.meet(server, &connection);
                    return Ok(connection);
                }
                _ => {
                    // First the root: whoever finds the record goes by it.
                    self.change_root(server, &mut connection, deadline)?;
                    let verb = found.map_or(Verb::Add, |item| Verb::Compare(item.unique));
                    let record = Record::fresh(&self.list, &process, greeting.time()?);
                    let (key, seconds) = (self.names.incarnation().clone(), record.seconds());
                    let write = Write { key, verb, bytes: record.as_str().into(), seconds };
                    // If somebody else was first, his is found.
                    connection.write_alone(&write, deadline)?;
                }
            }
        }
        Err(Failure::OtherLife)
    }

    /// The largest item that a server takes; also whether it is one that can be used.
    pub(super) fn largest_item(&self, server: usize) -> Result<Option<usize>, Failure> {
        let deadline = self.deadline();
        let greeted = self.greet(server, deadline);
        if matches!(greeted, Err(Failure::Broken(_) | Failure::Late)) {
            let Server { place, transport, .. } = &self.servers[server];
            if Connection::speaks_another_protocol(transport, self.deadline()) {
                let reason = "speaks the binary protocol alone (`-S` or `-B binary`): use `-Y` for users";
                return Err(Failure::Wrong(format!("the memcached at {place} {reason}")));
            }
        }
        let (_, greeting) = greeted?;
        let connection = self.open(server, deadline)?;
        self.keep(server, connection);
        Ok(greeting.largest_item())
    }

    /// Removes the entries that a server tells of, until it tells of none. It leaves out what is in use at that moment, and
    /// tells nothing while it tells somebody else.
    pub(super) fn reclaim(&self, server: usize, deadline: Deadline) -> Result<(), Failure> {
        // Not one that waits: a server that is asked for its keys may end the connection.
        let mut connection = self.open(server, deadline)?;
        let is_in_time = || deadline.left().is_ok_and(|left| left > Self::PAUSE);
        while is_in_time() {
            match connection.keys(self.names.start_of_entries(), deadline) {
                Ok(keys) if keys.is_empty() => break,
                Ok(keys) => connection.delete(&keys, deadline)?,
                Err(Failure::Refused(line)) if line.starts_with("BUSY") => thread::sleep(Self::PAUSE),
                Err(Failure::Refused(_)) => break,
                Err(failure) => return Err(failure),
            }
        }
        Ok(())
    }

    fn greet(&self, server: usize, deadline: Deadline) -> Result<(Connection, Greeting), Failure> {
        let Server { place, transport, .. } = &self.servers[server];
        let (connection, greeting) = Connection::open((transport, self.login.as_ref()), self.clock.clone(), deadline)?;
        greeting.check(place)?;
        Ok((connection, greeting))
    }

    /// Gives the root another token, wherever it is kept.
    fn change_root(&self, server: usize, own: &mut Connection, deadline: Deadline) -> Result<(), Failure> {
        let home = self.home(&self.names.tag(&Tag::root()).token);
        if home == server {
            return self.change_root_over(own, deadline);
        }
        let mut connection = match self.kept(home) {
            Some(connection) => connection,
            None => self.open(home, deadline)?,
        };
        self.change_root_over(&mut connection, deadline)?;
        self.keep(home, connection);
        Ok(())
    }

    fn change_root_over(&self, connection: &mut Connection, deadline: Deadline) -> Result<(), Failure> {
        let root = self.names.tag(&Tag::root());
        let target = Target::of_tag(&root);
        loop {
            let item = connection.find(target.key(), deadline)?;
            let release = (root.clone(), Outcome::Changed, Token::fresh());
            let request = Request::Release(Writer::fresh(), vec![release], Vec::new());
            let now = connection.now_at_least();
            match target.decide(item.as_ref(), (self.names.start_of_entries(), request), now) {
                (_, None) => return Ok(()),
                (_, Some(write)) if connection.write_alone(&write, deadline)? => return Ok(()),
                _ => {}
            }
        }
    }

    /// Counts the lives that a server was met in after the first.
    fn meet(&self, server: usize, connection: &Connection) {
        let mut met = self.servers[server].met.lock();
        let is_first = met.is_none() && self.lives_met() > 0;
        if met.as_ref() != connection.record() {
            *met = connection.record().cloned();
            self.lives_met.fetch_add(u64::from(!is_first), Ordering::SeqCst);
        }
    }
}
