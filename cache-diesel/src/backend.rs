//! What the library has to know of each database backend.

use core::fmt;

use diesel::backend::Backend;
use diesel::connection::LoadConnection;
use diesel::query_builder::{QueryBuilder, QueryFragment};
use diesel::result::QueryResult;

use crate::scan::Dialect;

#[cfg(feature = "sqlite")]
mod returning;
#[cfg(feature = "sqlite")]
mod sqlite;

#[cfg(feature = "sqlite")]
pub(crate) use sqlite::address_of_url as sqlite_address_of_url;

#[cfg(not(feature = "sqlite"))]
compile_error!("cache-diesel needs a database: enable its feature `sqlite`");

/// The backend that tables' names are printed with; every enabled one prints them alike but for the quotes.
#[cfg(feature = "sqlite")]
pub(crate) type NamingBackend = diesel::sqlite::Sqlite;

/// A backend whose queries can be cached.
#[diagnostic::on_unimplemented(
    message = "the backend `{Self}` is not supported by the cache",
    note = "enable the feature of cache-diesel that is named after the database: `sqlite`"
)]
pub trait CacheBackend: Backend<QueryBuilder: Default> + Default + 'static {
    /// Which SQL the backend speaks.
    #[doc(hidden)]
    const DIALECT: Dialect;

    /// Writes the serialised values that are bound to `query`.
    ///
    /// # Errors
    ///
    /// If a value cannot be serialised.
    #[doc(hidden)]
    fn write_binds<Query: QueryFragment<Self>>(query: &Query, to: &mut dyn fmt::Write) -> QueryResult<()>;

    /// Asks an open connection which database it is on.
    ///
    /// # Errors
    ///
    /// If the database cannot be asked.
    #[doc(hidden)]
    fn identify<C: LoadConnection<Backend = Self>>(conn: &mut C) -> QueryResult<Address>;

    /// Whether a transaction is open that Diesel knows nothing of.
    #[doc(hidden)]
    fn has_raw_transaction<C: LoadConnection<Backend = Self>>(conn: &mut C) -> bool;
}

/// Where a connection leads.
#[doc(hidden)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// What all connections to the database have in common.
    pub(crate) database: String,
    /// Whether no other connection can ever reach that database.
    pub(crate) is_private: bool,
    /// Whether the connection reaches other databases as well.
    pub(crate) reaches_others: bool,
}

impl Address {
    pub(crate) fn shared(database: String) -> Self {
        Self { database, is_private: false, reaches_others: false }
    }

    pub(crate) fn private(database: String) -> Self {
        Self { database, is_private: true, reaches_others: false }
    }
}

/// The SQL text of `query`.
pub(crate) fn sql_text<DB: CacheBackend, Query: QueryFragment<DB>>(query: &Query) -> QueryResult<String> {
    let mut builder = DB::QueryBuilder::default();
    query.to_sql(&mut builder, &DB::default())?;
    Ok(builder.finish())
}
