//! The blocking way of a read: look in the cache, ask the database if need be, store what it says.

use diesel::connection::Connection;
use diesel::result::QueryResult;

use crate::identity;
use crate::read::entry::{CachedEntry, Origin};
use crate::read::gate::gate;
use crate::read::task::{Look, Task, Turn, glance, look, take_turn};
use crate::track::asking;

/// A read that a blocking connection can answer.
pub trait Query<C>: Task {
    /// Asks the database; called once.
    fn query(&mut self, conn: &mut C) -> QueryResult<Self::Value>;
}

/// Reads through the cache.
pub(crate) fn run<C, T>(mut task: T, conn: &mut C) -> QueryResult<CachedEntry<T::Value>>
where
    C: Connection,
    T: Query<C>,
{
    let (site, cause) = match look(&task, gate(conn)) {
        Look::Bypass => return past_the_cache(&mut task, conn),
        Look::Hit(entry) => return Ok(entry),
        Look::Miss(site, cause) => (site, cause),
    };
    let load = match take_turn(&task, site, cause)? {
        None => return past_the_cache(&mut task, conn),
        Some(Turn::Query(mut load)) => match load.approach(&task, load.lease_wait()) {
            Some(entry) => return Ok(entry),
            None => load,
        },
        Some(Turn::Follow(load, follower)) => {
            let waited = follower.wait(load.flight_wait());
            match load.landed(&task, waited) {
                Some(entry) => return Ok(entry),
                None => load,
            }
        }
    };
    let answer = ask(&mut task, conn);
    load.conclude(&task, answer)
}

/// Reads through the cache, and takes a connection on a miss only.
pub(crate) fn run_with<C, T, E>(task: T, take: impl FnOnce() -> Result<C, E>) -> Result<CachedEntry<T::Value>, E>
where
    C: Connection,
    T: Query<C>,
    E: From<diesel::result::Error>,
{
    if let Some(entry) = glance(&task, identity::sole()) {
        return Ok(entry);
    }
    let mut conn = take()?;
    Ok(run(task, &mut conn)?)
}

fn past_the_cache<C: Connection, T: Query<C>>(task: &mut T, conn: &mut C) -> QueryResult<CachedEntry<T::Value>> {
    Ok(CachedEntry::new(ask(task, conn)?, Origin::Bypass, None))
}

fn ask<C: Connection, T: Query<C>>(task: &mut T, conn: &mut C) -> QueryResult<T::Value> {
    asking(conn, |conn| task.query(conn))
}
