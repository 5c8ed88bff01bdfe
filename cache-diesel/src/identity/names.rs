//! Keeps the names that programs give to databases.

use std::sync::{PoisonError, RwLock};

use cache_core::Database;

/// What a program calls a database is never what one is called by itself.
pub(super) fn database_named(name: &str) -> Database {
    Database::named(&format!("named:{name}"))
}

/// The databases that go by a name which their connections do not know by themselves.
static NAMED: RwLock<Vec<Database>> = RwLock::new(Vec::new());

/// The database that the program calls `name`.
pub(super) fn note(name: &str) -> Database {
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
