//! Whether a read on a connection may use the cache.

use cache_core::Bypass;
use diesel::connection::{Connection, TransactionManager};

use crate::identity::Identity;
use crate::track::tracker_of;

/// The database that `conn` is on, or why its reads leave the cache alone.
pub(crate) fn gate<C: Connection>(conn: &mut C) -> Result<Identity, Bypass> {
    if is_in_transaction(conn) {
        return Err(Bypass::Transaction);
    }
    tracker_of(conn).ok_or(Bypass::NotTracked)?.gate()
}

/// Whether Diesel has a transaction open on `conn`, or cannot tell.
pub(crate) fn is_in_transaction<C: Connection>(conn: &mut C) -> bool {
    let status = <C::TransactionManager as TransactionManager<C>>::transaction_manager_status_mut(conn);
    !matches!(status.transaction_depth(), Ok(None))
}
