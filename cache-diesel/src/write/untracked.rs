//! Places and releases a manager's write on a connection without a tracker.

use cache_core::protocol::write::ChangeSet;
use cache_core::{Cause, Database, Invalidation, WriteEnd, registry};
use diesel::connection::LoadConnection;

use crate::backend::CacheBackend;
use crate::backend::line::at_once;
use crate::identity::endpoint::database_of;
use crate::identity::names::named;
use crate::read::is_in_transaction;
use crate::setup::install::watch;
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
    let own = match at_once(C::Backend::identify::<C>(conn)) {
        Ok(address) if !address.is_nameless => (database_of(&address), changes.clone()),
        _ => (Database::named(""), everywhere(changes)),
    };
    let ending = if is_in_transaction::<C>(conn) { WriteEnd::Unknown } else { WriteEnd::Over };
    let _release = begin(changes, own, ending)?;
    write(conn)
}

/// Places what a write on a connection without a tracker may change that nobody can ask for its database.
#[cfg(feature = "async")]
pub(super) fn begin_unnamed(changes: &ChangeSet, is_in_transaction: bool) -> Result<Unnamed, diesel::result::Error> {
    watch::check_default();
    // Until its end is told it may be under way.
    let release =
        begin::<diesel::result::Error>(changes, (Database::named(""), everywhere(changes)), WriteEnd::Unknown)?;
    Ok(Unnamed { release, is_in_transaction })
}

/// A write on a connection that nobody can ask for its database. If it is dropped before its end, it may be under way.
#[cfg(feature = "async")]
pub(super) struct Unnamed {
    release: OnDrop,
    is_in_transaction: bool,
}

#[cfg(feature = "async")]
impl Unnamed {
    /// The write is over.
    pub(super) fn end(mut self) {
        if !self.is_in_transaction {
            self.release.ending = WriteEnd::Over;
        }
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
