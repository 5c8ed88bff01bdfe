//! Switches a test transaction on, in which the cache behaves as if everything were committed.

use core::fmt;
use core::num::NonZeroU32;
use std::error::Error as StdError;

use diesel::connection::{Connection, TransactionManager};
use diesel::result::{Error, QueryResult};

use crate::track::tracker_of;

/// Begins a transaction that never commits, as Diesel's `begin_test_transaction` does, and treats it as
/// [`treat_as_committed`] says.
///
/// # Errors
///
/// Returns Diesel's error if the transaction cannot be begun, `AlreadyInTransaction` if one is open, and one that
/// says what to do if the connection has no tracker.
///
/// # Examples
///
/// ```
/// use cache_diesel::prelude::*;
/// use diesel::connection::SimpleConnection;
/// use diesel::prelude::*;
/// # diesel::table! { products (id) { id -> Integer, title -> Text, } }
/// # #[derive(Cached, Debug, Queryable, Selectable)]
/// # struct Product { id: i32, title: String }
///
/// # cache_diesel::install(Cache::memory())?;
/// let mut conn = SqliteConnection::establish(":memory:")?;
/// # conn.batch_execute(
/// #     "CREATE TABLE products (id INTEGER PRIMARY KEY NOT NULL, title TEXT NOT NULL);
/// #      INSERT INTO products VALUES (1, 'Lamp');",
/// # )?;
/// cache_diesel::begin_test_transaction(&mut conn)?;
///
/// assert_eq!(Product::cached().get(1).first(&mut conn)?.title, "Lamp");
/// assert!(Product::cached().get(1).entry(&mut conn)?.is_hit());
/// diesel::update(products::table.find(1)).set(products::title.eq("New")).execute(&mut conn)?;
/// assert_eq!(Product::cached().get(1).first(&mut conn)?.title, "New");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn begin_test_transaction<C: Connection>(conn: &mut C) -> QueryResult<()> {
    if transaction_depth(conn)?.is_some() {
        return Err(Error::AlreadyInTransaction);
    }
    if tracker_of(conn).is_none() {
        return Err(Misuse::NotTracked.into());
    }
    conn.begin_test_transaction()?;
    treat_as_committed(conn)
}

/// Treats everything in the open transaction as committed, for code under test that runs inside of Diesel's
/// `begin_test_transaction` or `test_transaction`. The switch turns itself off when that transaction ends.
///
/// Reads use the cache. A write counts when its statement returns, and a `transaction()` inside counts when it is
/// committed: reads in it bypass, and its rollback leaves entries valid, as everywhere. Listeners and statistics are
/// told the same as after a commit. If the switch is on already, nothing happens.
///
/// # Consistency
///
/// From here on the connection has entries of its own: it sees none that were cached before, and nobody else ever sees
/// one of its own, whatever is open at the same time. When the transaction ends, they are out of reach. Should it be
/// committed after all, what was written in it is invalidated for everybody, as by any other commit.
///
/// After a statement that failed, and on SQLite after a plain one with `RETURNING`, the connection starts anew with no
/// entries: the database may have rolled everything back. `BEGIN`, `COMMIT`, `ROLLBACK` or `SAVEPOINT` by hand turns
/// the switch off: reads bypass until the transaction ends. What another connection really commits ends all entries of
/// this one. Reads that name no connection (`first_with`, `load_with`) take theirs first while the switch is on
/// anywhere in the process.
///
/// # Errors
///
/// Returns `NotInTransaction` if no transaction is open, and one that says what to do if another one is open inside of
/// the outermost, or if the connection has no tracker.
///
/// # Examples
///
/// ```
/// use cache_diesel::prelude::*;
/// use diesel::connection::SimpleConnection;
/// use diesel::prelude::*;
/// # diesel::table! { products (id) { id -> Integer, title -> Text, } }
/// # #[derive(Cached, Debug, Queryable, Selectable)]
/// # struct Product { id: i32, title: String }
///
/// # cache_diesel::install(Cache::memory())?;
/// let mut conn = SqliteConnection::establish(":memory:")?;
/// # conn.batch_execute(
/// #     "CREATE TABLE products (id INTEGER PRIMARY KEY NOT NULL, title TEXT NOT NULL);
/// #      INSERT INTO products VALUES (1, 'Lamp');",
/// # )?;
/// conn.test_transaction(|conn| {
///     cache_diesel::treat_as_committed(conn)?;
///     diesel::update(products::table.find(1)).set(products::title.eq("New")).execute(conn)?;
///     assert_eq!(Product::cached().get(1).first(conn)?.title, "New");
///     assert!(Product::cached().get(1).entry(conn)?.is_hit());
///     QueryResult::Ok(())
/// });
/// assert_eq!(Product::cached().get(1).first(&mut conn)?.title, "Lamp");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn treat_as_committed<C: Connection>(conn: &mut C) -> QueryResult<()> {
    match transaction_depth(conn)? {
        None => return Err(Error::NotInTransaction),
        Some(NonZeroU32::MIN) => {}
        Some(_) => return Err(Misuse::Nested.into()),
    }
    tracker_of(conn).ok_or(Misuse::NotTracked)?.rehearse();
    Ok(())
}

/// The switch cannot be turned on here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Misuse {
    Nested,
    NotTracked,
}

impl fmt::Display for Misuse {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Nested => {
                "the test transaction is not the innermost one: call `cache_diesel::treat_as_committed` before \
                 another transaction is begun in it"
            }
            Self::NotTracked => {
                "the connection has no tracker: call `cache_diesel::install` before it is opened, or \
                 `cache_diesel::track` before the test transaction begins"
            }
        })
    }
}

impl StdError for Misuse {}

impl From<Misuse> for Error {
    fn from(misuse: Misuse) -> Self {
        Self::QueryBuilderError(Box::new(misuse))
    }
}

/// How many transactions Diesel has open on `conn`, one in the other.
fn transaction_depth<C: Connection>(conn: &mut C) -> QueryResult<Option<NonZeroU32>> {
    <C::TransactionManager as TransactionManager<C>>::transaction_manager_status_mut(conn).transaction_depth()
}
