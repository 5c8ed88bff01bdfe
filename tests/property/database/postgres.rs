//! PostgreSQL: two databases on a server, and the statements that it has.

use diesel::connection::{InstrumentationEvent, SimpleConnection};
use diesel::result::Error;
use diesel::upsert::excluded;
use tests::servers;

use crate::line::prelude::*;
use crate::line;
use crate::models::{Product, ROWS, products};
use crate::people;
use crate::world::cache_name;
use crate::writes::Target;

pub type DatabaseConn = line::Postgres;

pub const OTHER_BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ";

/// What a UUID is kept as, and given and taken as.
pub type IdSql = diesel::sql_types::Uuid;
pub type IdTaken = uuid::Uuid;
pub type IdGiven = uuid::Uuid;

pub fn id_given(id: &uuid::Uuid) -> &IdGiven {
    id
}

pub fn id_text(id: &uuid::Uuid) -> String {
    format!("'{id}'")
}

/// What an upsert may name.
pub const TARGETS: &[Target] = &[Target::Id, Target::IdNothing, Target::Slug];

/// Whether the rows of a list come in the same order each time, though none was asked for.
pub const LISTS_KEEP_ORDER: bool = false;

/// How many programs there are of entries that become stale.
pub const AGEING_PROGRAMS: u32 = 25;

/// How many programs of jobs there are beside nine of everything: their types are looked up here.
pub const PROGRAMS_OF_JOBS: u32 = 4;

/// Whether another connection's open transaction may be in the way of a read.
pub const READS_MAY_BE_REFUSED: bool = true;

pub fn immediate_transaction<T>(
    conn: &mut DatabaseConn,
    body: impl FnOnce(&mut DatabaseConn) -> QueryResult<T>,
) -> QueryResult<T> {
    line::repeatable_read(conn, body)
}

/// Whether another connection's open transaction made a statement fail, at once or earlier in the transaction.
pub fn is_in_the_way(error: &Error) -> bool {
    const SIGNS: [&str; 3] = ["lock timeout", "could not serialize", "transaction is aborted"];
    matches!(error, Error::DatabaseError(_, told) if SIGNS.iter().any(|sign| told.message().contains(sign)))
}

pub fn unseen_sql(id: i32, kind: &str, which: i32) -> String {
    match which {
        0 => format!("UPDATE notes SET body = body || '!' WHERE id = {id}"),
        1 => format!(
            "INSERT INTO notes VALUES ({id}, '{kind}', 'new') ON CONFLICT (id) DO UPDATE SET kind = excluded.kind"
        ),
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
        diesel::insert_into($target).values($row).on_conflict_do_nothing().execute($conn)
    };
}
pub(crate) use insert_or_ignore;

/// Runs what puts a row in the place of another.
macro_rules! replace {
    ($target:expr, $row:expr, |$statement:ident| $run:expr) => {{
        let key = diesel::Table::primary_key(&$target);
        let $statement = diesel::insert_into($target).values($row).on_conflict(key).do_update().set($row);
        $run
    }};
}
pub(crate) use replace;

/// A database, and an untracked connection that keeps it in order.
pub struct Database {
    // Its connection ends before its database does.
    keeper: PgConnection,
    database: servers::Database,
    other_rows: &'static str,
    has_citext: bool,
    has_schema: bool,
}

