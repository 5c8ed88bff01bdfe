//! What the suite has to know of MariaDB.

use diesel::connection::SimpleConnection;

#[path = "mysql_writes.rs"]
mod writes;

pub use writes::*;

use crate::line::prelude::*;

pub type Conn = crate::line::Mysql;

/// A database of a test's own, which compares texts byte by byte.
pub struct Database(tests::servers::Database);

impl Database {
    pub fn fresh() -> Self {
        let database = tests::servers::mysql::fresh_database();
        let mut conn = MysqlConnection::establish(database.url()).unwrap();
        let name = database.name();
        conn.batch_execute(&format!("ALTER DATABASE {name} CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin")).unwrap();
        Self(database)
    }

    /// The connection URL.
    pub fn url(&self) -> String {
        self.0.url().to_owned()
    }

    /// What the server calls it.
    pub fn name(&self) -> &str {
        self.0.name()
    }
}

/// What each connection is told before it is used.
pub fn set_up(conn: &mut Conn) {
    conn.batch_execute("SET SESSION innodb_lock_wait_timeout = 5, lock_wait_timeout = 5").unwrap();
}

/// A name in SQL text, in quotes.
pub fn quoted(name: &str) -> String {
    format!("`{name}`")
}

/// SQL as Diesel prints it here, from what it prints for SQLite.
pub fn printed(sql: &str) -> String {
    sql.to_owned()
}

/// Runs what may fail in a transaction that goes on afterwards.
pub fn try_in<T>(conn: &mut Conn, work: impl FnOnce(&mut Conn) -> QueryResult<T>) -> QueryResult<T> {
    work(conn)
}

/// Inserts through the manager. There is no RETURNING: rows with keys of their own do not come back.
macro_rules! insert_back {
    ($manager:expr, $new:expr, $conn:expr) => {
        $manager.insert($new).execute($conn).map(drop)
    };
}
pub(crate) use insert_back;

/// A key that the database numbers.
pub const NUMBERED_KEY: &str = "INTEGER PRIMARY KEY AUTO_INCREMENT";
/// What the tables with numbered keys need after rows with numbers of their own.
pub const AFTER_FIRST_PRODUCTS: &str = "";
/// Keys of long texts and bytes.
pub const TEXT_KEY: &str = "VARCHAR(700)";
pub const BYTES_KEY: &str = "VARBINARY(3000)";
/// How long they may be: an index holds 3072 bytes.
pub const LONGEST_KEY: usize = 700;
/// Whether a text may hold a NUL.
pub const KEEPS_NUL: bool = true;
/// Compares without regard to case.
pub const NOCASE: &str = "COLLATE utf8mb4_general_ci";
/// Locks are not waited for.
pub const IMPATIENT: &str = "SET SESSION innodb_lock_wait_timeout = 0, lock_wait_timeout = 0";
pub const CHECK_FOREIGN_KEYS: &str = "SET foreign_key_checks = 1";
/// A number that is another one each time.
pub const RANDOM: &str = "rand()";
/// The statements of a manager's save: without RETURNING the row is asked for.
pub const SAVE: &[&str] = &["UPDATE", "SELECT"];
/// Whether a connection that is tracked after it was opened reads the entries of those that were tracked before: its
/// URL is not known any more.
pub const TRACKED_LATER_SHARES_ENTRIES: bool = false;
/// What reads of other scopes cost after [`insert_back!`]: the row does not come back, and may be in any.
pub const OTHER_SCOPES_AFTER_INSERT: usize = 1;
/// Which upserts are known.
pub const HAS_REPLACE: bool = true;
pub const HAS_ON_CONFLICT: bool = false;
pub const HAS_ON_DUPLICATE_KEY: bool = true;
/// Whether a BEGIN in a transaction commits it.
pub const BEGIN_COMMITS: bool = true;
/// Whether a statement that fails may end its transaction. A deadlock does, and nobody tells which errors do.
pub const FAILURE_MAY_END_TRANSACTION: bool = true;
/// Makes a connection see things its own way.
pub const PARTICULAR: &str = "SET sql_mode = 'PIPES_AS_CONCAT'";
/// Whether a COMMIT where no transaction is open fails.
pub const COMMIT_NEEDS_TRANSACTION: bool = false;
/// How raw transactions begin and are committed.
pub const RAW_TRANSACTIONS: [(&str, &str); 3] =
    [("BEGIN", "COMMIT"), ("START TRANSACTION READ WRITE", "COMMIT WORK"), ("begin work", "commit and no chain;")];
/// A statement without words, where there may be one.
pub const EMPTY_STATEMENT: &str = "";
/// Whether several statements in one text are undone together if one fails.
pub const TEXT_IS_TRANSACTION: bool = false;
/// Forgets the savepoint `a`.
pub const RELEASE: &str = "RELEASE SAVEPOINT a";
/// Texts that begin and commit a transaction, and set the title of row 1 to `New`.
pub const WHOLE_TRANSACTIONS: &[&str] =
    &["START TRANSACTION; SAVEPOINT a; UPDATE products SET title = 'New' WHERE id = 1; RELEASE SAVEPOINT a; COMMIT"];
/// How many random histories there are.
pub const HISTORIES: u64 = 5;
