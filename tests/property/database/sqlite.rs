//! SQLite: a file, and the statements that the others lack.

use std::path::PathBuf;

use diesel::connection::{InstrumentationEvent, SimpleConnection};
use diesel::result::Error;
use diesel::sql_types::Integer;
use diesel::upsert::excluded;

use crate::line;
use crate::line::prelude::*;
use crate::models::{Product, ROWS, products};
use crate::people;
use crate::world::cache_name;
use crate::writes::Target;

pub type DatabaseConn = line::Sqlite;

pub const OTHER_BEGIN: &str = "BEGIN IMMEDIATE";

/// What a UUID is kept as, and given and taken as.
pub type IdSql = diesel::sql_types::Binary;
pub type IdTaken = Vec<u8>;
pub type IdGiven = [u8];

pub fn id_given(id: &uuid::Uuid) -> &IdGiven {
    id.as_bytes()
}

pub fn id_text(id: &uuid::Uuid) -> String {
    format!("X'{}'", id.simple())
}

/// What an upsert may name.
pub const TARGETS: &[Target] = &[Target::Id, Target::IdNothing, Target::Slug];

/// Whether the rows of a list come in the same order each time, though none was asked for.
pub const LISTS_KEEP_ORDER: bool = true;

/// How many programs there are of entries that become stale.
pub const AGEING_PROGRAMS: u32 = 100;

/// How many programs of jobs there are beside nine of everything: there is nothing to look up.
pub const PROGRAMS_OF_JOBS: u32 = 1;

/// Whether another connection's open transaction may be in the way of a read.
pub const READS_MAY_BE_REFUSED: bool = false;

pub fn immediate_transaction<T>(
    conn: &mut DatabaseConn,
    body: impl FnOnce(&mut DatabaseConn) -> QueryResult<T>,
) -> QueryResult<T> {
    line::immediate(conn, body)
}

/// No statement waits for another connection but those that write.
pub fn is_in_the_way(_error: &Error) -> bool {
    false
}

pub fn unseen_sql(id: i32, kind: &str, which: i32) -> String {
    match which {
        0 => format!("UPDATE notes SET body = body || '!' WHERE id = {id}"),
        1 => format!("REPLACE INTO notes VALUES ({id}, '{kind}', 'new')"),
        _ => format!("DELETE FROM notes WHERE id = {id}"),
    }
}

pub fn upsert(target: Target, row: &Product, conn: &mut DatabaseConn) -> QueryResult<usize> {
    let insert = diesel::insert_into(products::table).values(row);
    match target {
        Target::Id => insert.on_conflict(products::id).do_update().set(row).execute(conn),
        Target::IdNothing => insert.on_conflict(products::id).do_nothing().execute(conn),
        Target::Slug => {
            let set = (products::id.eq(excluded(products::id)), products::title.eq(excluded(products::title)));
            insert.on_conflict(products::slug).do_update().set(set).execute(conn)
        }
    }
}

pub fn insert_all_returning(rows: &[Product], conn: &mut DatabaseConn) -> QueryResult<usize> {
    Product::cached_in(cache_name()).insert(rows).get_results(conn).map(|rows| rows.len())
}

/// A manager's insert that gives the row back.
macro_rules! insert_returning {
    ($Model:ident, $manager:expr, $row:expr, $conn:expr) => {
        $manager.insert($row).get_result($conn).map(|_| 1)
    };
}
pub(crate) use insert_returning;

macro_rules! insert_or_ignore {
    ($target:expr, $row:expr, $conn:expr) => {
        diesel::insert_or_ignore_into($target).values($row).execute($conn)
    };
}
pub(crate) use insert_or_ignore;

/// Runs what puts a row in the place of another.
macro_rules! replace {
    ($target:expr, $row:expr, |$statement:ident| $run:expr) => {{
        let $statement = diesel::replace_into($target).values($row);
        $run
    }};
}
pub(crate) use replace;

/// A database file, and an untracked connection that keeps it in order.
pub struct Database {
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
    pub fn new(other_rows: &'static str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let keeper = keeper_of(&path_in(&dir).display().to_string());
        Self { dir, keeper, other_rows, clean: None, is_written_unseen: false }
    }

    pub fn open(&self) -> DatabaseConn {
        let mut conn = DatabaseConn::establish(&path_in(&self.dir).display().to_string()).unwrap();
        conn.batch_execute("PRAGMA synchronous = OFF; PRAGMA foreign_keys = ON;").unwrap();
        conn
    }

    /// Lets the files of two databases change places, and says whether they did; no connection is open.
    pub fn change_places(&mut self, other: &mut Self) -> bool {
        // The last connection to a file that is closed leaves nothing beside it.
        for database in [&mut *self, &mut *other] {
            database.keeper = keeper_of(":memory:");
        }
        let (here, there) = (path_in(&self.dir), path_in(&other.dir));
        let aside = here.with_extension("aside");
        for (from, to) in [(&here, &aside), (&there, &here), (&aside, &there)] {
            std::fs::rename(from, to).unwrap();
        }
        for database in [self, other] {
            database.keeper = keeper_of(&path_in(&database.dir).display().to_string());
            database.clean = None;
        }
        true
    }

    /// The versions tell.
    pub fn note_structure(&mut self) {}

