//! Writes through the manager on a connection without a tracker: placed and released here.

use cache_core::protocol::write::ChangeSet;
use cache_core::{Cause, Database, Ending, Invalidation, registry};
use diesel::connection::LoadConnection;

use crate::backend::CacheBackend;
use crate::identity::{Identity, named};
use crate::read::is_in_transaction;
use crate::track::widen;

/// Runs `write`, which may change `changes` at most.
///
/// Inside a transaction nobody tells when it is committed: the write counts as still running. The connection does not
/// know whether others call its database by a name of their own: it counts for each that has one.
pub(crate) fn write<C, T>(conn: &mut C, changes: &ChangeSet, write: impl FnOnce(&mut C) -> T) -> T
where
    C: LoadConnection<Backend: CacheBackend>,
{
    let own = match C::Backend::identify(conn) {
        Ok(address) if !address.is_nameless => (Identity::of_address(&address).database, changes.clone()),
        _ => (Database::named(""), everywhere(changes)),
    };
    let named = named().into_iter().map(|database| (database, changes.clone()));
    let ending = if is_in_transaction(conn) { Ending::Unknown } else { Ending::Over };
    let _release =
        OnDrop { writes: named.chain([own]).map(|(database, changes)| placed(database, changes)).collect(), ending };
    write(conn)
}

fn placed(database: Database, mut changes: ChangeSet) -> (Invalidation, ChangeSet) {
    widen(&mut changes, database, None);
    let mut invalidation = Invalidation::of(database);
    invalidation.place(&changes, &registry::every());
    (invalidation, changes)
}

fn everywhere(changes: &ChangeSet) -> ChangeSet {
    let mut changes = changes.clone();
    changes.add_other_databases();
    changes
}

/// Releases also if the write panics.
struct OnDrop {
    writes: Vec<(Invalidation, ChangeSet)>,
    ending: Ending,
}

impl Drop for OnDrop {
    fn drop(&mut self) {
        for (invalidation, changes) in self.writes.drain(..) {
            invalidation.release(&changes, self.ending, Cause::Statement, &registry::every());
        }
    }
}
