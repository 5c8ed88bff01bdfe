//! Where a program runs: two databases, three tracked connections, one cache.

use core::time::Duration;
use std::cell::Cell;
use std::sync::{Mutex, Once};

use cache_diesel::prelude::*;

use crate::database::{Database, DatabaseConn};
use crate::models::OTHER_ROWS;
use crate::planted::Defect;
use crate::probe::Probe;
use crate::program::Conn;
use crate::scene::{ClockOfThread, Scene, StoreOfThread};

/// The name of the cache.
pub const CACHE: &str = "property";

/// One program's connections.
pub struct World {
    /// None once they were given back.
    databases: Option<Databases>,
    conns: [Option<DatabaseConn>; 3],
}

impl World {
    pub fn new(is_small: bool, defect: Option<Defect>) -> Self {
        install();
        let mut databases = lend();
        databases.iter_mut().for_each(Database::reset);
        Scene::new(is_small, defect).set();
        let conns = Conn::ALL.map(|conn| Some(database_of(&databases, conn).open()));
        Self { databases: Some(databases), conns }
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
        let opened = database_of(self.databases(), conn).open();
        self.put_back(conn, opened);
    }

    /// Writes to the database of `conn`, and nobody is told.
    pub fn write_unseen(&mut self, conn: Conn, sql: &str) {
        self.databases()[usize::from(conn == Conn::Two)].write_unseen(sql);
    }

    fn databases(&mut self) -> &mut Databases {
        self.databases.as_mut().expect("they are given back at the end")
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.conns = [None, None, None];
        let Some(mut databases) = self.databases.take() else { return };
        if IS_STRUCTURE_CHANGED.take() {
            databases.iter_mut().for_each(Database::note_structure);
        }
        IDLE.lock().unwrap().push(databases);
    }
}

fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        cache_diesel::install_with(Cache::none(), || Some(Box::new(Probe))).unwrap();
        // A read amid a read of the same thread would wait for nothing.
        let cache =
            Cache::builder().store(StoreOfThread).clock(ClockOfThread).flight_wait(Duration::ZERO).build().unwrap();
        caches::configure([(CACHE, cache)]).unwrap();
    });
}

/// The two databases of a program. The first is that of two connections.
type Databases = Box<[Database; 2]>;

/// Those that no program uses at present.
static IDLE: Mutex<Vec<Databases>> = Mutex::new(Vec::new());

thread_local! {
    static IS_STRUCTURE_CHANGED: Cell<bool> = const { Cell::new(false) };
}

/// Lets the databases be made anew before the next program.
pub fn note_structure() {
    IS_STRUCTURE_CHANGED.set(true);
}

/// Drops the databases that no program uses at present.
pub fn drop_idle() {
    drop(std::mem::take(&mut *IDLE.lock().unwrap()));
}

fn lend() -> Databases {
    let idle = IDLE.lock().unwrap().pop();
    idle.unwrap_or_else(|| Box::new([Database::new(""), Database::new(OTHER_ROWS)]))
}

fn database_of(databases: &Databases, conn: Conn) -> &Database {
    &databases[usize::from(conn == Conn::Two)]
}
