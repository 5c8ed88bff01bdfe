//! Asks a connection what plain reads on it depend on.

use cache_core::{Cache, Collecting, Kind, Reader, Tag, registry};
use diesel::connection::LoadConnection;

use crate::backend::CacheBackend;
use crate::backend::line::{Line, at_once};
use crate::read::drive::ask::may_store;
use crate::read::drive::consult::confirm;
use crate::read::drive::gate::gate;
use crate::track::own::announce;

/// Asks `conn` which database it is on, whether that is a replica, and what the database declares, unless that is known: then
/// plain statements of Diesel on it count for [computed values](Cache::compute). Managers ask by themselves when they first
/// read from the database, so this is for connections on which nothing else is read, and is called at the beginning of what
/// is computed. In a transaction nothing is asked.
///
/// # Examples
///
/// ```
/// # use cache_diesel::prelude::*;
/// # use core::time::Duration;
/// # use diesel::{connection::SimpleConnection, prelude::*};
/// # diesel::table! { products (id) { id -> Integer, price -> Integer } }
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # cache_diesel::install(Cache::memory())?;
/// # let conn = &mut SqliteConnection::establish(":memory:")?;
/// # conn.batch_execute("CREATE TABLE products (id INTEGER PRIMARY KEY, price INTEGER NOT NULL)")?;
/// let cache = caches::default()?;
/// let mut count = |conn: &mut SqliteConnection| {
///     cache.compute("count", Duration::from_secs(3600), || {
///         cache_diesel::acquaint(conn);
///         products::table.count().get_result::<i64>(conn)
///     })
/// };
/// assert_eq!(count(conn)?, 0);
/// diesel::insert_into(products::table).values(products::price.eq(7)).execute(conn)?;
/// assert_eq!(count(conn)?, 1);
/// # Ok(())
/// # }
/// ```
pub fn acquaint<C: LoadConnection<Backend: CacheBackend>>(conn: &mut C) {
    at_once(acquainted::<C>(conn));
}

/// The same for a connection that is awaited. On SQLite, whose statements run on other threads, it also says that what runs on
/// the connection belongs to the computation that is under way: without it plain statements are not seen there.
///
/// # Examples
///
/// ```
/// use core::time::Duration;
///
/// use cache_diesel::prelude::*;
/// use diesel::prelude::*;
/// use diesel_async::RunQueryDsl;
/// use diesel_async::sync_connection_wrapper::SyncConnectionWrapper;
/// # diesel::table! { products (id) { id -> Integer, price -> Integer } }
///
/// async fn count(conn: &mut SyncConnectionWrapper<SqliteConnection>) -> Result<i64, Box<dyn std::error::Error>> {
///     let count = async || {
///         cache_diesel::acquaint_async(conn).await;
///         products::table.count().get_result::<i64>(conn).await
///     };
///     Ok(caches::default()?.compute_async("count", Duration::from_secs(3600), count).await?)
/// }
/// ```
#[cfg(feature = "async")]
pub async fn acquaint_async<C: diesel_async::AsyncConnection<Backend: CacheBackend>>(conn: &mut C) {
    acquainted::<crate::backend::line::Awaited<C>>(conn).await;
}

async fn acquainted<C: Line>(conn: &mut C::Conn) {
    announce::<C>(conn);
    let Ok(identity) = gate::<C>(conn).await else { return };
    if may_store::<C>(conn, identity).await.is_err() {
        return;
    }
    let Some(cache) = Collecting::current().map(|scope| scope.cache().clone()).or_else(|| registry::default().ok())
    else {
        return;
    };
    let seed = {
        let cache = cache.clone();
        move || {
            let counters = cache.counters(Cache::COMPUTED, Kind::Computed);
            let reader = Reader { cache: &cache, manager: Cache::COMPUTED, kind: Kind::Computed, counters: &counters };
            reader.seed(&[Tag::root(), identity.database.tag()])
        }
    };
    if let Some(seeds) = cache.call_by(C::MANNER, seed).await {
        confirm::<C>(conn, identity, &seeds).await;
    }
}
