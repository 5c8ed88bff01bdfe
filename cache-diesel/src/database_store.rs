//! Keeps entries and tags in tables of a database that the program has anyway.

use cache_core::Result;
use cache_core::store::engine::EngineLink;
use cache_core::store::{Names, RemoteStore};
use diesel::connection::{AnsiTransactionManager, LoadConnection};
use diesel::r2d2::{ConnectionManager, R2D2Connection};
use diesel::result::QueryResult;
use r2d2::Pool;

use crate::backend::rows::RowsBackend;
use crate::track::Question;

mod attempts;
mod calls;
mod engine;
mod failure;
mod hands;
mod rows;
mod spin;

pub use engine::DatabaseEngine;

/// A store in tables of a database.
pub type DatabaseStore<C> = RemoteStore<EngineLink<DatabaseEngine<C>>>;

/// A connection to a database in which tables of a cache can be.
pub trait StoreConnection:
    R2D2Connection + LoadConnection<Backend: RowsBackend, TransactionManager = AnsiTransactionManager> + 'static
{
}

impl<C> StoreConnection for C where
    C: R2D2Connection + LoadConnection<Backend: RowsBackend, TransactionManager = AnsiTransactionManager> + 'static
{
}

/// Makes the tables of a cache where they are missing.
///
/// # Errors
///
/// As the database: a user who may not make tables, or a server that is read-only.
///
/// # Examples
///
/// ```
/// use diesel::prelude::*;
///
/// let mut conn = SqliteConnection::establish(":memory:").unwrap();
/// cache_diesel::create_cache_tables(&mut conn)?;
/// cache_diesel::create_cache_tables(&mut conn)?;
/// # Ok::<(), diesel::result::Error>(())
/// ```
pub fn create_cache_tables<C: StoreConnection>(conn: &mut C) -> QueryResult<()> {
    let mut question = Question::<C>::begin(conn);
    C::Backend::TABLES.iter().try_for_each(|sql| question.conn().batch_execute(sql))
}

/// A store in the [tables of a cache](create_cache_tables), over `pool`. All names in them begin with `prefix`. For
/// [`CacheBuilder::store`](crate::CacheBuilder::store).
///
/// # Errors
///
/// Returns an error of [`ErrorKind::Configuration`](cache_core::ErrorKind::Configuration) for a wrong prefix, a database
/// that cannot be reached, a server that follows another one, and tables that are missing or of another shape.
pub fn database_store<C: StoreConnection>(pool: Pool<ConnectionManager<C>>, prefix: &str) -> Result<DatabaseStore<C>> {
    let names = Names::starting_with(prefix)?;
    Ok(RemoteStore::new(EngineLink::new(DatabaseEngine::new(pool)?, names)))
}
