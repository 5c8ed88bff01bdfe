//! Asks a connection for its database at the first call of a manager that needs it.
//!
//! This is where what the library has to know of a database is asked once: [`introduce`] runs outside of transactions,
//! before anything is looked up, and its statements are nobody's business (`questioning`).

use cache_core::Bypass;

use crate::backend::CacheBackend;
use crate::backend::line::Line;
use crate::identity::Identity;
use crate::identity::role::AtMiss;
use crate::track::{Question, Tracker, with_tracker};

/// Asks which database `conn` is on, which nobody knows yet. What is answered is remembered for its URL.
#[cold]
pub(crate) async fn introduce<C: Line>(conn: &mut C::Conn) -> Result<Identity, Bypass> {
    let answer = {
        let mut question = Question::<C>::begin(conn);
        <C::Backend as CacheBackend>::ask::<C>(question.conn()).await
    };
    // There is no file yet, or the server does not say: it is asked again next time.
    let Ok(Some(answer)) = answer else { return Err(Bypass::Unidentified) };
    let take = move |tracker: &mut Tracker| {
        if C::IS_SHARED { tracker.answered_beside(&answer) } else { tracker.answered(&answer) }
    };
    with_tracker::<C, _>(conn, take).unwrap_or(Err(Bypass::NotTracked))
}

/// Whether what the database answers on `conn`, which reads under `identity`, may be stored; if not, why.
pub(crate) async fn may_store<C: Line>(conn: &mut C::Conn, identity: Identity) -> Result<(), Bypass> {
    let at_miss = |tracker: &mut Tracker| (!tracker.is_looking_only()).then(|| tracker.at_miss());
    let at_miss = with_tracker::<C, _>(conn, at_miss).ok_or(Bypass::NotTracked)?;
    match at_miss.ok_or(Bypass::Transaction)? {
        AtMiss::Store => Ok(()),
        AtMiss::Pass => Err(Bypass::Replica),
        AtMiss::Ask => ask_again::<C>(conn, identity).await,
    }
}

#[cold]
async fn ask_again<C: Line>(conn: &mut C::Conn, identity: Identity) -> Result<(), Bypass> {
    // By now it may be another database than the one that was looked up.
    if introduce::<C>(conn).await? != identity {
        return Err(Bypass::Unidentified);
    }
    match with_tracker::<C, _>(conn, |tracker| tracker.at_miss()).unwrap_or(AtMiss::Pass) {
        AtMiss::Store => Ok(()),
        AtMiss::Ask | AtMiss::Pass => Err(Bypass::Replica),
    }
}
