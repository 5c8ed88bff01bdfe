//! Tracks connections that are awaited, and that no URL opened.

use diesel::result::QueryResult;
use diesel_async::AsyncConnection;

use crate::backend::CacheBackend;
use crate::backend::line::Awaited;
use crate::read::{introduce_writer, is_in_transaction};
use crate::setup::install::tracker_at;
use crate::track::own::awaited::tracker_in;
use crate::track::{Manner, Question, TransactionOrigin};

/// Tracks a connection that is awaited: one that was opened before [`install`](crate::install), or that no URL opened, as
/// those of `AsyncPgConnection::try_from_client_and_connection`.
///
/// The connection is asked which database it is on. Nothing happens if that is known, and the connection tracked.
/// `cache_diesel::AsyncPgConnection` and `AsyncMysqlConnection` do it themselves. In a transaction, one that a statement has
/// begun too, what was written before counts at its end.
///
/// # Errors
///
/// Returns Diesel's error if the connection cannot be asked.
///
/// # Cancel safety
///
/// If the future is dropped, the connection is tracked as it was before.
///
/// # Examples
///
/// ```
/// use diesel::result::QueryResult;
/// use diesel_async::AsyncConnection;
/// use diesel_async::sync_connection_wrapper::SyncConnectionWrapper;
///
/// async fn tracked(conn: &mut SyncConnectionWrapper<diesel::SqliteConnection>) -> QueryResult<()> {
///     cache_diesel::track_async(conn).await
/// }
/// ```
pub async fn track_async<C>(conn: &mut C) -> QueryResult<()>
where
    C: AsyncConnection<Backend: CacheBackend>,
{
    place_tracker(conn).await?;
    introduce_writer::<Awaited<C>>(conn).await;
    Ok(())
}

/// Tracks a connection of which it is not known where it leads; which database it is on is not asked.
async fn place_tracker<C>(conn: &mut C) -> QueryResult<()>
where
    C: AsyncConnection<Backend: CacheBackend>,
{
    if tracker_in(conn).is_some_and(|tracker| tracker.knows_its_place()) {
        return Ok(());
    }
    let is_in_diesels = is_in_transaction::<Awaited<C>>(conn);
    let (address, session, is_in_a_raw_one) = {
        let mut question = Question::<Awaited<C>>::begin(conn);
        let address = <C::Backend as CacheBackend>::identify::<Awaited<C>>(question.conn()).await?;
        let session = <C::Backend as CacheBackend>::session_of::<Awaited<C>>(question.conn()).await?;
        let has_raw = !is_in_diesels && C::Backend::has_raw_transaction::<Awaited<C>>(question.conn()).await;
        (address, session, has_raw)
    };
    let mut tracker = tracker_at::<C::Backend>(address, session, Manner::Awaited);
    if is_in_diesels {
        tracker.note_transaction(TransactionOrigin::ByDiesel);
    } else if is_in_a_raw_one {
        tracker.note_transaction(TransactionOrigin::ByHand);
    }
    conn.set_instrumentation(tracker);
    Ok(())
}

/// Calls the database that an awaited connection is on `name`: as [`identify`](crate::identify) on one that blocks.
///
/// # Errors
///
/// Returns Diesel's error if the connection is not tracked and cannot be asked which database it is on.
///
/// # Consistency
///
/// That of [`identify`](crate::identify).
///
/// # Examples
///
/// ```
/// use diesel::result::QueryResult;
/// use diesel_async::AsyncConnection;
/// use diesel_async::sync_connection_wrapper::SyncConnectionWrapper;
///
/// async fn named(conn: &mut SyncConnectionWrapper<diesel::SqliteConnection>) -> QueryResult<()> {
///     cache_diesel::identify_async(conn, "shop-europe").await
/// }
/// ```
pub async fn identify_async<C>(conn: &mut C, name: &str) -> QueryResult<()>
where
    C: AsyncConnection<Backend: CacheBackend>,
{
    place_tracker(conn).await?;
    if let Some(tracker) = tracker_in(conn) {
        tracker.rename_database(name);
    }
    Ok(())
}

/// Takes the server that an awaited connection leads to for one that follows another, and may be behind it: as
/// [`replica`](crate::replica) on one that blocks.
///
/// # Errors
///
/// Returns Diesel's error if the connection is not tracked and cannot be asked which database it is on.
///
/// # Consistency
///
/// That of [`replica`](crate::replica).
///
/// # Examples
///
/// ```
/// use diesel::result::QueryResult;
/// use diesel_async::AsyncConnection;
/// use diesel_async::sync_connection_wrapper::SyncConnectionWrapper;
///
/// async fn marked(conn: &mut SyncConnectionWrapper<diesel::SqliteConnection>) -> QueryResult<()> {
///     cache_diesel::replica_async(conn).await
/// }
/// ```
pub async fn replica_async<C>(conn: &mut C) -> QueryResult<()>
where
    C: AsyncConnection<Backend: CacheBackend>,
{
    place_tracker(conn).await?;
    if let Some(tracker) = tracker_in(conn) {
        tracker.follow();
    }
    Ok(())
}
