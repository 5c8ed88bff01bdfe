//! Keeps the databases that this process knows.

use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use cache_core::{Database, Error, ErrorKind, Fingerprint, Result};

use crate::backend::{Address, Reach, address_of_url};
use crate::identity::Identity;
use crate::identity::endpoint::{Endpoint, endpoint_of};

/// What a program calls a database is never what one is called by itself.
pub(super) fn database_named(name: &str) -> Database {
    Database::named(&format!("named:{name}"))
}

/// The databases that go by a name which their connections do not know by themselves.
static NAMED: RwLock<Vec<Database>> = RwLock::new(Vec::new());

/// The database that the program calls `name`.
pub(super) fn note_name(name: &str) -> Database {
    let database = database_named(name);
    let mut named = NAMED.write().unwrap_or_else(PoisonError::into_inner);
    if !named.contains(&database) {
        named.push(database);
    }
    database
}

/// Every database of this process that `identify` has named.
pub(crate) fn named() -> Vec<Database> {
    NAMED.read().unwrap_or_else(PoisonError::into_inner).clone()
}

/// What tracked connections of this process were opened on.
static SEEN: RwLock<Seen> =
    RwLock::new(Seen { databases: Vec::new(), addresses: Vec::new(), is_any_particular: false });

struct Seen {
    databases: Vec<Database>,
    /// By what an address says.
    addresses: Vec<Fingerprint>,
    is_any_particular: bool,
}

/// The database that the program said is its only one.
static ONLY: OnceLock<Arc<Endpoint>> = OnceLock::new();

/// Tells the library that every connection of this process leads to the database at `url`, as they are opened by it.
///
/// From then on `first_with` and `load_with` look in the cache before they take a connection, once it is known which
/// database that is: after the first read with one. They take theirs first as soon as the process has seen a connection
/// by another URL, or one whose session was told to see things its own way.
/// [`CacheBuilder::database`](crate::CacheBuilder::database) names the database for one cache, without these
/// conditions.
///
/// # Errors
///
/// Returns an error of [`ErrorKind::Configuration`] if the URL names no database that several connections reach, and
/// of [`ErrorKind::AlreadyConfigured`] if another one was told before.
///
/// # Examples
///
/// ```
/// # let url = "shop.sqlite";
/// cache_diesel::only_database(url)?;
/// assert!(cache_diesel::only_database("other.sqlite").is_err());
/// # Ok::<(), cache_diesel::Error>(())
/// ```
pub fn only_database(url: &str) -> Result<()> {
    let (_, address) = address_of_url(url);
    if address.is_nameless || address.reach == Reach::Connection {
        let context = "`only_database` needs a URL that names a database which several connections reach";
        return Err(Error::new(ErrorKind::Configuration, context));
    }
    let endpoint = endpoint_of(address);
    let told = ONLY.get_or_init(|| Arc::clone(&endpoint));
    if told.by_address() == endpoint.by_address() {
        return Ok(());
    }
    Err(Error::new(ErrorKind::AlreadyConfigured, "`only_database` was told of another database before"))
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
pub(crate) fn remember_address(address: &Address) {
    add(Identity::of_address(address).space, |seen| &mut seen.addresses);
}

/// Notes that a connection leads to `identity`.
pub(crate) fn remember(identity: Identity) {
    add(identity.database, |seen| &mut seen.databases);
}

fn add<T: PartialEq>(one: T, to: impl Fn(&mut Seen) -> &mut Vec<T>) {
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
