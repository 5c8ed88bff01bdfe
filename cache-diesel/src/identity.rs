//! Which database a connection is on, and under which name its results are kept.

use std::sync::{PoisonError, RwLock};

use cache_core::{Database, Fingerprint, Token};

use crate::backend::Address;

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
    /// The identity of a connection that is at `address`.
    pub(crate) fn of_address(address: &Address) -> Self {
        Self {
            database: Database::named(&address.database),
            space: Fingerprint::of(&[b"space", address.database.as_bytes(), address.session.as_bytes()]),
            is_private: address.is_private,
        }
    }

    /// An identity that nothing has, or ever had.
    pub(crate) fn unique() -> Self {
        let number = Token::fresh();
        Self::of_address(&Address::private(format!("unique:{}:{number:?}", std::process::id())))
    }

    /// Whether the database goes by `name` already.
    pub(crate) fn is_named(&self, name: &str) -> bool {
        self.database == database_named(name)
    }

    /// The identity under another name for the database.
    pub(crate) fn named(self, name: &str) -> Self {
        let database = database_named(name);
        let mut named = NAMED.write().unwrap_or_else(PoisonError::into_inner);
        if !named.contains(&database) {
            named.push(database);
        }
        Self {
            database,
            space: Fingerprint::of(&[b"named", name.as_bytes(), self.space.as_bytes()]),
            is_private: false,
        }
    }
}

/// What a program calls a database is never what one is called by itself.
fn database_named(name: &str) -> Database {
    Database::named(&format!("named:{name}"))
}

/// The databases that go by a name which their connections do not know by themselves.
static NAMED: RwLock<Vec<Database>> = RwLock::new(Vec::new());

/// Every database of this process that `identify` has named.
pub(crate) fn named() -> Vec<Database> {
    NAMED.read().unwrap_or_else(PoisonError::into_inner).clone()
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
