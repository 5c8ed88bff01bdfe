//! Which database a connection is on, and under which name its results are kept.

use std::sync::{PoisonError, RwLock};

use cache_core::{Database, Fingerprint};

use crate::backend::Address;
use crate::scan::Dialect;

/// What a connection reads from and writes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    /// What writes change: all addresses of a database share it.
    pub(crate) database: Database,
    /// What entries are kept under: everything of the connection that changes results.
    pub(crate) space: Fingerprint,
    /// Whether no other connection can ever reach the database.
    pub(crate) is_private: bool,
}

impl Identity {
    /// The identity of a connection that was opened with `url`.
    pub(crate) fn of_url(url: &str) -> Self {
        match dialect_of_url(url) {
            #[cfg(feature = "sqlite")]
            Dialect::Sqlite => Self::of_address(&crate::backend::sqlite_address_of_url(url)),
            _ => Self::of_address(&Address::shared(url.to_owned())),
        }
    }

    /// The identity of a connection that was asked where it leads.
    pub(crate) fn of_address(address: &Address) -> Self {
        Self {
            database: Database::named(&address.database),
            space: Fingerprint::of(&[b"space", address.database.as_bytes()]),
            is_private: address.is_private,
        }
    }
}

/// Which SQL is spoken at the other end of `url`.
pub(crate) fn dialect_of_url(url: &str) -> Dialect {
    match url.split_once(':').map(|(scheme, _)| scheme) {
        Some("mysql") => Dialect::Mysql,
        Some("postgres" | "postgresql") => Dialect::Postgres,
        _ => Dialect::Sqlite,
    }
}

/// The databases that tracked connections of this process were opened on.
static SEEN: RwLock<Seen> = RwLock::new(Seen { identities: Vec::new(), is_any_particular: false });

struct Seen {
    identities: Vec<Identity>,
    is_any_particular: bool,
}

/// The database of the process, where it has seen one only and no session of its own kind: reads
/// without a connection are about that.
pub(crate) fn sole() -> Option<Identity> {
    let seen = SEEN.read().unwrap_or_else(PoisonError::into_inner);
    match seen.identities.as_slice() {
        [only] if !seen.is_any_particular => Some(*only),
        _ => None,
    }
}

/// Every database that was seen, for clearing without a connection.
pub(crate) fn every() -> Vec<Identity> {
    SEEN.read().unwrap_or_else(PoisonError::into_inner).identities.clone()
}

pub(crate) fn remember(identity: Identity) {
    if SEEN.read().unwrap_or_else(PoisonError::into_inner).identities.contains(&identity) {
        return;
    }
    let mut seen = SEEN.write().unwrap_or_else(PoisonError::into_inner);
    if !seen.identities.contains(&identity) {
        seen.identities.push(identity);
    }
}

/// Forgets a database that is gone with its only connection.
pub(crate) fn forget(identity: Identity) {
    if identity.is_private {
        let mut seen = SEEN.write().unwrap_or_else(PoisonError::into_inner);
        seen.identities.retain(|other| *other != identity);
    }
}

/// Notes that a session sees things its own way: from then on no read can do without its connection.
pub(crate) fn note_particular_session() {
    SEEN.write().unwrap_or_else(PoisonError::into_inner).is_any_particular = true;
}
