//! Keeps the databases that this process knows.

use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use cache_core::{Database, Fingerprint};

use crate::identity::Identity;
use crate::identity::address::DatabaseAddress;
use crate::identity::endpoint::Endpoint;

/// What tracked connections of this process were opened on.
static SEEN: RwLock<KnownDatabases> =
    RwLock::new(KnownDatabases { databases: Vec::new(), addresses: Vec::new(), is_any_particular: false });

struct KnownDatabases {
    databases: Vec<Database>,
    /// By what an address says.
    addresses: Vec<Fingerprint>,
    is_any_particular: bool,
}

/// The database that the program said is its only one.
static ONLY: OnceLock<Arc<Endpoint>> = OnceLock::new();

/// Takes the database at `endpoint` for the only one of the process. Gives whether it is the one that was told before.
pub(crate) fn note_only(endpoint: &Arc<Endpoint>) -> bool {
    let told = ONLY.get_or_init(|| Arc::clone(endpoint));
    told.by_address() == endpoint.by_address()
}

/// The database of the process, where it was told of one and has seen no other, nor a session of its own kind: reads
/// without a connection are about that.
pub(crate) fn only() -> Option<Identity> {
    let told = ONLY.get()?;
    let seen = SEEN.read().unwrap_or_else(PoisonError::into_inner);
    let is_only = seen.addresses.iter().all(|address| *address == told.by_address().space);
    if is_only && !seen.is_any_particular { told.without_connection() } else { None }
}

/// Every database that was seen, for clearing without a connection.
pub(crate) fn every() -> Vec<Database> {
    SEEN.read().unwrap_or_else(PoisonError::into_inner).databases.clone()
}

/// Notes that a connection was opened on `address`.
pub(crate) fn remember_address(address: &DatabaseAddress) {
    add(Identity::of_address(address).space, |seen| &mut seen.addresses);
}

/// Notes that a connection leads to `identity`.
pub(crate) fn remember(identity: Identity) {
    add(identity.database, |seen| &mut seen.databases);
}

fn add<T: PartialEq>(one: T, to: impl Fn(&mut KnownDatabases) -> &mut Vec<T>) {
    let mut seen = SEEN.write().unwrap_or_else(PoisonError::into_inner);
    let all = to(&mut seen);
    if !all.contains(&one) {
        all.push(one);
    }
}

/// Forgets a database that is gone with its only connection.
pub(crate) fn forget(identity: Identity) {
    if identity.is_private {
        let mut seen = SEEN.write().unwrap_or_else(PoisonError::into_inner);
        seen.databases.retain(|other| *other != identity.database);
        seen.addresses.retain(|other| *other != identity.space);
    }
}

/// Notes that a session sees things its own way: from then on no read can do without its connection.
pub(crate) fn note_particular_session() {
    SEEN.write().unwrap_or_else(PoisonError::into_inner).is_any_particular = true;
}
