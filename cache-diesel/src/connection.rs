//! Connections of diesel-async whose plain writes are placed and released while they are awaited.

#[cfg(any(feature = "async-mysql", feature = "async-postgres"))]
mod statement;
mod tracked;
#[cfg(feature = "async-postgres")]
mod transaction;

#[cfg(feature = "async-mysql")]
mod mysql;
#[cfg(feature = "async-postgres")]
mod postgres;

pub use tracked::Tracked;
#[cfg(feature = "async-postgres")]
pub use transaction::{TransactionBody, TransactionBuilder};

/// [`diesel_async::AsyncPgConnection`], with its name: plain writes are placed before, and released after they ran.
///
/// # Examples
///
/// ```
/// use cache_diesel::AsyncPgConnection;
/// use diesel::prelude::*;
/// use diesel_async::RunQueryDsl;
///
/// diesel::table! { products (id) { id -> Integer, title -> Text, } }
///
/// async fn rename(conn: &mut AsyncPgConnection, id: i32, title: &str) -> QueryResult<usize> {
///     diesel::update(products::table.find(id)).set(products::title.eq(title)).execute(conn).await
/// }
/// ```
#[cfg(feature = "async-postgres")]
pub type AsyncPgConnection = Tracked<diesel_async::AsyncPgConnection>;

/// [`diesel_async::AsyncMysqlConnection`], with its name: plain writes are placed before, and released after they ran.
#[cfg(feature = "async-mysql")]
pub type AsyncMysqlConnection = Tracked<diesel_async::AsyncMysqlConnection>;
