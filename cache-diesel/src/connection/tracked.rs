//! Wraps a connection of diesel-async, so that its writes are awaited with what they mean for the cache.

use core::fmt;
use std::sync::Arc;

use diesel_async::AsyncConnection;
#[cfg(any(feature = "async-mysql", feature = "async-postgres"))]
use {
    crate::backend::CacheBackend,
    crate::setup::awaited::track_async,
    crate::track::own::awaited::tracker_in,
    diesel::result::{ConnectionError, ConnectionResult},
};

use crate::track::Tracker;
use crate::track::errands::Errands;

/// A connection of diesel-async whose statements are awaited with what they mean for the cache: intents are placed
/// before a write is sent, and it is released before its future is ready. No thread of the runtime waits for a store.
///
/// [`AsyncPgConnection`](crate::AsyncPgConnection) and [`AsyncMysqlConnection`](crate::AsyncMysqlConnection) are the names
/// of those that there are. SQLite needs none: diesel-async runs its statements on threads of their own.
///
/// # Consistency
///
/// A write counts once its future is ready. A statement that writes and gives rows back is read to its end before it gives
/// the first of them.
///
/// # Cancel safety
///
/// If a future is dropped before its statement was sent, nothing changes. If it is dropped later, what the statement may
/// change counts as changed, and nothing is kept under it for an intent's life; it counts again when the connection's next
/// statement ends, or the connection is closed, and every intent's life until then.
pub struct Tracked<C> {
    pub(super) inner: C,
    pub(super) errands: Arc<Errands>,
}

impl<C: AsyncConnection> Tracked<C> {
    /// Tracks `inner`, whose statements were not awaited through this type until now.
    pub fn new(inner: C) -> Self {
        let mut tracked = Self { inner, errands: Arc::default() };
        tracked.take_over();
        tracked
    }

    /// The same for a connection that no URL opened: if the process tracks its connections, it is asked which database it is on.
    #[cfg(any(feature = "async-mysql", feature = "async-postgres"))]
    pub(super) async fn introduced(inner: C) -> ConnectionResult<Self>
    where
        C: AsyncConnection<Backend: CacheBackend>,
    {
        let mut tracked = Self::new(inner);
        if tracker_in(&mut tracked.inner).is_some() {
            track_async(&mut tracked.inner).await.map_err(ConnectionError::CouldntSetupConfiguration)?;
            tracked.take_over();
        }
        Ok(tracked)
    }

    /// The connection itself. What is written over it alone may count before it is over, and holds the thread that polls.
    pub fn inner(&self) -> &C {
        &self.inner
    }

    /// Has the tracker on the connection leave to this what is to be done in the stores.
    pub(super) fn take_over(&mut self) {
        let tracker: Option<&mut Tracker> = self.inner.instrumentation().as_any_mut().downcast_mut();
        if let Some(tracker) = tracker {
            tracker.leave_to(Arc::clone(&self.errands));
        }
    }
}

impl<C> fmt::Debug for Tracked<C> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Tracked").finish_non_exhaustive()
    }
}
