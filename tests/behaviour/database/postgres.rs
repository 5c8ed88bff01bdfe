//! What the suite has to know of PostgreSQL.

use diesel::connection::SimpleConnection;

#[path = "postgres_writes.rs"]
mod writes;

pub use writes::*;

use crate::line::prelude::*;

pub type Conn = crate::line::Postgres;

/// A database of a test's own.
pub struct Database(tests::servers::Database);

impl Database {
    pub fn fresh() -> Self {
        let database = tests::servers::postgres::fresh_database();
        let mut conn = PgConnection::establish(database.url()).unwrap();
        let nocase = "CREATE COLLATION nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false)";
        conn.batch_execute(nocase).unwrap();
        Self(database)
    }

    /// The connection URL.
    pub fn url(&self) -> String {
        self.0.url().to_owned()
    }

    /// The same, for another user.
    pub fn url_of_another_user(&mut self) -> String {
        self.0.create_user()
    }
}

/// What each connection is told before it is used.
pub fn set_up(conn: &mut Conn) {
    conn.batch_execute("SET lock_timeout = '5s'").unwrap();
}

/// A name in SQL text, in quotes.
pub fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}

/// SQL as Diesel prints it here, from what it prints for SQLite.
pub fn printed(sql: &str) -> String {
    let mut parts = sql.split('?');
    let first = parts.next().unwrap().to_owned();
    let text = parts.enumerate().fold(first, |text, (before, part)| format!("{text}${}{part}", before + 1));
    text.replace('`', "\"")
}

/// Runs what may fail in a transaction that goes on afterwards: only a savepoint makes that possible here.
pub fn try_in<T>(conn: &mut Conn, work: impl FnOnce(&mut Conn) -> QueryResult<T>) -> QueryResult<T> {
    conn.transaction(work)
}

/// Inserts through the manager so that the rows come back, which are dropped.
macro_rules! insert_back {
    ($manager:expr, $new:expr, $conn:expr) => {
        $manager.insert($new).get_results($conn).map(drop)
    };
}
pub(crate) use insert_back;

/// A key that the database numbers.
pub const NUMBERED_KEY: &str = "SERIAL PRIMARY KEY";
/// What the tables with numbered keys need after rows with numbers of their own.
pub const AFTER_FIRST_PRODUCTS: &str = "ALTER SEQUENCE products_id_seq RESTART WITH 4;";
/// Keys of long texts and bytes.
pub const TEXT_KEY: &str = "TEXT";
pub const BYTES_KEY: &str = "BYTEA";
/// How long they may be: an index holds 2700 bytes, and compresses what the tests give it.
pub const LONGEST_KEY: usize = 10_000;
/// Whether a text may hold a NUL.
pub const KEEPS_NUL: bool = false;
/// Compares without regard to case.
pub const NOCASE: &str = "COLLATE nocase";
/// Locks are not waited for.
pub const IMPATIENT: &str = "SET lock_timeout = '1ms'";
/// They are checked always.
pub const CHECK_FOREIGN_KEYS: &str = "SELECT 1";
/// A number that is another one each time.
pub const RANDOM: &str = "random()";
/// The statements of a manager's save.
pub const SAVE: &[&str] = &["UPDATE"];
/// Whether a connection that is tracked after it was opened reads the entries of those that were tracked before: its
/// URL is not known any more.
pub const TRACKED_LATER_SHARES_ENTRIES: bool = false;
/// What reads of other scopes cost after [`insert_back!`]: the row says which one it is in.
pub const OTHER_SCOPES_AFTER_INSERT: usize = 0;
/// Which upserts are known.
pub const HAS_REPLACE: bool = false;
pub const HAS_ON_CONFLICT: bool = true;
pub const HAS_ON_DUPLICATE_KEY: bool = false;
/// Whether a BEGIN in a transaction commits it.
pub const BEGIN_COMMITS: bool = false;
/// Whether a statement that fails may end its transaction. It is aborted, and goes on from a savepoint.
pub const FAILURE_MAY_END_TRANSACTION: bool = false;
/// Makes a connection see things its own way.
pub const PARTICULAR: &str = "SET search_path = public, pg_catalog";
/// Whether a COMMIT where no transaction is open fails: Diesel notices that the transaction is gone.
pub const COMMIT_NEEDS_TRANSACTION: bool = true;
/// How raw transactions begin and are committed.
pub const RAW_TRANSACTIONS: [(&str, &str); 3] = [
    ("BEGIN", "COMMIT"),
    ("START TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ WRITE", "END"),
    ("begin", "end transaction;"),
];
/// A statement without words, where there may be one.
pub const EMPTY_STATEMENT: &str = ";";
/// Whether several statements in one text are undone together if one fails.
pub const TEXT_IS_TRANSACTION: bool = true;
/// Forgets the savepoint `a`.
pub const RELEASE: &str = "RELEASE a";
/// Texts that begin and commit a transaction, and set the title of row 1 to `New`.
pub const WHOLE_TRANSACTIONS: &[&str] =
    &["BEGIN; SAVEPOINT a; UPDATE products SET title = 'New' WHERE id = 1; RELEASE a; END"];
/// How many random histories there are.
pub const HISTORIES: u64 = 5;
