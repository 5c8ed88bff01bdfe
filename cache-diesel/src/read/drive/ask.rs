//! Asks a connection for its database at the first call of a manager that needs it.
//!
//! This is where what the library has to know of a database is asked once: [`introduce`] runs outside of transactions,
//! before anything is looked up, and its statements are nobody's business (`questioning`).

use cache_core::Bypass;
use diesel::connection::LoadConnection;

use crate::backend::CacheBackend;
use crate::identity::Identity;
use crate::identity::role::AtMiss;
use crate::read::drive::gate::{gate_of, transaction_depth};
use crate::track::{Shut, questioning, tracker_of};

/// Asks which database `conn` is on, which nobody knows yet. What is answered is remembered for its URL.
#[cold]
pub(crate) fn introduce<C: LoadConnection<Backend: CacheBackend>>(conn: &mut C) -> Result<Identity, Bypass> {
    let answer = questioning(conn, |conn| C::Backend::ask(conn));
    let tracker = tracker_of(conn).ok_or(Bypass::NotTracked)?;
    match answer {
        Ok(Some(answer)) => tracker.answered(&answer),
        // There is no file yet, or the server does not say: it is asked again next time.
        Ok(None) | Err(_) => Err(Bypass::Unidentified),
    }
}

/// Sees to it that a write on `conn` counts for the database by the name that its server gives it.
pub(crate) fn introduce_writer<C: LoadConnection<Backend: CacheBackend>>(conn: &mut C) {
    let depth = transaction_depth(conn);
    if let Ok(None) = depth
        && let Err(Shut::Unasked) = gate_of(depth, conn.instrumentation())
    {
        // Where it is not known, what its URL says has to do.
        _ = introduce(conn);
    }
}

/// Whether what the database answers on `conn`, which reads under `identity`, may be stored; if not, why.
#[inline]
pub(crate) fn may_store<C>(conn: &mut C, identity: Identity) -> Result<(), Bypass>
where
    C: LoadConnection<Backend: CacheBackend>,
{
    let Some(tracker) = tracker_of(conn) else { return Err(Bypass::NotTracked) };
    if tracker.is_looking_only() {
        return Err(Bypass::Transaction);
    }
    match tracker.at_miss() {
        AtMiss::Store => Ok(()),
        AtMiss::Pass => Err(Bypass::Replica),
        AtMiss::Ask => ask_again(conn, identity),
    }
}

#[cold]
fn ask_again<C>(conn: &mut C, identity: Identity) -> Result<(), Bypass>
where
    C: LoadConnection<Backend: CacheBackend>,
{
    // By now it may be another database than the one that was looked up.
    if introduce(conn)? != identity {
        return Err(Bypass::Unidentified);
    }
    match tracker_of(conn).map_or(AtMiss::Pass, |tracker| tracker.at_miss()) {
        AtMiss::Store => Ok(()),
        AtMiss::Ask | AtMiss::Pass => Err(Bypass::Replica),
    }
}
