//! Places and releases a manager's write on a connection without a tracker.

use cache_core::protocol::write::ChangeSet;
use cache_core::{Cause, Database, Invalidation, WriteEnd, registry};
use diesel::connection::LoadConnection;

use crate::backend::CacheBackend;
use crate::backend::line::{Line, at_once};
use crate::identity::endpoint::database_of;
use crate::identity::names::named;
use crate::read::is_in_transaction;
use crate::setup::install::watch;
#[cfg(feature = "async")]
use crate::track::errands::{done_for_task, post};
use crate::track::{ensure, widen};

/// Runs `write`, which may change `changes` at most, unless a store that has to take its intents does not.
///
/// Inside a transaction nobody tells when it is committed: the write counts as still running. The connection does not
/// know whether others call its database by a name of their own: it counts for each that has one.
pub(crate) fn write<C, T, E>(
    conn: &mut C,
    changes: &ChangeSet,
    write: impl FnOnce(&mut C) -> Result<T, E>,
) -> Result<T, E>
where
    C: LoadConnection<Backend: CacheBackend>,
    E: From<diesel::result::Error>,
{
    watch::check_default();
    let own = at_once(own_of::<C>(conn, changes));
    let ending = if is_in_transaction::<C>(conn) { WriteEnd::Unknown } else { WriteEnd::Over };
    let _release = begin(changes, own, ending)?;
    write(conn)
}

/// Places what a write on an awaited connection without a tracker may change.
#[cfg(feature = "async")]
pub(super) async fn begin_awaited<C: Line>(
    conn: &mut C::Conn,
    changes: ChangeSet,
) -> Result<Untracked, diesel::result::Error> {
    watch::check_default();
    let is_in_transaction = is_in_transaction::<C>(conn);
    let own = own_of::<C>(conn, &changes).await;
    // Until its end is told it may be under way.
    let begin = move || begin::<diesel::result::Error>(&changes, own, WriteEnd::Unknown);
    let release = Some(done_for_task(begin).await?);
    Ok(Untracked { release, is_in_transaction })
}

/// A write on an awaited connection without a tracker. If it is dropped before its end, it may be under way.
#[cfg(feature = "async")]
pub(super) struct Untracked {
    release: Option<OnDrop>,
    is_in_transaction: bool,
}

#[cfg(feature = "async")]
impl Untracked {
    /// The write is over: waits until it is released.
    pub(super) async fn end(mut self) {
        let Some(mut release) = self.release.take() else { return };
        if !self.is_in_transaction {
            release.ending = WriteEnd::Over;
        }
        done_for_task(move || drop(release)).await;
    }
}

#[cfg(feature = "async")]
impl Drop for Untracked {
    fn drop(&mut self) {
        if let Some(release) = self.release.take() {
            post(move || drop(release));
        }
    }
}

/// The database that `conn` is on, and what a write of `changes` changes there: of one that has no name in every one.
async fn own_of<C: Line>(conn: &mut C::Conn, changes: &ChangeSet) -> (Database, ChangeSet) {
    match <C::Backend as CacheBackend>::identify::<C>(conn).await {
        Ok(address) if !address.is_nameless => (database_of(&address), changes.clone()),
        _ => (Database::named(""), everywhere(changes)),
    }
}

fn begin<E>(changes: &ChangeSet, own: (Database, ChangeSet), ending: WriteEnd) -> Result<OnDrop, E>
where
    E: From<diesel::result::Error>,
{
    let named = named().into_iter().map(|database| (database, changes.clone()));
    let mut writes = ensured(named.chain([own])).map_err(refused::<E>)?;
    for (invalidation, changes) in &mut writes {
        invalidation.place(changes, &registry::every());
    }
    Ok(OnDrop { writes, ending })
}

/// What a strict write fails with: Diesel has no kind for it.
pub(super) fn refused<E: From<diesel::result::Error>>(error: cache_core::Error) -> E {
    diesel::result::Error::QueryBuilderError(Box::new(error)).into()
}

/// The writes, with the intents that are a condition of theirs.
fn ensured(writes: impl Iterator<Item = (Database, ChangeSet)>) -> cache_core::Result<Vec<(Invalidation, ChangeSet)>> {
    let mut ensured = Vec::new();
    for (database, mut changes) in writes {
        widen(&mut changes, database, None);
        let mut invalidation = None;
        let result = ensure(&changes, database, &mut invalidation);
        ensured.push((invalidation.unwrap_or_else(|| Invalidation::of(database)), changes));
        if let Err(error) = result {
            ensured.into_iter().for_each(|(invalidation, _)| invalidation.end(&registry::every()));
            return Err(error);
        }
    }
    Ok(ensured)
}

fn everywhere(changes: &ChangeSet) -> ChangeSet {
    let mut changes = changes.clone();
    changes.add_other_databases();
    changes
}

/// Releases also if the write panics.
struct OnDrop {
    writes: Vec<(Invalidation, ChangeSet)>,
    ending: WriteEnd,
}

impl Drop for OnDrop {
    fn drop(&mut self) {
        for (invalidation, changes) in self.writes.drain(..) {
            invalidation.release(&changes, self.ending, Cause::Statement, &registry::every());
        }
    }
}
