//! What the suite has to know of SQLite.

use diesel::connection::SimpleConnection;

#[path = "sqlite_writes.rs"]
mod writes;

pub use writes::*;

use crate::line::prelude::*;

pub type Conn = crate::line::Sqlite;

/// A file of a test's own.
pub struct Database(tempfile::TempPath);

impl Database {
    pub fn fresh() -> Self {
        Self(tempfile::NamedTempFile::new().unwrap().into_temp_path())
    }

    /// The connection URL.
    pub fn url(&self) -> String {
        self.0.display().to_string()
    }
}

/// What each connection is told before it is used.
pub fn set_up(conn: &mut Conn) {
    conn.batch_execute("PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;").unwrap();
}

/// A name in SQL text, in quotes.
pub fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}

/// SQL as Diesel prints it here, from what it prints for SQLite.
pub fn printed(sql: &str) -> String {
    sql.to_owned()
}

/// Runs what may fail in a transaction that goes on afterwards.
pub fn try_in<T>(conn: &mut Conn, work: impl FnOnce(&mut Conn) -> QueryResult<T>) -> QueryResult<T> {
    work(conn)
}

/// Inserts through the manager so that the rows come back, which are dropped.
macro_rules! insert_back {
    ($manager:expr, $new:expr, $conn:expr) => {
        $manager.insert($new).get_results($conn).map(drop)
    };
}
pub(crate) use insert_back;

/// A key that the database numbers.
pub const NUMBERED_KEY: &str = "INTEGER PRIMARY KEY NOT NULL";
/// What the tables with numbered keys need after rows with numbers of their own.
pub const AFTER_FIRST_PRODUCTS: &str = "";
/// Keys of long texts and bytes.
pub const TEXT_KEY: &str = "TEXT";
pub const BYTES_KEY: &str = "BLOB";
/// How long they may be.
pub const LONGEST_KEY: usize = 10_000;
/// Whether a text may hold a NUL.
pub const KEEPS_NUL: bool = true;
/// Compares without regard to case.
pub const NOCASE: &str = "COLLATE NOCASE";
/// Locks are not waited for.
pub const IMPATIENT: &str = "PRAGMA busy_timeout = 0";
pub const CHECK_FOREIGN_KEYS: &str = "PRAGMA foreign_keys = ON";
/// A number that is another one each time.
pub const RANDOM: &str = "abs(random())";
/// The statements of a manager's save.
pub const SAVE: &[&str] = &["UPDATE"];
/// Whether a connection that is tracked after it was opened reads the entries of those that were tracked before.
pub const TRACKED_LATER_SHARES_ENTRIES: bool = true;
/// What reads of other scopes cost after [`insert_back!`]: the row says which one it is in.
pub const OTHER_SCOPES_AFTER_INSERT: usize = 0;
/// Which upserts are known.
pub const HAS_REPLACE: bool = true;
pub const HAS_ON_CONFLICT: bool = true;
pub const HAS_ON_DUPLICATE_KEY: bool = false;
/// Whether a BEGIN in a transaction commits it.
pub const BEGIN_COMMITS: bool = false;
/// Makes a connection see things its own way.
pub const PARTICULAR: &str = "PRAGMA case_sensitive_like = ON";
/// Whether a COMMIT where no transaction is open fails.
pub const COMMIT_NEEDS_TRANSACTION: bool = true;
/// How raw transactions begin and are committed.
pub const RAW_TRANSACTIONS: [(&str, &str); 3] =
    [("BEGIN", "COMMIT"), ("BEGIN IMMEDIATE TRANSACTION;", "END"), ("begin", "end transaction;")];
/// A statement without words, where there may be one.
pub const EMPTY_STATEMENT: &str = ";";
/// Whether several statements in one text are undone together if one fails.
pub const TEXT_IS_TRANSACTION: bool = false;
/// Forgets the savepoint `a`.
pub const RELEASE: &str = "RELEASE a";
/// Texts that begin and commit a transaction, and set the title of row 1 to `New`.
pub const WHOLE_TRANSACTIONS: &[&str] = &["SAVEPOINT a; UPDATE products SET title = 'New' WHERE id = 1; RELEASE a"];
/// How many random histories there are.
pub const HISTORIES: u64 = 20;
