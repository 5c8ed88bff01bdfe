//! The connections of a suite: they block, and everything is Diesel's own.

#![allow(dead_code, unused_imports, unused_macros, reason = "each suite uses what its database has")]

use cache_diesel::__private::CacheBackend;
pub use cache_diesel::{acquaint, identify, replica, track};
use diesel::connection::LoadConnection;
pub use diesel::connection::{AnsiTransactionManager, TransactionManager};
use diesel::prelude::*;

#[cfg(feature = "mysql")]
pub type Mysql = MysqlConnection;
#[cfg(feature = "postgres")]
pub type Postgres = PgConnection;
pub type Sqlite = SqliteConnection;

/// Random programs are divided by this.
pub const SHARE: u32 = 1;

/// Whether Diesel asks a connection before a COMMIT if its transaction is still open.
pub const ASKS_BEFORE_COMMIT: bool = true;

/// What a suite takes from Diesel.
pub mod prelude {
    pub use diesel::prelude::*;
}

/// Runs `sql`, and says that it writes `table`.
pub fn write_by_name<C>(conn: &mut C, table: &str, sql: &str) -> QueryResult<()>
where
    C: LoadConnection<Backend: CacheBackend>,
{
    cache_diesel::writes(conn, [table], |conn| conn.batch_execute(sql))
}

/// Holds tests that awaited connections do not have: of what differs in its form, as blocking pools.
macro_rules! only_blocking {
    ($($item:item)*) => { $($item)* };
}
pub(crate) use only_blocking;

/// Runs `body` in a transaction that writes from its beginning.
pub fn immediate<T>(conn: &mut Sqlite, body: impl FnOnce(&mut Sqlite) -> QueryResult<T>) -> QueryResult<T> {
    conn.immediate_transaction(body)
}

/// Runs `body` in a transaction that sees what was there before it.
#[cfg(feature = "postgres")]
pub fn repeatable_read<T>(conn: &mut Postgres, body: impl FnOnce(&mut Postgres) -> QueryResult<T>) -> QueryResult<T> {
    conn.build_transaction().repeatable_read().run(body)
}
