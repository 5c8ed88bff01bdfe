//! Decides whether a read on a connection may use the cache.

use cache_core::Bypass;
use core::num::NonZeroU32;

use diesel::connection::{Connection, Instrumentation, LoadConnection, TransactionManager};
use diesel::result::QueryResult;

use crate::backend::CacheBackend;
use crate::identity::Identity;
use crate::read::builder::options::Options;
use crate::read::drive::ask::introduce;
use crate::track::{Shut, Tracker, tracker_of};

/// The database that `conn` is on, or why its reads leave the cache alone. A database that nobody knows is asked.
#[inline]
pub(crate) fn gate<C: LoadConnection<Backend: CacheBackend>>(conn: &mut C) -> Result<Identity, Bypass> {
    let depth = transaction_depth(conn);
    match gate_of(depth, conn.instrumentation()) {
        Ok(identity) => Ok(identity),
        Err(Shut::Bypass(reason)) => Err(reason),
        Err(Shut::Unasked) => introduce(conn),
    }
}

/// The same for a read with these `options`, which may ask for hits in a transaction that has written nothing.
#[inline]
pub(crate) fn gate_for<C>(conn: &mut C, options: &Options) -> Result<Identity, Bypass>
where
    C: LoadConnection<Backend: CacheBackend>,
{
    match gate(conn) {
        Err(Bypass::Transaction) if options.is_cached_in_transaction => gate_inside(conn),
        answer => answer,
    }
}

#[cold]
fn gate_inside<C: LoadConnection<Backend: CacheBackend>>(conn: &mut C) -> Result<Identity, Bypass> {
    // A connection whose transactions Diesel has lost count of is of no use.
    transaction_depth(conn).map_err(|_| Bypass::Transaction)?;
    tracker_of(conn).ok_or(Bypass::NotTracked)?.gate_unwritten()
}

/// The database for any kind of connection, given how many transactions Diesel has open on it, if it can tell; nothing is
/// asked.
#[inline]
pub(crate) fn gate_of(
    depth: QueryResult<Option<NonZeroU32>>,
    instrumentation: &mut dyn Instrumentation,
) -> Result<Identity, Shut> {
    let tracker: Option<&mut Tracker> = instrumentation.as_any_mut().downcast_mut();
    let Ok(depth) = depth else { return Err(Bypass::Transaction.into()) };
    match (depth, tracker) {
        (None, Some(tracker)) => tracker.gate(),
        (None, None) => Err(Bypass::NotTracked.into()),
        (Some(depth), Some(tracker)) => Ok(tracker.gate_within(depth)?),
        (Some(_), None) => Err(Bypass::Transaction.into()),
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