    /// Brings back the rows that programs begin with.
    pub fn reset(&mut self) {
        let now = self.versions();
        if self.clean.as_ref() == Some(&now) && !self.is_written_unseen {
            return;
        }
        let is_same_schema = self.clean.as_ref().is_some_and(|clean| clean.schema_version == now.schema_version);
        let (empty, schema) = if is_same_schema { (EMPTY, "") } else { (DROP, SCHEMA) };
        self.keeper
            .batch_execute(&format!("BEGIN; {empty} {schema} {ROWS} {} {} COMMIT;", people::rows(), self.other_rows))
            .unwrap();
        self.clean = Some(self.versions());
        self.is_written_unseen = false;
    }

    pub fn write_unseen(&mut self, sql: &str) {
        self.is_written_unseen = true;
        // Where somebody else writes at present, nothing is written.
        let _ = self.keeper.batch_execute(sql);
    }

    fn versions(&mut self) -> Versions {
        let sql = "SELECT * FROM pragma_schema_version, pragma_data_version";
        diesel::RunQueryDsl::get_result(diesel::sql_query(sql), &mut self.keeper).unwrap()
    }
}

/// A connection that nobody hears of.
fn keeper_of(url: &str) -> SqliteConnection {
    let mut keeper = SqliteConnection::establish(url).unwrap();
    keeper.set_instrumentation(|_: InstrumentationEvent<'_>| {});
    keeper.batch_execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;").unwrap();
    keeper
}

fn path_in(dir: &tempfile::TempDir) -> PathBuf {
    dir.path().join("shop.db")
}

const DROP: &str = "
    DROP TABLE IF EXISTS reviews; DROP TABLE IF EXISTS products; DROP TABLE IF EXISTS labels; DROP TABLE IF EXISTS codes;
    DROP TABLE IF EXISTS folders; DROP TABLE IF EXISTS stocks; DROP TABLE IF EXISTS spare; DROP TABLE IF EXISTS tallies;
    DROP TABLE IF EXISTS notes; DROP TABLE IF EXISTS jobs; DROP TABLE IF EXISTS people;
    DROP TABLE IF EXISTS places; DROP TABLE IF EXISTS seats; DROP TABLE IF EXISTS scratch; DROP TABLE IF EXISTS aside;";

const SCHEMA: &str = "
    CREATE TABLE products (
        id INTEGER PRIMARY KEY NOT NULL, category_id INTEGER NOT NULL, owner_id INTEGER, slug TEXT NOT NULL UNIQUE,
        title TEXT NOT NULL, price INTEGER NOT NULL
    );
    CREATE TABLE labels (
        id INTEGER PRIMARY KEY NOT NULL, name TEXT NOT NULL UNIQUE COLLATE NOCASE, colour TEXT NOT NULL COLLATE NOCASE
    );
    CREATE TABLE codes (code TEXT PRIMARY KEY NOT NULL COLLATE NOCASE, value INTEGER NOT NULL);
    CREATE TABLE folders (id INTEGER PRIMARY KEY NOT NULL, parent_id INTEGER REFERENCES folders ON DELETE CASCADE);
    CREATE TABLE reviews (
        id INTEGER PRIMARY KEY NOT NULL,
        product_id INTEGER NOT NULL REFERENCES products ON DELETE CASCADE ON UPDATE CASCADE,
        author INTEGER NOT NULL, stars INTEGER NOT NULL, UNIQUE (product_id, author)
    );
    CREATE TABLE stocks (
        shop_id INTEGER NOT NULL, product_id INTEGER NOT NULL, amount INTEGER NOT NULL, PRIMARY KEY (shop_id, product_id)
    );
    CREATE TABLE spare (
        shop_id INTEGER NOT NULL, product_id INTEGER NOT NULL, amount INTEGER NOT NULL, PRIMARY KEY (shop_id, product_id)
    );
    CREATE TABLE tallies (id INTEGER PRIMARY KEY NOT NULL, number INTEGER NOT NULL);
    CREATE TRIGGER reviews_in AFTER INSERT ON reviews BEGIN
        UPDATE tallies SET number = number + 1 WHERE id = NEW.author;
    END;
    CREATE TRIGGER reviews_out AFTER DELETE ON reviews BEGIN
        UPDATE tallies SET number = number - 1 WHERE id = OLD.author;
    END;
    CREATE TABLE jobs (
        id INTEGER PRIMARY KEY NOT NULL, state TEXT NOT NULL, owner TEXT NOT NULL UNIQUE COLLATE NOCASE, former TEXT
    );
    CREATE TABLE notes (id INTEGER PRIMARY KEY NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL);
    CREATE TABLE people (
        id BLOB PRIMARY KEY NOT NULL, handle TEXT NOT NULL UNIQUE, city TEXT NOT NULL, team BLOB NOT NULL, age INTEGER NOT NULL
    );
    CREATE TABLE places (name TEXT PRIMARY KEY NOT NULL, size INTEGER NOT NULL);
    CREATE TABLE seats (person BLOB NOT NULL, name TEXT NOT NULL, row_ INTEGER NOT NULL, PRIMARY KEY (person, name));
    CREATE TABLE scratch (id INTEGER PRIMARY KEY NOT NULL);";

const EMPTY: &str = "
    DELETE FROM reviews; DELETE FROM products; DELETE FROM labels; DELETE FROM codes; DELETE FROM folders;
    DELETE FROM stocks; DELETE FROM spare; DELETE FROM tallies; DELETE FROM notes; DELETE FROM jobs;
    DELETE FROM people; DELETE FROM places; DELETE FROM seats;";
