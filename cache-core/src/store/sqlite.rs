//! Keeps entries and tags in a file of SQLite: the processes of one host share it, without a server.

mod address;
mod boot;
mod connection;
mod failure;
mod file;
mod room;

use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::sync::Arc;
use std::time::Instant;

pub(crate) use address::SqliteAddress;

use crate::clock::Clock;
use crate::error::Result;
use crate::store::engine::{Changes, Engine, EngineLink, View};
use crate::store::{Name, RemoteStore, Usage};
use crate::sync::Mutex;
use connection::Connection;
use failure::Failure;
use file::CacheFile;
use room::Room;

/// A link to a file of SQLite.
pub type SqliteLink = EngineLink<SqliteEngine>;

/// A store in a file of SQLite.
pub type SqliteStore = RemoteStore<SqliteLink>;

/// A file of SQLite, as the rows of a store.
///
/// # Time
///
/// Processes of one host share the kernel's clock that counts since the boot, sleep included, and never jumps. The file says
/// what the wall's clock said when it began, so that times from before a boot keep their meaning. Where the kernel does not
/// say which boot it is in, which only Linux does, it is the wall's clock.
#[derive(Debug)]
pub struct SqliteEngine {
    file: CacheFile,
    room: Room,
    clock: Option<Arc<dyn Clock>>,
    timeout_nanos: AtomicU64,
    idle: Mutex<Vec<Connection>>,
}

impl SqliteLink {
    /// A link to the file that a URL describes: `sqlite:///dev/shm/shop.cache?prefix=shop&capacity=64mb` for a file of
    /// which entries are served until the machine stops, `file:///var/cache/shop?prefix=shop` for a directory in which
    /// they are kept over that too.
    ///
    /// # Errors
    ///
    /// Returns an error of [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) that names the part of the URL
    /// that is wrong, or says why the file cannot be used.
    pub fn from_url(url: &str) -> Result<Self> {
        Self::at(SqliteAddress::read(url)?, None)
    }

    /// The same by the time of `clock`, for tests. All processes have to share it.
    ///
    /// # Errors
    ///
    /// As [`from_url`](Self::from_url).
    pub fn with_clock(url: &str, clock: impl Clock) -> Result<Self> {
        Self::at(SqliteAddress::read(url)?, Some(Arc::new(clock)))
    }

    pub(crate) fn at(address: SqliteAddress, clock: Option<Arc<dyn Clock>>) -> Result<Self> {
        Ok(Self::new(SqliteEngine::open(address.file, Room::of(address.capacity), clock)?, address.names))
    }
}

impl SqliteEngine {
    const DEFAULT_TIMEOUT: Duration = Duration::from_millis(250);
    /// How many connections are kept that nobody uses: each has some files open, and a small cache.
    const MOST_IDLE: usize = 32;

    fn open(file: CacheFile, room: Room, clock: Option<Arc<dyn Clock>>) -> Result<Self> {
        let timeout_nanos = AtomicU64::new(Self::DEFAULT_TIMEOUT.as_nanos() as u64);
        let engine = Self { file, room, clock, timeout_nanos, idle: Mutex::default() };
        engine.file.prepare()?;
        // A file that others keep busy is there: the store is tried again when it is asked.
        match engine.connect(Instant::now() + Duration::from_secs(5)) {
            Ok(connection) => engine.keep(connection),
            Err(failure) if failure.is_passing() => {}
            Err(failure) => return Err(failure.into_refusal()),
        }
        Ok(engine)
    }

    /// Carries out `work` on a connection to the file that is there. What breaks a connection drops it.
    fn carry<T>(
        &self,
        doing: &'static str,
        mut work: impl FnMut(&mut Connection, Instant) -> core::result::Result<T, Failure>,
    ) -> Result<T> {
        let deadline = Instant::now() + Duration::from_nanos(self.timeout_nanos.load(Ordering::Relaxed));
        let mut carry = || {
            let mut connection = self.take(deadline)?;
            let done = work(&mut connection, deadline)?;
            self.keep(connection);
            Ok(done)
        };
        let done = carry().or_else(|failure: Failure| {
            if !failure.is_broken() {
                return Err(failure);
            }
            // Only what is nobody else's is thrown away; everybody begins anew with an empty file.
            self.idle.lock().clear();
            self.file.discard()?;
            carry()
        });
        done.map_err(|failure| failure.into_error(doing))
    }

    fn take(&self, deadline: Instant) -> core::result::Result<Connection, Failure> {
        while let Some(connection) = self.idle.lock().pop() {
            if connection.leads_to(&self.file) {
                return Ok(connection);
            }
        }
        self.connect(deadline)
    }

    fn connect(&self, deadline: Instant) -> core::result::Result<Connection, Failure> {
        Connection::open(&self.file, &self.room, self.clock.clone(), deadline)
    }

    fn keep(&self, connection: Connection) {
        let mut idle = self.idle.lock();
        if idle.len() < Self::MOST_IDLE {
            idle.push(connection);
        }
    }
}

impl Engine for SqliteEngine {
    fn set_timeout(&self, timeout: Duration) {
        let nanos = u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX / 4);
        self.timeout_nanos.store(nanos.min(u64::MAX / 4), Ordering::Relaxed);
    }

    fn read(&self, names: &[Name]) -> Result<View> {
        self.carry("reading rows", |connection, deadline| connection.read(names, deadline))
    }

    fn change(&self, names: &[Name], decide: &mut dyn FnMut(View) -> Changes) -> Result<()> {
        self.carry("changing rows", |connection, deadline| {
            match connection.change(names, decide, deadline) {
                Err(failure) if failure.is_full() => {
                    connection.make_room(&self.room, deadline)?;
                    connection.change(names, decide, deadline)?;
                }
                done => done?,
            }
            // A file that was taken away while it was written is nobody's any more.
            if connection.leads_to(&self.file) { Ok(()) } else { Err(Failure::moved()) }
        })
    }

    fn remove_all(&self, start: &str) -> Result<()> {
        self.carry("removing rows", |connection, deadline| connection.remove_all(start, deadline))
    }

    fn cull(&self) -> Result<()> {
        self.carry("removing what has expired", |connection, deadline| connection.cull(&self.room, deadline))
    }

    fn usage(&self) -> Usage {
        self.carry("counting bytes", |connection, deadline| connection.usage(deadline)).unwrap_or_default()
    }
}
