//! Drives a blocking read: looks in the cache, asks the database on a miss, stores the answer.

use cache_core::{Bypass, Claim, is_collecting};
use diesel::connection::{Connection, LoadConnection};
use diesel::result::QueryResult;

use crate::backend::CacheBackend;
use crate::read::drive::ask::may_store;
use crate::read::drive::consult::{confirm_load, turn};
use crate::read::drive::gate::gate_for;
use crate::read::drive::refresh::{Refresher, begin, refresh_here};
use crate::read::report;
use crate::read::task::query::{IntoTask, Query};
use crate::read::task::{Load, ReadStep, Site, Task, Turn, look_up_without_connection, step_of};
use crate::read::terminal::entry::{CachedEntry, Origin};
use crate::track::{OwnText, asking};

/// Reads through the cache.
pub(crate) fn run<'query, C, R>(read: R, conn: &mut C) -> QueryResult<Entry<'query, C, R>>
where
    C: LoadConnection<Backend: CacheBackend> + 'static,
    R: IntoTask<'query, C>,
{
    run_task::<C, R>(read.into_task()?, conn)
}

pub(crate) type Entry<'query, C, R> = CachedEntry<<<R as IntoTask<'query, C>>::Task as Task>::Value>;

pub(crate) fn run_task<'query, C, R>(task: R::Task, conn: &mut C) -> QueryResult<Entry<'query, C, R>>
where
    C: LoadConnection<Backend: CacheBackend> + 'static,
    R: IntoTask<'query, C>,
{
    // A hit moves neither the task nor what a miss goes on with.
    match step_of(&task, gate_for(conn, &task.head().options)) {
        ReadStep::Hit(entry) => Ok(entry),
        looked => run_looked::<C, R>(task, looked, conn),
    }
}

/// The same for a read that has looked in the cache.
#[inline(never)]
pub(crate) fn run_looked<'query, C, R>(
    mut task: R::Task,
    looked: ReadStep<<R::Task as Task>::Value>,
    conn: &mut C,
) -> QueryResult<Entry<'query, C, R>>
where
    C: LoadConnection<Backend: CacheBackend> + 'static,
    R: IntoTask<'query, C>,
{
    let (site, missed) = match looked {
        ReadStep::Bypass => return past_the_cache(&mut task, conn),
        ReadStep::Hit(entry) => return Ok(entry),
        ReadStep::Miss(site, missed) => (site, missed),
        ReadStep::Stale(site, entry) => {
            return Ok(match follow_up::<C, R>(&task, &site) {
                Refresher::Another => served_stale(&site, entry),
                Refresher::Reader(claims) if may_store(conn, site.identity).is_err() => {
                    claims.into_iter().for_each(Claim::done);
                    served_stale(&site, entry)
                }
                Refresher::Reader(claims) => refresh_here(&mut task, &site, (entry, claims), conn),
            });
        }
    };
    if let Err(reason) = may_store(conn, site.identity) {
        return unstored(&mut task, &site, reason, conn);
    }
    let mut load = match turn(&task, site, &missed, conn)? {
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
    let answer = ask(&mut task, &mut load, conn);
    load.conclude(&task, answer)
}

/// Reads through the cache, and takes a connection on a miss only.
pub(crate) fn run_with<'query, C, R, E>(read: R, take: impl FnOnce() -> Result<C, E>) -> Result<Entry<'query, C, R>, E>
where
    C: LoadConnection<Backend: CacheBackend> + 'static,
    R: IntoTask<'query, C>,
    E: From<diesel::result::Error>,
{
    let task = read.into_task()?;
    if let Some(entry) = without_connection::<C, R>(&task, look_up_without_connection(&task)) {
        return Ok(entry);
    }
    let mut conn = take()?;
    Ok(run_task::<C, R>(task, &mut conn)?)
}

/// The entry that was found without a connection, if none is needed to serve it.
pub(crate) fn without_connection<'query, C, R>(
    task: &R::Task,
    found: Option<(Site<'static>, Entry<'query, C, R>)>,
) -> Option<Entry<'query, C, R>>
where
    C: LoadConnection<Backend: CacheBackend> + 'static,
    R: IntoTask<'query, C>,
{
    let (site, entry) = found?;
    if !entry.is_stale() {
        site.reader.hit();
        return Some(entry);
    }
    match follow_up::<C, R>(task, &site) {
        Refresher::Another => Some(served_stale(&site, entry)),
        // It is found stale once more, with a connection to refresh it.
        Refresher::Reader(claims) => {
            claims.into_iter().for_each(Claim::done);
            None
        }
    }
}

fn follow_up<'query, C, R>(task: &R::Task, site: &Site<'static>) -> Refresher
where
    C: LoadConnection<Backend: CacheBackend> + 'static,
    R: IntoTask<'query, C>,
{
    begin(site, [site.key(task.id(), task.head().kind)], |_| R::later(task))
}

fn served_stale<T>(site: &Site<'_>, entry: CachedEntry<T>) -> CachedEntry<T> {
    site.reader.stale_hit();
    entry
}

/// Asks the database for what was looked for in vain, and stores nothing.
fn unstored<C: Connection, T: Query<C>>(
    task: &mut T,
    site: &Site<'_>,
    reason: Bypass,
    conn: &mut C,
) -> QueryResult<CachedEntry<T::Value>> {
    report::bypassed(&site.reader, task.head(), reason);
    past_the_cache(task, conn)
}

fn past_the_cache<C: Connection, T: Query<C>>(task: &mut T, conn: &mut C) -> QueryResult<CachedEntry<T::Value>> {
    // A computation is told of it as of any plain statement.
    let is_followed = !is_collecting() && matches!(task.named(), Ok(Ok(named)) if named.is_mere_read());
    let text = if is_followed { OwnText::Followed } else { OwnText::Unfollowed };
    let value = asking(conn, text, |conn| task.query(conn))?;
    Ok(CachedEntry::new(value, Origin::Bypass, None))
}

/// Asks the database for what `task` reads, whose tables are known.
pub(crate) fn ask<C, T>(task: &mut T, load: &mut Load<'_>, conn: &mut C) -> QueryResult<T::Value>
where
    C: LoadConnection<Backend: CacheBackend>,
    T: Query<C>,
{
    confirm_load(load, conn);
    asking(conn, OwnText::Followed, |conn| task.query(conn))
}
