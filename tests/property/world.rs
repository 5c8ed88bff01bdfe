//! Where a program runs: two databases, three tracked connections, one cache.

use core::time::Duration;
use std::cell::RefCell;
use std::path::PathBuf;
use std::sync::Once;

use cache_diesel::prelude::*;
use diesel::connection::{InstrumentationEvent, SimpleConnection};
use diesel::prelude::*;
use diesel::sql_types::Integer;

use crate::models::{DROP, EMPTY, OTHER_ROWS, ROWS, SCHEMA};
use crate::planted::Defect;
use crate::probe::Probe;
use crate::program::Conn;
use crate::scene::{ClockOfThread, Scene, StoreOfThread};

/// The name of the cache.
pub const CACHE: &str = "property";

/// One program's connections.
pub struct World {
    conns: [Option<SqliteConnection>; 3],
}

impl World {
    pub fn new(is_small: bool, defect: Option<Defect>) -> Self {
        install();
        DATABASES.with_borrow_mut(|databases| databases.iter_mut().for_each(Database::reset));
        Scene::new(is_small, defect).set();
        Self { conns: Conn::ALL.map(|conn| Some(open(conn))) }
    }

    pub fn conn(&mut self, conn: Conn) -> &mut SqliteConnection {
        self.conns[conn as usize].as_mut().expect("it is put back when it is not needed any more")
    }

    /// The connections that nobody has taken.
    pub fn present(&self) -> Vec<Conn> {
        Conn::ALL.into_iter().filter(|conn| self.conns[*conn as usize].is_some()).collect()
    }

    pub fn take(&mut self, conn: Conn) -> SqliteConnection {
        self.conns[conn as usize].take().expect("it is put back when it is not needed any more")
    }

    pub fn put_back(&mut self, conn: Conn, taken: SqliteConnection) {
        self.conns[conn as usize] = Some(taken);
    }

    pub fn reopen(&mut self, conn: Conn) {
        drop(self.take(conn));
        self.put_back(conn, open(conn));
    }

    /// Writes to the database of `conn`, and nobody is told.
    pub fn write_unseen(conn: Conn, sql: &str) {
        DATABASES.with_borrow_mut(|databases| databases[usize::from(conn == Conn::Two)].write_unseen(sql));
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

fn open(conn: Conn) -> SqliteConnection {
    let url = DATABASES.with_borrow(|databases| databases[usize::from(conn == Conn::Two)].url());
    let mut conn = SqliteConnection::establish(&url).unwrap();
    conn.batch_execute("PRAGMA synchronous = OFF; PRAGMA foreign_keys = ON;").unwrap();
    conn
}

thread_local! {
    static DATABASES: RefCell<[Database; 2]> = RefCell::new([Database::new(""), Database::new(OTHER_ROWS)]);
}

/// A database file, and an untracked connection that keeps it in order.
struct Database {
    dir: tempfile::TempDir,
    keeper: SqliteConnection,
    other_rows: &'static str,
    /// The versions of schema and rows when they were last put in order.
    clean: Option<Versions>,
    is_written_unseen: bool,
}

#[derive(PartialEq, QueryableByName)]
struct Versions {
    #[diesel(sql_type = Integer)]
    schema_version: i32,
    /// Changed by writes of all connections but the one that asks.
    #[diesel(sql_type = Integer)]
    data_version: i32,
}

impl Database {
    fn new(other_rows: &'static str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut keeper = SqliteConnection::establish(&path_in(&dir).display().to_string()).unwrap();
        keeper.set_instrumentation(|_: InstrumentationEvent<'_>| {});
        keeper.batch_execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;").unwrap();
        Self { dir, keeper, other_rows, clean: None, is_written_unseen: false }
    }

    fn url(&self) -> String {
        path_in(&self.dir).display().to_string()
    }

    /// Brings back the rows that programs begin with.
    fn reset(&mut self) {
        let now = self.versions();
        if self.clean.as_ref() == Some(&now) && !self.is_written_unseen {
            return;
        }
        let is_same_schema = self.clean.as_ref().is_some_and(|clean| clean.schema_version == now.schema_version);
        let (empty, schema) = if is_same_schema { (EMPTY, "") } else { (DROP, SCHEMA) };
        self.keeper.batch_execute(&format!("BEGIN; {empty} {schema} {ROWS} {} COMMIT;", self.other_rows)).unwrap();
        self.clean = Some(self.versions());
        self.is_written_unseen = false;
    }

    fn write_unseen(&mut self, sql: &str) {
        self.is_written_unseen = true;
        // Where somebody else writes at present, nothing is written.
        let _ = self.keeper.batch_execute(sql);
    }

    fn versions(&mut self) -> Versions {
        let sql = "SELECT * FROM pragma_schema_version, pragma_data_version";
        diesel::sql_query(sql).get_result(&mut self.keeper).unwrap()
    }
}

fn path_in(dir: &tempfile::TempDir) -> PathBuf {
    dir.path().join("shop.db")
}
