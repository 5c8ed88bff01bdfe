//! Writes through the manager on a connection without a tracker: placed and released here.

use cache_core::protocol::write::ChangeSet;
use cache_core::{Cause, Database, Ending, Invalidation, registry};
use diesel::connection::LoadConnection;

use crate::backend::CacheBackend;
use crate::identity::Identity;
use crate::read::is_in_transaction;

/// Runs `write`, which may change `changes` at most.
///
/// Inside a transaction nobody tells when it is committed: the write counts as still running.
pub(crate) fn write<C, T>(conn: &mut C, changes: &ChangeSet, write: impl FnOnce(&mut C) -> T) -> T
where
    C: LoadConnection<Backend: CacheBackend>,
{
    let (database, changes) = match C::Backend::identify(conn) {
        Ok(address) => (Identity::of_address(&address).database, changes.clone()),
        Err(_) => (Database::named(""), everywhere(changes)),
    };
    let ending = if is_in_transaction(conn) { Ending::Unknown } else { Ending::Over };
    let mut release = OnDrop { invalidation: Some(Invalidation::of(database)), changes, ending };
    if let Some(invalidation) = &mut release.invalidation {
        invalidation.place(&release.changes, &registry::every());
    }
    write(conn)
}

fn everywhere(changes: &ChangeSet) -> ChangeSet {
    let mut changes = changes.clone();
    changes.add_other_databases();
    changes
}

/// Releases also if the write panics.
struct OnDrop {
    invalidation: Option<Invalidation>,
    changes: ChangeSet,
    ending: Ending,
}

impl Drop for OnDrop {
    fn drop(&mut self) {
        if let Some(invalidation) = self.invalidation.take() {
            invalidation.release(&self.changes, self.ending, Cause::Statement, &registry::every());
        }
    }
}
