//! Asks a connection what plain reads on it depend on.

use cache_core::{Cache, Collecting, Kind, Reader, Tag, registry};
use diesel::connection::LoadConnection;

use crate::backend::CacheBackend;
use crate::backend::line::at_once;
use crate::read::drive::ask::may_store;
use crate::read::drive::consult::confirm;
use crate::read::drive::gate::gate;

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
    let Ok(identity) = at_once(gate::<C>(conn)) else { return };
    if at_once(may_store::<C>(conn, identity)).is_err() {
        return;
    }
    let Some(cache) = Collecting::current().map(|scope| scope.cache().clone()).or_else(|| registry::default().ok())
    else {
        return;
    };
    let counters = cache.counters(Cache::COMPUTED, Kind::Computed);
    let reader = Reader { cache: &cache, manager: Cache::COMPUTED, kind: Kind::Computed, counters: &counters };
    if let Some(seeds) = reader.seed(&[Tag::root(), identity.database.tag()]) {
        at_once(confirm::<C>(conn, identity, &seeds));
    }
}
