//! Decides whether a read on a connection may use the cache, and sees to it that its database is known.

use cache_core::Bypass;
use core::num::NonZeroU32;

use diesel::result::QueryResult;

use crate::backend::line::Line;
use crate::identity::Identity;
use crate::read::builder::options::Options;
use crate::read::drive::ask::introduce;
use crate::track::{Shut, Tracker, tracker_on, with_tracker};

/// The database that `conn` is on, or why its reads leave the cache alone. A database that nobody knows is asked.
pub(crate) async fn gate<C: Line>(conn: &mut C::Conn) -> Result<Identity, Bypass> {
    match look_at_gate::<C>(conn, None) {
        Err(Shut::Unasked) => introduce::<C>(conn).await,
        Err(Shut::Bypass(reason)) => Err(reason),
        Ok(identity) => Ok(identity),
    }
}

/// The same for a read with these `options`, which may ask for hits in a transaction that has written nothing.
pub(crate) async fn gate_for<C: Line>(conn: &mut C::Conn, options: &Options) -> Result<Identity, Bypass> {
    match look_at_gate::<C>(conn, Some(options)) {
        Err(Shut::Unasked) => introduce::<C>(conn).await,
        Err(Shut::Bypass(reason)) => Err(reason),
        Ok(identity) => Ok(identity),
    }
}

/// Sees to it that a write on `conn` counts for the database by the name that its server gives it.
pub(crate) async fn introduce_writer<C: Line>(conn: &mut C::Conn) {
    if let Ok(None) = C::transaction_depth(conn)
        && let Err(Shut::Unasked) = look_at_gate::<C>(conn, None)
    {
        // Where it is not known, what its URL says has to do.
        _ = introduce::<C>(conn).await;
    }
}

/// The database that `conn` is on, for a read with these `options`, without asking anybody.
#[inline]
pub(crate) fn look_at_gate<C: Line>(conn: &mut C::Conn, options: Option<&Options>) -> Result<Identity, Shut> {
    if C::IS_SHARED {
        let may_be_inside = options.is_some_and(|options| options.is_cached_in_transaction);
        let answer = with_tracker::<C, _>(conn, move |tracker| tracker.gate_shared(may_be_inside));
        return answer.unwrap_or_else(|| Err(Bypass::NotTracked.into()));
    }
    let depth = C::transaction_depth(conn);
    match gate_of(depth, tracker_on::<C>(conn)) {
        Err(Shut::Bypass(Bypass::Transaction)) if options.is_some_and(|options| options.is_cached_in_transaction) => {
            Ok(gate_inside::<C>(conn)?)
        }
        answer => answer,
    }
}

#[cold]
fn gate_inside<C: Line>(conn: &mut C::Conn) -> Result<Identity, Bypass> {
    // A connection whose transactions Diesel has lost count of is of no use.
    C::transaction_depth(conn).map_err(|_| Bypass::Transaction)?;
    tracker_on::<C>(conn).ok_or(Bypass::NotTracked)?.gate_unwritten()
}

/// The database for any kind of connection, given how many transactions Diesel has open on it, if it can tell; nothing is
/// asked.
#[inline]
fn gate_of(depth: QueryResult<Option<NonZeroU32>>, tracker: Option<&mut Tracker>) -> Result<Identity, Shut> {
    let Ok(depth) = depth else { return Err(Bypass::Transaction.into()) };
    match (depth, tracker) {
        (None, Some(tracker)) => tracker.gate(),
        (None, None) => Err(Bypass::NotTracked.into()),
        (Some(depth), Some(tracker)) => Ok(tracker.gate_within(depth)?),
        (Some(_), None) => Err(Bypass::Transaction.into()),
    }
}

/// How many statements have begun on a shared connection that may have changed what a read on it sees. `None`: such a one is
/// under way. What others do not use is as it was.
pub(crate) fn turns<C: Line>(conn: &mut C::Conn) -> Option<u64> {
    if C::IS_SHARED { with_tracker::<C, _>(conn, |tracker| tracker.turns())? } else { Some(0) }
}

/// Whether Diesel has a transaction open on `conn`, or cannot tell.
pub(crate) fn is_in_transaction<C: Line>(conn: &mut C::Conn) -> bool {
    !matches!(C::transaction_depth(conn), Ok(None))
}
