//! Says the tables of a cache in each database's SQL, and how one process at a time changes them.

use core::time::Duration;

use diesel::connection::LoadConnection;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::query_dsl::methods::{ExecuteDsl, LoadQuery};
use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Binary, Nullable, Text};
use diesel::{Connection, RunQueryDsl};

use crate::backend::CacheBackend;

/// A database in which tables of a cache can be.
#[diagnostic::on_unimplemented(message = "the backend `{Self}` cannot keep the tables of a cache")]
pub trait RowsBackend: CacheBackend {
    /// What makes the tables, each statement of which does nothing where its table is.
    #[doc(hidden)]
    const TABLES: &'static [&'static str];

    /// Whether a statement may take longer than anybody knows: it goes to a server.
    #[doc(hidden)]
    const MAY_HANG: bool;

    /// Begins a transaction that is alone with the rows until it ends. Fails at once, or soon, if another one is. Each
    /// call of the store may take as long as `timeout`: a transaction that is left behind ends soon after.
    #[doc(hidden)]
    fn begin(timeout: Duration) -> String;

    /// The life of what is kept, beside the row `l` of the table of lives; empty: a server that follows another
    /// one, or a session whose statements see the rows of an earlier moment.
    #[doc(hidden)]
    const LIFE: &'static str;

    /// The microseconds since 1970, by the clock of the database.
    #[doc(hidden)]
    const NOW: &'static str;

    /// Puts a life where there is none; what goes before the values and after them.
    #[doc(hidden)]
    const BEGIN_LIFE: [&'static str; 2];

    /// What follows the values of rows that replace those of the same name.
    #[doc(hidden)]
    const OR_REPLACE: &'static str;

    /// Executes a statement.
    ///
    /// # Errors
    ///
    /// As the database.
    #[doc(hidden)]
    fn execute<C: Connection<Backend = Self>>(conn: &mut C, statement: Statement<'_>) -> QueryResult<usize>;

    /// Reads rows.
    ///
    /// # Errors
    ///
    /// As the database.
    #[doc(hidden)]
    fn load<C: LoadConnection<Backend = Self>>(conn: &mut C, statement: Statement<'_>) -> QueryResult<Vec<FoundRow>>;
}

/// The life, the moment, and the name, bytes, end and kind of a row; without a row, the name is absent.
#[doc(hidden)]
pub(crate) type FoundRow = (String, i64, Option<Vec<u8>>, Option<Vec<u8>>, Option<i64>, Option<i64>);

/// A statement of few texts, so that it is prepared once on each connection.
#[doc(hidden)]
#[derive(Debug, Default)]
pub struct Statement<'a>(Vec<Part<'a>>);

#[derive(Debug)]
enum Part<'a> {
    Bytes(&'a [u8]),
    Number(i64),
    Sql(&'a str),
}

impl<'a> Statement<'a> {
    pub(crate) fn sql(mut self, text: &'a str) -> Self {
        self.0.push(Part::Sql(text));
        self
    }

    pub(crate) fn bytes(mut self, bytes: &'a [u8]) -> Self {
        self.0.push(Part::Bytes(bytes));
        self
    }

    pub(crate) fn number(mut self, number: i64) -> Self {
        self.0.push(Part::Number(number));
        self
    }

    /// Names between commas, one repeated until their number is a power of two.
    pub(crate) fn names(mut self, names: &'a [&'a [u8]]) -> Self {
        let Some(last) = names.last() else { return self.sql("NULL") };
        let padded = names.iter().chain(core::iter::repeat(last)).take(names.len().next_power_of_two());
        for (index, name) in padded.enumerate() {
            self = if index == 0 { self } else { self.sql(", ") }.bytes(name);
        }
        self
    }
}

impl QueryId for Statement<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Statement<'_> {
    type SqlType = (Text, BigInt, Nullable<Binary>, Nullable<Binary>, Nullable<BigInt>, Nullable<BigInt>);
}

impl<C> RunQueryDsl<C> for Statement<'_> {}

#[cfg(any(feature = "mysql", feature = "postgres", feature = "sqlite"))]
macro_rules! rows_backend {
    ($backend:ty { $($constants:item)* }) => {
        impl QueryFragment<$backend> for Statement<'_> {
            fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, $backend>) -> QueryResult<()> {
                self.0.iter().try_for_each(|part| match part {
                    Part::Bytes(bytes) => pass.push_bind_param::<Binary, [u8]>(bytes),
                    Part::Number(number) => pass.push_bind_param::<BigInt, i64>(number),
                    Part::Sql(text) => {
                        pass.push_sql(text);
                        Ok(())
                    }
                })
            }
        }

        impl RowsBackend for $backend {
            $($constants)*

            fn execute<C: Connection<Backend = Self>>(conn: &mut C, statement: Statement<'_>) -> QueryResult<usize> {
                ExecuteDsl::execute(statement, conn)
            }

            fn load<C: LoadConnection<Backend = Self>>(
                conn: &mut C,
                statement: Statement<'_>,
            ) -> QueryResult<Vec<FoundRow>> {
                LoadQuery::<C, FoundRow>::internal_load(statement, conn)?.collect()
            }
        }
    };
}

/// Whole milliseconds, as PostgreSQL counts them; zero would be no limit.
#[cfg(feature = "postgres")]
fn millis(duration: Duration) -> i32 {
    i32::try_from(duration.as_millis()).unwrap_or(i32::MAX).max(1)
}

