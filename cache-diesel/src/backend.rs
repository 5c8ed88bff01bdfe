//! Holds what the library knows of each database backend.

use core::fmt;

use diesel::backend::Backend;
use diesel::expression::QueryMetadata;
use diesel::query_builder::{AstPass, CollectedQuery, QueryBuilder, QueryFragment};
use diesel::result::QueryResult;
use diesel::sql_types::Untyped;

use crate::backend::line::{Line, Reply};
use crate::catalogue::{AskedColumn, FactRow};
use crate::identity::address::DatabaseAddress;
use crate::identity::answer::ServerAnswer;
use crate::scan::{Bound, Dialect};

#[cfg(any(feature = "mysql", feature = "postgres"))]
mod bound;
#[cfg(any(feature = "mysql", feature = "postgres", feature = "sqlite"))]
mod declared;
#[cfg(feature = "mysql")]
mod last_insert_id;
pub(crate) mod line;
#[cfg(feature = "mysql")]
mod mysql;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod returning;
#[cfg(feature = "database-store")]
pub(crate) mod rows;
#[cfg(any(feature = "mysql", feature = "postgres", feature = "sqlite"))]
mod scheme;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(any(feature = "mysql", feature = "postgres", feature = "sqlite"))]
mod structure;
#[cfg(any(feature = "mysql", feature = "postgres", feature = "sqlite"))]
mod url;

#[cfg(any(feature = "mysql", feature = "postgres", feature = "sqlite"))]
pub(crate) use scheme::address_of_url;

#[cfg(not(any(feature = "mysql", feature = "postgres", feature = "sqlite")))]
compile_error!("cache-diesel needs a database: enable one of its features `sqlite`, `postgres` and `mysql`");

/// The backend that tables' names are printed with; every enabled one prints them alike but for the quotes.
#[cfg(feature = "sqlite")]
pub(crate) type NamingBackend = diesel::sqlite::Sqlite;
/// The backend that tables' names are printed with; every enabled one prints them alike but for the quotes.
#[cfg(all(feature = "postgres", not(feature = "sqlite")))]
pub(crate) type NamingBackend = diesel::pg::Pg;
/// The backend that tables' names are printed with.
#[cfg(all(feature = "mysql", not(any(feature = "postgres", feature = "sqlite"))))]
pub(crate) type NamingBackend = diesel::mysql::Mysql;

/// A backend whose queries can be cached.
#[diagnostic::on_unimplemented(
    message = "the backend `{Self}` is not supported by the cache",
    note = "enable the feature of cache-diesel that is named after the database: `sqlite`, `postgres` or `mysql`"
)]
pub trait CacheBackend: Backend<QueryBuilder: Default> + Default + QueryMetadata<Untyped> + 'static {
    /// Which SQL the backend speaks.
    #[doc(hidden)]
    const DIALECT: Dialect;

    /// The values that are bound to a query, made its own.
    #[doc(hidden)]
    type Binds: Send + Sync + 'static;

    /// The values that are bound to `query`; `None`: they cannot be told without its connection.
    #[doc(hidden)]
    fn binds_of<Query: QueryFragment<Self>>(query: &Query) -> Option<Self::Binds>;

    /// Says a query that was printed before.
    ///
    /// # Errors
    ///
    /// As Diesel's `walk_ast`.
    #[doc(hidden)]
    fn walk_collected<'b>(collected: &'b CollectedQuery<Self::Binds>, pass: AstPass<'_, 'b, Self>) -> QueryResult<()>;

    /// Writes the serialised values that are bound to `query`.
    ///
    /// # Errors
    ///
    /// If a value cannot be serialised.
    #[doc(hidden)]
    fn write_binds<Query: QueryFragment<Self>>(query: &Query, to: &mut dyn fmt::Write) -> QueryResult<()>;

    /// The `count` values that are bound last to `query`, as they are sent, if it is known what they are.
    #[doc(hidden)]
    fn last_bounds<Query: QueryFragment<Self>>(query: &Query, count: usize) -> Option<Vec<Bound>>;

    /// Asks an open connection which database it is on.
    ///
    /// # Errors
    ///
    /// If the database cannot be asked.
    #[doc(hidden)]
    fn identify<'a, C: Line<Backend = Self> + 'a>(conn: &'a mut C::Conn) -> Reply<'a, QueryResult<DatabaseAddress>>;

    /// Asks, on an open connection that is in no transaction, what the other end says of itself. `None`: it says
    /// nothing, and its address says it all.
    ///
    /// # Errors
    ///
    /// If the database does not answer.
    #[doc(hidden)]
    fn ask<'a, C: Line<Backend = Self> + 'a>(conn: &'a mut C::Conn) -> Reply<'a, QueryResult<Option<ServerAnswer>>>;

    /// Asks an open connection for its session's state.
    ///
    /// # Errors
    ///
    /// If the database cannot be asked.
    #[doc(hidden)]
    fn session_of<'a, C: Line<Backend = Self> + 'a>(conn: &'a mut C::Conn) -> Reply<'a, QueryResult<SessionState>>;

    /// Asks an open connection what its database declares by itself, and which of `columns` it compares byte by byte.
    ///
    /// # Errors
    ///
    /// If the database cannot be asked.
    #[doc(hidden)]
    fn declared<'a, C: Line<Backend = Self> + 'a>(
        conn: &'a mut C::Conn,
        columns: &'a [AskedColumn],
    ) -> Reply<'a, QueryResult<Vec<FactRow>>>;

    /// Asks an open connection what the structure of its database does to rows by itself.
    ///
    /// # Errors
    ///
    /// If the database cannot be asked.
    #[doc(hidden)]
    fn structure<'a, C: Line<Backend = Self> + 'a>(conn: &'a mut C::Conn) -> Reply<'a, QueryResult<Vec<FactRow>>>;

    /// Whether a transaction is open that Diesel knows nothing of.
    #[doc(hidden)]
    fn has_raw_transaction<'a, C: Line<Backend = Self> + 'a>(conn: &'a mut C::Conn) -> Reply<'a, bool>;
}

/// What an open connection says of its session.
#[doc(hidden)]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionState {
    /// What its results depend on, besides the database and the account.
    pub(crate) name: String,
    /// Whose it is.
    pub(crate) account: String,
    /// Whether it was changed since it was opened.
    pub(crate) is_particular: bool,
    /// Whether statements do not commit by themselves.
    pub(crate) autocommit_is_off: bool,
}

/// The SQL text of `query`.
pub(crate) fn sql_text<DB: CacheBackend, Query: QueryFragment<DB>>(query: &Query) -> QueryResult<String> {
    let mut builder = DB::QueryBuilder::default();
    query.to_sql(&mut builder, &DB::default())?;
    Ok(builder.finish())
}
