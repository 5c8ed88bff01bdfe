//! Drives a read on a connection that blocks. A hit in memory goes straight; all else is the drivers' one text.

use diesel::connection::LoadConnection;
use diesel::result::QueryResult;

use crate::audit::auditor;
use crate::backend::CacheBackend;
use crate::backend::line::at_once;
use crate::read::drive::gate::look_at_gate;
use crate::read::drive::miss::{self, Auditor, FollowUp};
use crate::read::drive::refresh::{OneMore, Refresh, Refresher, begin};
use crate::read::task::query::{IntoTask, Repeats};
use crate::read::task::{ReadStep, Site, Task, step_of};
use crate::read::terminal::entry::CachedEntry;
use crate::track::Shut;

/// Reads through the cache.
pub(crate) fn run<'query, C, R>(read: R, conn: &mut C) -> QueryResult<Entry<'query, C, R>>
where
    C: LoadConnection<Backend: CacheBackend> + 'static,
    R: Repeats<'query, C>,
{
    run_task::<C, R>(read.into_task()?, conn)
}

pub(crate) type Entry<'query, C, R> = CachedEntry<<<R as IntoTask<'query, C>>::Task as Task>::Value>;

pub(crate) fn run_task<'query, C, R>(task: R::Task, conn: &mut C) -> QueryResult<Entry<'query, C, R>>
where
    C: LoadConnection<Backend: CacheBackend> + 'static,
    R: Repeats<'query, C>,
{
    let gate = match look_at_gate::<C>(conn, Some(&task.head().options)) {
        Ok(identity) => Ok(identity),
        Err(Shut::Bypass(reason)) => Err(reason),
        Err(Shut::Unasked) => return run_unasked::<C, R>(task, conn),
    };
    // A hit moves neither the task nor what a miss goes on with.
    match step_of(&task, gate) {
        ReadStep::Hit(entry) => Ok(entry),
        looked => run_looked::<C, R>(task, looked, conn),
    }
}

/// The same where the database is to be asked first which it is.
#[cold]
fn run_unasked<'query, C, R>(task: R::Task, conn: &mut C) -> QueryResult<Entry<'query, C, R>>
where
    C: LoadConnection<Backend: CacheBackend> + 'static,
    R: Repeats<'query, C>,
{
    at_once(miss::run::<C, R::Task>(task, conn, follow_ups::<C, R>()))
}

/// The same for a read that has looked in the cache.
#[inline(never)]
pub(crate) fn run_looked<'query, C, R>(
    task: R::Task,
    looked: ReadStep<<R::Task as Task>::Value>,
    conn: &mut C,
) -> QueryResult<Entry<'query, C, R>>
where
    C: LoadConnection<Backend: CacheBackend> + 'static,
    R: Repeats<'query, C>,
{
    at_once(miss::run_looked::<C, R::Task>(task, looked, conn, follow_ups::<C, R>()))
}

/// What a reader of `R` on a connection that blocks leaves to others.
pub(crate) const fn follow_ups<'query, C, R>() -> FollowUp<R::Task>
where
    C: LoadConnection<Backend: CacheBackend> + 'static,
    R: Repeats<'query, C>,
{
    FollowUp { refresh: refresh::<C, R>, audit: Auditor::Another(audit::<C, R>) }
}

fn refresh<'query, C, R>(task: &R::Task, site: &Site<'static>) -> Refresher
where
    C: LoadConnection<Backend: CacheBackend> + 'static,
    R: Repeats<'query, C>,
{
    begin(site, [site.key(task.id(), task.head().kind)], |_| Some(Box::new(OneMore(R::later(task)?)) as Refresh<C>))
}

fn audit<'query, C, R>(task: &R::Task, site: &Site<'static>)
where
    C: LoadConnection<Backend: CacheBackend> + 'static,
    R: Repeats<'query, C>,
{
    auditor::offer::<C>(site, || R::later(task));
}