impl Database {
    pub fn new(other_rows: &'static str) -> Self {
        let database = servers::postgres::fresh_database();
        let mut keeper = PgConnection::establish(database.url()).unwrap();
        keeper.set_instrumentation(|_: InstrumentationEvent<'_>| {});
        keeper.batch_execute("SET client_min_messages = error").unwrap();
        // Where schemas that are dropped do not take it along.
        let has_citext = keeper.batch_execute("CREATE EXTENSION citext SCHEMA pg_catalog").is_ok();
        Self { keeper, database, other_rows, has_citext, has_schema: false }
    }

    /// Opens a connection whose statements do not wait for others long: these are on the same thread.
    pub fn open(&self) -> DatabaseConn {
        let mut conn = DatabaseConn::establish(self.database.url()).unwrap();
        conn.batch_execute("SET lock_timeout = '10ms'; SET client_min_messages = error").unwrap();
        conn
    }

    /// No: which one a name leads to is said by its server.
    pub fn change_places(&mut self, _other: &mut Self) -> bool {
        false
    }

    pub fn note_structure(&mut self) {
        self.has_schema = false;
    }

    /// Brings back the rows that programs begin with.
    pub fn reset(&mut self) {
        let mut schema = if self.has_schema { EMPTY.to_owned() } else { SCHEMA.to_owned() };
        if !self.has_citext {
            schema = schema.replace("-- citext", "CREATE DOMAIN citext AS TEXT COLLATE without_case;");
        }
        // Connections of the program before may be about to end.
        self.keeper.batch_execute("SET lock_timeout = '20s'").unwrap();
        self.keeper.batch_execute(&format!("BEGIN; {schema} {ROWS} {} {} COMMIT;", people::rows(), self.other_rows)).unwrap();
        self.keeper.batch_execute("SET lock_timeout = '10ms'").unwrap();
        self.has_schema = true;
    }

    pub fn write_unseen(&mut self, sql: &str) {
        // Where somebody else writes at present, nothing is written.
        let _ = self.keeper.batch_execute(sql);
    }
}

/// A TRUNCATE would take longer than most programs.
const EMPTY: &str = "
    DELETE FROM reviews; DELETE FROM products; DELETE FROM labels; DELETE FROM codes; DELETE FROM folders;
    DELETE FROM stocks; DELETE FROM spare; DELETE FROM tallies; DELETE FROM notes; DELETE FROM jobs;
    DELETE FROM people; DELETE FROM places; DELETE FROM seats;
    SELECT setval('reviews_id_seq', 4, false), setval('notes_id_seq', 4, false);";

const SCHEMA: &str = "
    DROP SCHEMA public CASCADE;
    CREATE SCHEMA public;
    CREATE COLLATION without_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
    CREATE TABLE products (
        id INTEGER PRIMARY KEY, category_id INTEGER NOT NULL, owner_id INTEGER, slug TEXT NOT NULL UNIQUE,
        title TEXT NOT NULL, price INTEGER NOT NULL
    );
    CREATE TABLE labels (
        id INTEGER PRIMARY KEY, name TEXT COLLATE without_case NOT NULL UNIQUE, colour TEXT COLLATE without_case NOT NULL
    );
    CREATE TABLE codes (code TEXT COLLATE without_case PRIMARY KEY, value INTEGER NOT NULL);
    CREATE TABLE folders (id INTEGER PRIMARY KEY, parent_id INTEGER REFERENCES folders ON DELETE CASCADE);
    CREATE TABLE reviews (
        id INTEGER PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY (START WITH 4),
        product_id INTEGER NOT NULL REFERENCES products ON DELETE CASCADE ON UPDATE CASCADE,
        author INTEGER NOT NULL, stars INTEGER NOT NULL, UNIQUE (product_id, author)
    );
    CREATE TABLE stocks (
        shop_id INTEGER NOT NULL, product_id INTEGER NOT NULL, amount INTEGER NOT NULL, PRIMARY KEY (shop_id, product_id)
    );
    CREATE TABLE spare (
        shop_id INTEGER NOT NULL, product_id INTEGER NOT NULL, amount INTEGER NOT NULL, PRIMARY KEY (shop_id, product_id)
    );
    CREATE TABLE tallies (id INTEGER PRIMARY KEY, number INTEGER NOT NULL);
    CREATE FUNCTION count_reviews() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'INSERT' THEN
            UPDATE tallies SET number = number + 1 WHERE id = NEW.author;
        ELSE
            UPDATE tallies SET number = number - 1 WHERE id = OLD.author;
        END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER reviews_in AFTER INSERT ON reviews FOR EACH ROW EXECUTE FUNCTION count_reviews();
    CREATE TRIGGER reviews_out AFTER DELETE ON reviews FOR EACH ROW EXECUTE FUNCTION count_reviews();
    -- citext
    CREATE TYPE job_state AS ENUM ('open', 'paused', 'done');
    CREATE TABLE jobs (id INTEGER PRIMARY KEY, state job_state NOT NULL, owner citext NOT NULL UNIQUE, former job_state);
    CREATE TABLE notes (
        id INTEGER PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY (START WITH 4), kind TEXT NOT NULL, body TEXT NOT NULL
    );
    CREATE TABLE people (
        id UUID PRIMARY KEY NOT NULL, handle TEXT NOT NULL UNIQUE, city TEXT NOT NULL, team UUID NOT NULL, age INTEGER NOT NULL
    );
    CREATE TABLE places (name TEXT PRIMARY KEY NOT NULL, size INTEGER NOT NULL);
    CREATE TABLE seats (person UUID NOT NULL, name TEXT NOT NULL, row_ INTEGER NOT NULL, PRIMARY KEY (person, name));
    CREATE TABLE scratch (id INTEGER PRIMARY KEY);";
