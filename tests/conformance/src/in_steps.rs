//! What goes before the query of a load, one call after another: for stores that do not have it in one round trip.

use cache_core::store::{Beginning, Begun, SharedStore, Started, Starting, Store};
use cache_core::{Result, Tag, Timestamp};

/// Does what [`SharedStore::start`] says, and takes no lease.
///
/// # Errors
///
/// If the tags cannot be seeded.
pub fn start(store: &dyn Store, starting: &Starting<'_>, now: Timestamp) -> Result<Started> {
    let tags: Vec<Tag> = starting.seen.iter().map(|(tag, _)| *tag).collect();
    let seeded = store.seed(&tags, starting.tables, now)?;
    Ok(Started { seeded, is_leased: false })
}

/// Does what [`SharedStore::begin`] says.
///
/// # Errors
///
/// If the entry cannot be looked up, or the tags cannot be seeded.
pub fn begin<S: Store + SharedStore>(store: &S, beginning: &Beginning<'_>, now: Timestamp) -> Result<Begun> {
    let (name, holder, life) = beginning.lease;
    let is_taken = store.lease(name, holder, life).ok();
    let looked = store.look(core::slice::from_ref(beginning.wanted), now)?.pop();
    let seeded = store.seed(beginning.tags, beginning.tables, now)?;
    Ok(Begun { is_taken, found: looked.and_then(|looked| looked.found), seeded })
}