// The tables are unlogged: nothing is written twice, and after a crash they are empty, so that another life begins.
#[cfg(feature = "postgres")]
rows_backend! { diesel::pg::Pg {
    const TABLES: &'static [&'static str] = &[
        "CREATE UNLOGGED TABLE IF NOT EXISTS cache_diesel_lives (id BIGINT PRIMARY KEY, life TEXT NOT NULL)",
        "CREATE UNLOGGED TABLE IF NOT EXISTS cache_diesel_rows (name BYTEA PRIMARY KEY, bytes BYTEA NOT NULL, \
         expires_at BIGINT NOT NULL, is_spare BIGINT NOT NULL)",
        "CREATE INDEX IF NOT EXISTS cache_diesel_rows_end ON cache_diesel_rows (is_spare, expires_at)",
    ];
    const MAY_HANG: bool = true;

    fn begin(timeout: Duration) -> String {
        let (most, idle) = (millis(timeout), millis(timeout.saturating_mul(4)).max(1_000));
        format!(
            "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL lock_timeout = 50; \
             SET LOCAL statement_timeout = {most}; SET LOCAL idle_in_transaction_session_timeout = {idle}; \
             LOCK TABLE cache_diesel_lives IN SHARE UPDATE EXCLUSIVE MODE"
        )
    }

    const LIFE: &'static str = "l.life || '/' || extract(epoch FROM pg_postmaster_start_time())::text || '/' || \
        pg_relation_filenode('cache_diesel_rows'::regclass)::text";
    const NOW: &'static str = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint";
    const BEGIN_LIFE: [&'static str; 2] =
        ["INSERT INTO cache_diesel_lives (id, life) VALUES (1, ", "::bigint::text) ON CONFLICT (id) DO NOTHING"];
    const OR_REPLACE: &'static str = " ON CONFLICT (name) DO UPDATE SET bytes = excluded.bytes, \
        expires_at = excluded.expires_at, is_spare = excluded.is_spare";
} }

// A life is in memory, so that it ends with the server: the last transactions may be lost then. The lock is a row's.
#[cfg(feature = "mysql")]
rows_backend! { diesel::mysql::Mysql {
    const TABLES: &'static [&'static str] = &[
        "CREATE TABLE IF NOT EXISTS cache_diesel_lives (id BIGINT PRIMARY KEY, life BIGINT NOT NULL) ENGINE=MEMORY",
        "CREATE TABLE IF NOT EXISTS cache_diesel_lock (id BIGINT PRIMARY KEY) ENGINE=InnoDB",
        "INSERT IGNORE INTO cache_diesel_lock (id) VALUES (1)",
        "CREATE TABLE IF NOT EXISTS cache_diesel_rows (name VARBINARY(255) PRIMARY KEY, bytes LONGBLOB NOT NULL, \
         expires_at BIGINT NOT NULL, is_spare BIGINT NOT NULL, \
         KEY cache_diesel_rows_end (is_spare, expires_at)) ENGINE=InnoDB",
    ];
    const MAY_HANG: bool = true;

    fn begin(_timeout: Duration) -> String {
        "SET TRANSACTION ISOLATION LEVEL READ COMMITTED; START TRANSACTION; \
         SELECT id FROM cache_diesel_lock WHERE id = 1 FOR UPDATE NOWAIT"
            .to_owned()
    }

    const LIFE: &'static str = "IF(CAST(@@global.read_only AS CHAR) IN ('0', 'OFF') AND @@autocommit = 1, \
        CONCAT(l.life, '/', @@hostname, ':', @@port, ':', @@server_id), '')";
    const NOW: &'static str = "TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6))";
    const BEGIN_LIFE: [&'static str; 2] = ["INSERT IGNORE INTO cache_diesel_lives (id, life) VALUES (1, ", ")"];
    const OR_REPLACE: &'static str = " ON DUPLICATE KEY UPDATE bytes = VALUES(bytes), \
        expires_at = VALUES(expires_at), is_spare = VALUES(is_spare)";
} }

#[cfg(feature = "sqlite")]
rows_backend! { diesel::sqlite::Sqlite {
    const TABLES: &'static [&'static str] = &[
        "CREATE TABLE IF NOT EXISTS cache_diesel_lives (id BIGINT PRIMARY KEY, life TEXT NOT NULL)",
        "CREATE TABLE IF NOT EXISTS cache_diesel_rows (name BLOB PRIMARY KEY, bytes BLOB NOT NULL, \
         expires_at BIGINT NOT NULL, is_spare BIGINT NOT NULL)",
        "CREATE INDEX IF NOT EXISTS cache_diesel_rows_end ON cache_diesel_rows (is_spare, expires_at)",
    ];
    const MAY_HANG: bool = false;

    fn begin(_timeout: Duration) -> String {
        "BEGIN IMMEDIATE".to_owned()
    }

    const LIFE: &'static str = "l.life";
    const NOW: &'static str = "CAST((julianday('now') - 2440587.5) * 86400000.0 AS BIGINT) * 1000";
    const BEGIN_LIFE: [&'static str; 2] =
        ["INSERT INTO cache_diesel_lives (id, life) VALUES (1, ", ") ON CONFLICT (id) DO NOTHING"];
    const OR_REPLACE: &'static str = " ON CONFLICT (name) DO UPDATE SET bytes = excluded.bytes, \
        expires_at = excluded.expires_at, is_spare = excluded.is_spare";
} }
