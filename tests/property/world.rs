//! Where a program runs: two databases, three tracked connections, one cache.

use core::time::Duration;
use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, Once};

use cache_diesel::prelude::*;

use crate::database::{Database, DatabaseConn};
use crate::line;
use crate::models::OTHER_ROWS;
use crate::planted::Defect;
use crate::probe::Probe;
use crate::program::{Conn, Program};
use crate::scene::{ClockOfThread, Scene, StoreOfThread};

/// The name of the cache of the programs.
const CACHE: &str = "property";

/// After how long an entry is stale.
pub const SECONDS_TO_STALE: u64 = 45;

/// One program's connections.
pub struct World {
    /// None once they were given back.
    databases: Option<Databases>,
    conns: [Option<DatabaseConn>; 3],
    /// Those that have looked types up.
    knowing: [bool; 3],
    /// Whether the database that was the first one has a replica, so that both go by one name.
    has_replica: bool,
    /// The connection that leads to that database, and others may.
    first: Conn,
}

impl World {
    pub fn new(program: &Program, defect: Option<Defect>) -> Self {
        install();
        let mut databases = lend();
        databases.both.iter_mut().for_each(Database::reset);
        Scene::new(program.is_small, defect).set();
        let (conns, has_replica) = ([None, None, None], program.lags());
        let mut world = Self { databases: Some(databases), conns, knowing: [false; 3], has_replica, first: Conn::A };
        Conn::ALL.into_iter().for_each(|conn| world.put_anew(conn));
        world
    }

    pub fn conn(&mut self, conn: Conn) -> &mut DatabaseConn {
        self.conns[conn as usize].as_mut().expect("it is put back when it is not needed any more")
    }

    /// The connections that nobody has taken.
    pub fn present(&self) -> Vec<Conn> {
        Conn::ALL.into_iter().filter(|conn| self.conns[*conn as usize].is_some()).collect()
    }

    pub fn take(&mut self, conn: Conn) -> DatabaseConn {
        self.conns[conn as usize].take().expect("it is put back when it is not needed any more")
    }

    pub fn put_back(&mut self, conn: Conn, taken: DatabaseConn) {
        self.conns[conn as usize] = Some(taken);
    }

    pub fn reopen(&mut self, conn: Conn) {
        drop(self.take(conn));
        self.put_anew(conn);
    }

    fn put_anew(&mut self, conn: Conn) {
        let opened = self.open(conn);
        self.put_back(conn, opened);
        self.knowing[conn as usize] = false;
    }

    /// Whether a connection did not look types up before; from now on it did.
    pub fn is_first_look_up(&mut self, conn: Conn) -> bool {
        !std::mem::replace(&mut self.knowing[conn as usize], true)
    }

    /// Lets the databases change places under all connections, where that can be.
    pub fn change_places(&mut self) {
        self.conns = [None, None, None];
        let [first, second] = &mut self.databases().both;
        if first.change_places(second) {
            self.first = if self.first == Conn::A { Conn::Two } else { Conn::A };
        }
        Conn::ALL.into_iter().for_each(|conn| self.put_anew(conn));
    }

    /// A connection besides, to the database of `conn`.
    pub fn open(&mut self, conn: Conn) -> DatabaseConn {
        let name = (self.has_replica && conn.shares_database(self.first)).then(|| self.databases().name());
        let mut opened = self.databases().both[usize::from(conn == Conn::Two)].open();
        if let Some(name) = name {
            line::identify(&mut opened, &name).unwrap();
        }
        opened
    }

    /// A connection to the replica, and the name of one to what it copies.
    pub fn open_replica(&mut self) -> (Conn, DatabaseConn) {
        let name = self.databases().name();
        let copy = self.databases().copy.get_or_insert_with(|| {
            let mut copy = Database::new("");
            copy.reset();
            copy
        });
        let mut opened = copy.open();
        line::identify(&mut opened, &name).unwrap();
        line::replica(&mut opened).unwrap();
        (self.first, opened)
    }

    /// Writes to the database of `conn`, and nobody is told.
    pub fn write_unseen(&mut self, conn: Conn, sql: &str) {
        self.databases().both[usize::from(conn == Conn::Two)].write_unseen(sql);
    }

    fn databases(&mut self) -> &mut Databases {
        self.databases.as_mut().expect("they are given back at the end")
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.conns = [None, None, None];
        let Some(mut databases) = self.databases.take() else { return };
        if take_structure_change() {
            databases.both.iter_mut().for_each(Database::note_structure);
        }
        IDLE.lock().unwrap().push(databases);
    }
}

pub fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        cache_diesel::install_with(Cache::none(), || Some(Box::new(Probe))).unwrap();
        // A read amid a read of the same thread would wait for nothing.
        let cache = Cache::builder().store(StoreOfThread).clock(ClockOfThread).flight_wait(Duration::ZERO);
        let cache = cache.relevance_timeout(Duration::from_secs(SECONDS_TO_STALE)).build().unwrap();
        caches::configure([(CACHE, cache)]).unwrap();
    });
}

/// What programs need of databases.
struct Databases {
    /// The first is that of two connections.
    both: [Database; 2],
    /// The first one, as it is when a program begins.
    copy: Option<Database>,
    number: usize,
}

impl Databases {
    fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let both = [Database::new(""), Database::new(OTHER_ROWS)];
        Self { both, copy: None, number: COUNT.fetch_add(1, Ordering::Relaxed) }
    }

    /// What the first one and its replica are called.
    fn name(&self) -> String {
        format!("property {}", self.number)
    }
}

/// Those that no program uses at present.
static IDLE: Mutex<Vec<Databases>> = Mutex::new(Vec::new());

thread_local! {
    static NAME: Cell<&'static str> = const { Cell::new(CACHE) };
    static IS_STRUCTURE_CHANGED: Cell<bool> = const { Cell::new(false) };
}

/// The name of the cache that this thread reads through.
pub fn cache_name() -> &'static str {
    NAME.get()
}

/// Lets this thread read through another cache.
pub fn read_through(name: &'static str) {
    NAME.set(name);
}

/// Lets the databases be made anew before the next program.
pub fn note_structure() {
    IS_STRUCTURE_CHANGED.set(true);
}

/// Whether a program on this thread has changed the structure since this was asked last.
pub fn take_structure_change() -> bool {
    IS_STRUCTURE_CHANGED.take()
}

/// Drops the databases that no program uses at present.
pub fn drop_idle() {
    drop(std::mem::take(&mut *IDLE.lock().unwrap()));
}

fn lend() -> Databases {
    let idle = IDLE.lock().unwrap().pop();
    idle.unwrap_or_else(Databases::new)
}
