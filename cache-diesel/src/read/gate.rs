//! Whether a read on a connection may use the cache.

use cache_core::Bypass;
use core::num::NonZeroU32;

use diesel::connection::{Connection, Instrumentation, TransactionManager};
use diesel::result::QueryResult;

use crate::identity::Identity;
use crate::track::Tracker;

/// The database that `conn` is on, or why its reads leave the cache alone.
#[inline]
pub(crate) fn gate<C: Connection>(conn: &mut C) -> Result<Identity, Bypass> {
    let depth = transaction_depth(conn);
    gate_of(depth, conn.instrumentation())
}

/// The same for any kind of connection, given how many transactions Diesel has open on it, if it can tell.
#[inline]
pub(crate) fn gate_of(
    depth: QueryResult<Option<NonZeroU32>>,
    instrumentation: &mut dyn Instrumentation,
) -> Result<Identity, Bypass> {
    let tracker: Option<&mut Tracker> = instrumentation.as_any_mut().downcast_mut();
    let Ok(depth) = depth else { return Err(Bypass::Transaction) };
    match (depth, tracker) {
        (None, Some(tracker)) => tracker.gate(),
        (None, None) => Err(Bypass::NotTracked),
        (Some(depth), Some(tracker)) => tracker.gate_within(depth),
        (Some(_), None) => Err(Bypass::Transaction),
    }
}

/// How many transactions Diesel has open on `conn`, one in the other.
#[inline]
pub(crate) fn transaction_depth<C: Connection>(conn: &mut C) -> QueryResult<Option<NonZeroU32>> {
    <C::TransactionManager as TransactionManager<C>>::transaction_manager_status_mut(conn).transaction_depth()
}

/// Whether Diesel has a transaction open on `conn`, or cannot tell.
pub(crate) fn is_in_transaction<C: Connection>(conn: &mut C) -> bool {
    !matches!(transaction_depth(conn), Ok(None))
}
