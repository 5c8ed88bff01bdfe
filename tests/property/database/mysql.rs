//! MariaDB: two databases on a server, and the statements that it has.

use diesel::connection::{CacheSize, InstrumentationEvent, SimpleConnection};
use diesel::dsl::DuplicatedKeys;
use diesel::result::Error;
use diesel::sql_types::{Integer, Text};
use tests::servers;

use crate::line::prelude::*;
use crate::line;
use crate::models::{Product, ROWS, products};
use crate::people;
use crate::world::cache_name;
use crate::writes::Target;

pub type DatabaseConn = line::Mysql;

pub const OTHER_BEGIN: &str = "START TRANSACTION WITH CONSISTENT SNAPSHOT";

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
pub const LISTS_KEEP_ORDER: bool = false;

/// How many programs there are of entries that become stale.
pub const AGEING_PROGRAMS: u32 = 25;

/// How many programs of jobs there are beside nine of everything: there is nothing to look up.
pub const PROGRAMS_OF_JOBS: u32 = 1;

/// Whether another connection's open transaction may be in the way of a read.
pub const READS_MAY_BE_REFUSED: bool = true;

/// Diesel has one kind of transaction here.
pub fn immediate_transaction<T>(
    conn: &mut DatabaseConn,
    body: impl FnOnce(&mut DatabaseConn) -> QueryResult<T>,
) -> QueryResult<T> {
    conn.transaction(body)
}

/// Whether another connection's open transaction made a statement fail.
pub fn is_in_the_way(error: &Error) -> bool {
    const SIGNS: [&str; 4] =
        ["Deadlock found", "Lock wait timeout", "Table definition has changed", "not locked with LOCK TABLES"];
    matches!(error, Error::DatabaseError(_, told) if SIGNS.iter().any(|sign| told.message().contains(sign)))
}

pub fn unseen_sql(id: i32, kind: &str, which: i32) -> String {
    match which {
        0 => format!("UPDATE notes SET body = concat(body, '!') WHERE id = {id}"),
        1 => format!("REPLACE INTO notes VALUES ({id}, '{kind}', 'new')"),
        _ => format!("DELETE FROM notes WHERE id = {id}"),
    }
}

/// Whatever is named: it is any key that is there already.
pub fn upsert(target: Target, row: &Product, conn: &mut DatabaseConn) -> QueryResult<usize> {
    use diesel::dsl::sql;
    let insert = diesel::insert_into(products::table).values(row);
    match target {
        Target::Id => insert.on_conflict(DuplicatedKeys).do_update().set(row).execute(conn),
        Target::IdNothing => insert.on_conflict(DuplicatedKeys).do_nothing().execute(conn),
        Target::Slug => {
            let id = products::id.eq(sql::<Integer>("VALUES(id)"));
            let set = (id, products::title.eq(sql::<Text>("VALUES(title)")));
            insert.on_conflict(DuplicatedKeys).do_update().set(set).execute(conn)
        }
    }
}

/// One row comes back if its key is made by the database; several do not.
pub fn insert_all_returning(rows: &[Product], conn: &mut DatabaseConn) -> QueryResult<usize> {
    let manager = Product::cached_in(cache_name());
    match rows {
        [row] => manager.insert(&NewProduct::of(row)).get_results(conn).map(|rows| rows.len()),
        rows => manager.insert(rows).get_results(conn).map(|rows| rows.len()),
    }
}

/// A product that the database gives a key.
#[derive(Insertable)]
#[diesel(table_name = products)]
pub struct NewProduct {
    category_id: i32,
    owner_id: Option<i32>,
    slug: String,
    title: String,
    price: i32,
}

impl NewProduct {
    pub fn of(row: &Product) -> Self {
        let Product { category_id, owner_id, slug, title, price, .. } = row.clone();
        Self { category_id, owner_id, slug, title, price }
    }
}

