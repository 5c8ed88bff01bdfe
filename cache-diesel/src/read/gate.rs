//! Whether a read on a connection may use the cache.

use cache_core::Bypass;
use diesel::connection::{Connection, Instrumentation, TransactionManager};

use crate::identity::Identity;
use crate::track::Tracker;

/// The database that `conn` is on, or why its reads leave the cache alone.
pub(crate) fn gate<C: Connection>(conn: &mut C) -> Result<Identity, Bypass> {
    let is_in_transaction = is_in_transaction(conn);
    gate_of(is_in_transaction, conn.instrumentation())
}

/// The same for any kind of connection, given what Diesel says of its transactions.
pub(crate) fn gate_of(is_in_transaction: bool, instrumentation: &mut dyn Instrumentation) -> Result<Identity, Bypass> {
    if is_in_transaction {
        return Err(Bypass::Transaction);
    }
    let tracker: Option<&mut Tracker> = instrumentation.as_any_mut().downcast_mut();
    tracker.ok_or(Bypass::NotTracked)?.gate()
}

/// Whether Diesel has a transaction open on `conn`, or cannot tell.
pub(crate) fn is_in_transaction<C: Connection>(conn: &mut C) -> bool {
    let status = <C::TransactionManager as TransactionManager<C>>::transaction_manager_status_mut(conn);
    !matches!(status.transaction_depth(), Ok(None))
}
