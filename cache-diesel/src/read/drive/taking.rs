//! Drives a read that takes its connection on a miss only: one text for connections that block and for awaited ones.

use diesel::connection::LoadConnection;
use diesel::result::{Error, QueryResult};

use crate::audit::auditor;
use crate::backend::CacheBackend;
use crate::backend::line::{Line, at_once};
use crate::read::builder::many::ManyRead;
use crate::read::builder::total::WithTotal;
use crate::read::drive::batch::{KeyBatch, LoadMany};
use crate::read::drive::blocking::follow_ups;
use crate::read::drive::calls::look_up;
use crate::read::drive::compare::compare_drawn;
use crate::read::drive::miss::{self, FollowUp, FoundEntry, without_connection};
use crate::read::task::query::{Query, Repeats};
use crate::read::task::{Task, found_without_connection, site_without_connection};
use crate::read::terminal::entry::{CachedList, CachedRows, ListWithTotal};
use crate::read::terminal::take::TakeConnection;
use crate::read::terminal::{Ended, Ending};

/// A line on which `Read` can take its connection from `Take` on a miss; it fails with `E`.
///
/// The line is what is asked, so that nothing more is said of what gives no connection.
#[diagnostic::on_unimplemented(
    message = "this cached read cannot run on `{Self}`",
    label = "the query does not fit its model or this connection",
    note = "every column that is used must belong to the model's table, and the model needs `#[derive(Queryable, Selectable)]`",
    note = "what waits for a connection has to be `Send`, as the closure has that gives it"
)]
pub trait ReadsWith<'query, Read, Take, Kind, E> {
    /// What the read gives: a result, or a future of one.
    type Output;

    /// Answers `read`.
    fn read_with(read: Read, take: Take) -> Self::Output;
}

/// What the read `R` gives that takes its connection from `Take`.
pub type WithOf<'query, R, Take, Kind> = <<Take as TakeConnection<Kind>>::Line as ReadsWith<
    'query,
    R,
    Take,
    Kind,
    <Take as TakeConnection<Kind>>::Error,
>>::Output;

impl<'query, C, Take, Kind, E, R, How> ReadsWith<'query, Ended<R, How>, Take, Kind, E> for C
where
    C: LoadConnection<Backend: CacheBackend> + 'static,
    Take: TakeConnection<Kind, Line = C>,
    R: Repeats<'query, C>,
    How: Ending<<R::Task as Task>::Value>,
    E: From<Error> + From<How::Error> + From<Take::Failure>,
{
    type Output = Result<How::Value, E>;

    fn read_with(read: Ended<R, How>, take: Take) -> Self::Output {
        at_once(run::<How, C, _, _, _, E>(read.read.into_task(), take, follow_ups::<C, R>()))
    }
}

impl<C, Take, Kind, P> ReadsWith<'_, ManyRead<P>, Take, Kind, Take::Error> for C
where
    C: LoadConnection<Backend: CacheBackend> + 'static,
    Take: TakeConnection<Kind, Line = C>,
    P: LoadMany<C>,
{
    type Output = Result<CachedRows<P>, Take::Error>;

    fn read_with(read: ManyRead<P>, take: Take) -> Self::Output {
        let (head, keys) = read.into_parts();
        at_once(KeyBatch::<P, C>::read_with(head, keys, take, KeyBatch::FOLLOW_UP))
    }
}

impl<'query, C, Take, Kind, L, N, T> ReadsWith<'query, WithTotal<L, N>, Take, Kind, Take::Error> for C
where
    C: LoadConnection<Backend: CacheBackend> + 'static,
    Take: TakeConnection<Kind, Line = C>,
    L: Repeats<'query, C, Task: Query<C, Value = CachedList<T>>>,
    N: Repeats<'query, C, Task: Query<C, Value = i64>>,
    T: Send + Sync,
{
    type Output = Result<ListWithTotal<T>, Take::Error>;

    fn read_with(read: WithTotal<L, N>, take: Take) -> Self::Output {
        let both = read.into_both::<C>()?;
        at_once(both.run_with::<C, T, _, _>(take, (follow_ups::<C, L>(), follow_ups::<C, N>())))
    }
}

/// Reads through the cache, and takes a connection on a miss only.
pub(crate) async fn run<How, C, T, Take, Kind, E>(
    task: QueryResult<T>,
    take: Take,
    follow_up: FollowUp<T>,
) -> Result<How::Value, E>
where
    C: Line,
    T: Query<C>,
    Take: TakeConnection<Kind, Line = C>,
    How: Ending<T::Value>,
    E: From<Error> + From<How::Error> + From<Take::Failure>,
{
    let mut task = task?;
    let entry = match look_up_without_connection::<C, T>(&mut task, follow_up).await {
        Some((entry, None)) => entry,
        Some((entry, Some(site))) => {
            // It is served in any case.
            let conn = take.take().await.ok();
            match conn {
                Some(mut conn) => compare_drawn::<C, T>(&mut task, &site, &mut conn).await,
                None => auditor::skip(&site),
            }
            entry
        }
        None => {
            let mut conn = take.take().await?;
            miss::run::<C, T>(task, &mut conn, follow_up).await?
        }
    };
    Ok(How::end(entry)?)
}

/// Looks in the cache without counting a miss: the caller will come again with a connection.
async fn look_up_without_connection<C: Line, T: Task>(task: &mut T, follow_up: FollowUp<T>) -> Option<FoundEntry<T>> {
    let site = site_without_connection(task.head())?;
    let found = look_up::<C, T>(task, &site).await;
    without_connection(task, found_without_connection(site, found), follow_up)
}
