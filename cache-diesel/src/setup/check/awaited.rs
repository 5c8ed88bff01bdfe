//! Asks on awaited connections what a database does to rows by itself.

use diesel::result::QueryResult;
use diesel_async::AsyncConnection;

use super::{CheckReport, report_of};
use crate::backend::CacheBackend;
use crate::backend::line::Awaited;

/// Does what [`check`](crate::check) does, on a connection that is awaited.
///
/// # Errors
///
/// If the database cannot be asked.
///
/// # Cancel safety
///
/// Nothing is changed: the call may be dropped at any time.
///
/// # Examples
///
/// ```
/// use diesel::result::QueryResult;
/// use diesel_async::sync_connection_wrapper::SyncConnectionWrapper;
///
/// async fn at_start(conn: &mut SyncConnectionWrapper<diesel::SqliteConnection>) -> QueryResult<()> {
///     assert!(cache_diesel::check_async(conn).await?.report().is_clean());
///     Ok(())
/// }
/// ```
pub async fn check_async<C>(conn: &mut C) -> QueryResult<CheckReport>
where
    C: AsyncConnection<Backend: CacheBackend>,
{
    report_of::<Awaited<C>>(conn).await
}