/// A manager's insert that gives the row back, where that can be: of a key that it was given it fails.
macro_rules! insert_returning {
    (Product, $manager:expr, $row:expr, $conn:expr) => {
        $manager.insert(&$crate::database::NewProduct::of($row)).get_result($conn).map(|_| 1)
    };
    (Code, $manager:expr, $row:expr, $conn:expr) => {
        $manager.insert($row).execute($conn)
    };
    (Person, $manager:expr, $row:expr, $conn:expr) => {
        $manager.insert($row).execute($conn)
    };
    (Place, $manager:expr, $row:expr, $conn:expr) => {
        $manager.insert($row).execute($conn)
    };
    (Seat, $manager:expr, $row:expr, $conn:expr) => {
        $manager.insert($row).execute($conn)
    };
    (Stock, $manager:expr, $row:expr, $conn:expr) => {
        $manager.insert($row).execute($conn)
    };
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

/// A database, and an untracked connection that keeps it in order.
pub struct Database {
    // Its connection ends before its database does.
    keeper: MysqlConnection,
    database: servers::Database,
    other_rows: &'static str,
    has_schema: bool,
}

impl Database {
    pub fn new(other_rows: &'static str) -> Self {
        let database = servers::mysql::fresh_database();
        let mut keeper = MysqlConnection::establish(database.url()).unwrap();
        keeper.set_instrumentation(|_: InstrumentationEvent<'_>| {});
        Self { keeper, database, other_rows, has_schema: false }
    }

    /// Opens a connection whose statements do not wait for others: these are on the same thread.
    pub fn open(&self) -> DatabaseConn {
        let mut conn = DatabaseConn::establish(self.database.url()).unwrap();
        conn.batch_execute("SET innodb_lock_wait_timeout = 0, lock_wait_timeout = 0").unwrap();
        // A prepared statement that failed because a table was made anew waits for ever when it is run again.
        conn.set_prepared_statement_cache_size(CacheSize::Disabled);
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
        let schema = if self.has_schema { EMPTY } else { SCHEMA };
        // Connections of the program before may be about to end.
        self.keeper.batch_execute("SET innodb_lock_wait_timeout = 20, lock_wait_timeout = 20").unwrap();
        self.keeper.batch_execute(&format!("{schema} BEGIN; {ROWS} {} {} COMMIT;", people::rows(), self.other_rows)).unwrap();
        self.keeper.batch_execute("SET innodb_lock_wait_timeout = 0, lock_wait_timeout = 0").unwrap();
        self.has_schema = true;
    }

    pub fn write_unseen(&mut self, sql: &str) {
        // Where somebody else writes at present, nothing is written.
        let _ = self.keeper.batch_execute(sql);
    }
}

const EMPTY: &str = "
    DELETE FROM reviews; DELETE FROM products; DELETE FROM labels; DELETE FROM codes; DELETE FROM folders;
    DELETE FROM stocks; DELETE FROM spare; DELETE FROM tallies; DELETE FROM notes; DELETE FROM jobs;
    DELETE FROM people; DELETE FROM places; DELETE FROM seats;
    ALTER TABLE products AUTO_INCREMENT = 1; ALTER TABLE reviews AUTO_INCREMENT = 1; ALTER TABLE notes AUTO_INCREMENT = 1;";

const SCHEMA: &str = "
    DROP TABLE IF EXISTS reviews; DROP TABLE IF EXISTS products; DROP TABLE IF EXISTS labels; DROP TABLE IF EXISTS codes;
    DROP TABLE IF EXISTS folders; DROP TABLE IF EXISTS stocks; DROP TABLE IF EXISTS spare; DROP TABLE IF EXISTS tallies;
    DROP TABLE IF EXISTS notes; DROP TABLE IF EXISTS jobs; DROP TABLE IF EXISTS people;
    DROP TABLE IF EXISTS places; DROP TABLE IF EXISTS seats; DROP TABLE IF EXISTS scratch; DROP TABLE IF EXISTS aside;
    CREATE TABLE products (
        id INTEGER PRIMARY KEY AUTO_INCREMENT, category_id INTEGER NOT NULL, owner_id INTEGER,
        slug VARCHAR(40) COLLATE utf8mb4_bin NOT NULL UNIQUE, title VARCHAR(40) NOT NULL, price INTEGER NOT NULL
    ) ENGINE InnoDB DEFAULT CHARSET utf8mb4 COLLATE utf8mb4_general_ci;
    CREATE TABLE labels (
        id INTEGER PRIMARY KEY, name VARCHAR(40) NOT NULL UNIQUE, colour VARCHAR(40) NOT NULL
    ) ENGINE InnoDB DEFAULT CHARSET utf8mb4 COLLATE utf8mb4_general_ci;
    CREATE TABLE codes (code VARCHAR(40) PRIMARY KEY, value INTEGER NOT NULL)
        ENGINE InnoDB DEFAULT CHARSET utf8mb4 COLLATE utf8mb4_general_ci;
    CREATE TABLE folders (
        id INTEGER PRIMARY KEY, parent_id INTEGER, FOREIGN KEY (parent_id) REFERENCES folders (id) ON DELETE CASCADE
    ) ENGINE InnoDB;
    CREATE TABLE reviews (
        id INTEGER PRIMARY KEY AUTO_INCREMENT, product_id INTEGER NOT NULL,
        author INTEGER NOT NULL, stars INTEGER NOT NULL, UNIQUE (product_id, author),
        FOREIGN KEY (product_id) REFERENCES products (id) ON DELETE CASCADE ON UPDATE CASCADE
    ) ENGINE InnoDB;
    CREATE TABLE stocks (
        shop_id INTEGER NOT NULL, product_id INTEGER NOT NULL, amount INTEGER NOT NULL, PRIMARY KEY (shop_id, product_id)
    ) ENGINE InnoDB;
    CREATE TABLE spare (
        shop_id INTEGER NOT NULL, product_id INTEGER NOT NULL, amount INTEGER NOT NULL, PRIMARY KEY (shop_id, product_id)
    ) ENGINE InnoDB;
    CREATE TABLE tallies (id INTEGER PRIMARY KEY, number INTEGER NOT NULL) ENGINE InnoDB;
    CREATE TRIGGER reviews_in AFTER INSERT ON reviews FOR EACH ROW
        UPDATE tallies SET number = number + 1 WHERE id = NEW.author;
    CREATE TRIGGER reviews_out AFTER DELETE ON reviews FOR EACH ROW
        UPDATE tallies SET number = number - 1 WHERE id = OLD.author;
    CREATE TABLE jobs (
        id INTEGER PRIMARY KEY, state ENUM('open', 'paused', 'done') NOT NULL, owner VARCHAR(40) NOT NULL UNIQUE,
        former ENUM('open', 'paused', 'done')
    ) ENGINE InnoDB DEFAULT CHARSET utf8mb4 COLLATE utf8mb4_general_ci;
    CREATE TABLE notes (id INTEGER PRIMARY KEY AUTO_INCREMENT, kind VARCHAR(40) NOT NULL, body TEXT NOT NULL)
        ENGINE InnoDB DEFAULT CHARSET utf8mb4 COLLATE utf8mb4_general_ci;
    CREATE TABLE people (
        id BINARY(16) PRIMARY KEY NOT NULL, handle VARCHAR(40) NOT NULL UNIQUE, city VARCHAR(40) NOT NULL, team BINARY(16) NOT NULL, age INTEGER NOT NULL
    ) ENGINE InnoDB DEFAULT CHARSET utf8mb4 COLLATE utf8mb4_nopad_bin;
    CREATE TABLE places (name VARCHAR(40) PRIMARY KEY NOT NULL, size INTEGER NOT NULL) ENGINE InnoDB DEFAULT CHARSET utf8mb4 COLLATE utf8mb4_nopad_bin;
    CREATE TABLE seats (person BINARY(16) NOT NULL, name VARCHAR(40) NOT NULL, row_ INTEGER NOT NULL, PRIMARY KEY (person, name)) ENGINE InnoDB DEFAULT CHARSET utf8mb4 COLLATE utf8mb4_nopad_bin;
    CREATE TABLE scratch (id INTEGER PRIMARY KEY) ENGINE InnoDB;";
