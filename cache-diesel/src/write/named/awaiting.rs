//! Runs work that names the tables it writes, on a connection that is awaited.

use diesel::result::Error;
use diesel_async::AsyncConnection;

use super::{TableNames, changes_of};
use crate::backend::CacheBackend;
use crate::backend::line::Awaited as Line;
use crate::read::introduce_writer;
use crate::track::own::awaited::{ensured, settle, tracker_in};
use crate::write::untracked::{self, refused};

/// Runs `work`, which writes to `named`, as [`writes`](crate::writes) does, on a connection that is awaited.
///
/// # Consistency
///
/// As that of [`writes`](crate::writes). On `cache_diesel::AsyncPgConnection` and `AsyncMysqlConnection` no thread of the
/// runtime waits for a store.
///
/// # Cancel safety
///
/// If the future is dropped, a statement of the work may be under way. The named tables count as changed at once, or as
/// soon as a thread of the cache has told the stores. A statement that the server carries out later counts as any other
/// write whose future was dropped: an old row is served for `intent_life` at most after its commit.
///
/// # Errors
///
/// As those of [`writes`](crate::writes).
///
/// # Examples
///
/// ```
/// use diesel::result::QueryResult;
/// use diesel_async::{AsyncConnection, SimpleAsyncConnection};
/// use diesel_async::sync_connection_wrapper::SyncConnectionWrapper;
///
/// async fn rename_all(conn: &mut SyncConnectionWrapper<diesel::SqliteConnection>) -> QueryResult<()> {
///     let sql = "UPDATE products SET title = 'New'";
///     cache_diesel::writes_async(conn, ["products"], async |conn| conn.batch_execute(sql).await).await
/// }
/// ```
pub async fn writes_async<C, T, E, Kind>(
    conn: &mut C,
    named: impl TableNames<Kind>,
    work: impl AsyncFnOnce(&mut C) -> Result<T, E>,
) -> Result<T, E>
where
    C: AsyncConnection<Backend: CacheBackend>,
    E: From<Error>,
{
    let changes = changes_of::<C::Backend>(named.names()).map_err(refused::<E>)?;
    if tracker_in(conn).is_none() {
        let under_way = untracked::begin_awaited::<Line<C>>(conn, changes).await?;
        let result = work(conn).await;
        under_way.end().await;
        return result;
    }
    introduce_writer::<Line<C>>(conn).await;
    ensured(conn, &changes).await.map_err(refused::<E>)?;
    let mut under_way = NamedWork { conn, is_over: false };
    if let Some(tracker) = tracker_in(under_way.conn) {
        tracker.declare(&changes);
        tracker.keep_declared();
    }
    settle(under_way.conn).await;
    let result = work(under_way.conn).await;
    under_way.end();
    settle(under_way.conn).await;
    result
}

/// Work under way. If it is dropped before its end, nobody knows whether a statement of it is still to be run.
struct NamedWork<'conn, C: AsyncConnection> {
    conn: &'conn mut C,
    is_over: bool,
}

impl<C: AsyncConnection> NamedWork<'_, C> {
    fn end(&mut self) {
        self.is_over = true;
        if let Some(tracker) = tracker_in(self.conn) {
            tracker.end_declared();
        }
    }
}

impl<C: AsyncConnection> Drop for NamedWork<'_, C> {
    fn drop(&mut self) {
        if let (false, Some(tracker)) = (self.is_over, tracker_in(self.conn)) {
            tracker.give_declared_up();
        }
    }
}
