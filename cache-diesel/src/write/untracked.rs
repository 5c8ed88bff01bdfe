//! Places and releases a manager's write on a connection without a tracker.

use cache_core::protocol::write::ChangeSet;
use cache_core::{Cause, Database, Invalidation, WriteEnd, registry};
use diesel::connection::LoadConnection;

use crate::backend::CacheBackend;
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
    let own = match C::Backend::identify(conn) {
        Ok(address) if !address.is_nameless => (database_of(&address), changes.clone()),
        _ => (Database::named(""), everywhere(changes)),
    };
    let named = named().into_iter().map(|database| (database, changes.clone()));
    let ending = if is_in_transaction(conn) { WriteEnd::Unknown } else { WriteEnd::Over };
    let mut writes = ensured(named.chain([own])).map_err(refused::<E>)?;
    for (invalidation, changes) in &mut writes {
        invalidation.place(changes, &registry::every());
    }
    let _release = OnDrop { writes, ending };
    write(conn)
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
