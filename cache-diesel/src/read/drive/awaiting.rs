//! Drives a read on an awaited connection: a hit in memory goes straight, all else is the drivers' one text.

mod taking;

use core::marker::PhantomData;
use core::mem;
use core::pin::Pin;
use core::task::{Context, Poll};

use cache_core::Manner;
use diesel::result::{Error, QueryResult};
use diesel_async::AsyncConnection;

use crate::audit::verify::{Verified, VerifiedRows, VerifyRows, verdict};
use crate::audit::{Verdict, VerifyReport};
use crate::backend::CacheBackend;
use crate::backend::line::{Awaited, Line, Reply};
use crate::read::builder::many::ManyRead;
use crate::read::builder::total::{Both, WithTotal};
use crate::read::drive::batch::{FollowUpMany, KeyBatch, LoadMany};
use crate::read::drive::gate::look_at_gate;
use crate::read::drive::miss::{self, Auditor, Entry, FollowUp};
use crate::read::drive::refresh::claim;
use crate::read::task::query::{IntoTask, Query, Repeats};
use crate::read::task::{ReadStep, Site, Task, step_of};
use crate::read::terminal::connection::AnyConnection;
use crate::read::terminal::depend::{Depended, depend};
use crate::read::terminal::entry::{CachedList, CachedRows, ListWithTotal};
use crate::read::terminal::explain::{Explained, Explanation, explain};
use crate::read::terminal::{Ended, Ending, Runs};
use crate::track::Shut;

/// Marks connections that are awaited.
#[derive(Debug)]
pub struct Awaiting;

#[diagnostic::do_not_recommend]
impl<C: AsyncConnection> AnyConnection<Awaiting> for C {
    type Backend = C::Backend;
    type Itself = Self;

    fn itself(&mut self) -> &mut Self {
        self
    }
}

/// A read that is answered on the line `C` of awaited connections.
pub trait AwaitedRead<'query, C: Line> {
    /// What the read gives.
    type Output;

    /// Answers the read.
    fn run<'conn>(self, conn: &'conn mut C::Conn) -> Reply<'conn, Self::Output>
    where
        'query: 'conn,
        C: 'conn;
}

#[diagnostic::do_not_recommend]
impl<'conn, 'query, C, Read> Runs<'conn, 'query, Read, Awaiting> for C
where
    'query: 'conn,
    C: AsyncConnection<Backend: CacheBackend> + 'conn,
    Read: AwaitedRead<'query, Awaited<C>>,
{
    type Output = Reply<'conn, Read::Output>;

    fn run(conn: &'conn mut Self, read: Read) -> Self::Output {
        read.run(conn)
    }
}

impl<'query, C, R, How> AwaitedRead<'query, C> for Ended<R, How>
where
    C: Line,
    R: IntoTask<'query, C, Task: Send + 'query>,
    How: Ending<<R::Task as Task>::Value> + 'static,
{
    type Output = Result<How::Value, How::Error>;

    fn run<'conn>(self, conn: &'conn mut C::Conn) -> Reply<'conn, Self::Output>
    where
        'query: 'conn,
        C: 'conn,
    {
        ended::<How, C, _>(self.read.into_task(), conn)
    }
}

impl<'query, C, R> AwaitedRead<'query, C> for Explained<R>
where
    C: Line,
    R: IntoTask<'query, C, Task: Send + 'query>,
{
    type Output = QueryResult<Explanation>;

    fn run<'conn>(self, conn: &'conn mut C::Conn) -> Reply<'conn, Self::Output>
    where
        'query: 'conn,
        C: 'conn,
    {
        explained::<C, _>(self.into_read().into_task(), conn)
    }
}

impl<'query, C, R> AwaitedRead<'query, C> for Depended<R>
where
    C: Line,
    R: IntoTask<'query, C, Task: Send + 'query>,
{
    type Output = QueryResult<()>;

    fn run<'conn>(self, conn: &'conn mut C::Conn) -> Reply<'conn, Self::Output>
    where
        'query: 'conn,
        C: 'conn,
    {
        depended::<C, _>(self.into_read().into_task(), conn)
    }
}

impl<'query, C, R> AwaitedRead<'query, Awaited<C>> for Verified<R>
where
    C: AsyncConnection<Backend: CacheBackend> + 'static,
    R: Repeats<'query, Awaited<C>>,
{
    type Output = QueryResult<Verdict>;

    fn run<'conn>(self, conn: &'conn mut C) -> Reply<'conn, Self::Output>
    where
        'query: 'conn,
        Awaited<C>: 'conn,
    {
        let named = self.into_named::<Awaited<C>>();
        Box::pin(async move { verdict::<Awaited<C>>(named?, conn).await })
    }
}

impl<C, P> AwaitedRead<'static, Awaited<C>> for VerifiedRows<P>
where
    C: AsyncConnection<Backend: CacheBackend> + 'static,
    P: VerifyRows<Awaited<C>>,
{
    type Output = QueryResult<VerifyReport>;

    fn run<'conn>(self, conn: &'conn mut C) -> Reply<'conn, Self::Output>
    where
        'static: 'conn,
        Awaited<C>: 'conn,
    {
        P::verify(self, conn)
    }
}

impl<C, P> AwaitedRead<'_, C> for ManyRead<P>
where
    C: Line,
    P: LoadMany<C>,
{
    type Output = QueryResult<CachedRows<P>>;

    fn run<'conn>(self, conn: &'conn mut C::Conn) -> Reply<'conn, Self::Output>
    where
        C: 'conn,
    {
        let (head, keys) = self.into_parts();
        Box::pin(async move {
            let Some((batch, places)) = KeyBatch::<P, C>::of(head, keys)? else { return Ok(Vec::new()) };
            Ok(places.spread(batch.read_all(conn, many_alone()).await?))
        })
    }
}

impl<'query, C, L, N, T> AwaitedRead<'query, C> for WithTotal<L, N>
where
    C: Line,
    L: IntoTask<'query, C, Task: Query<C, Value = CachedList<T>> + Send + 'query>,
    N: IntoTask<'query, C, Task: Query<C, Value = i64> + Send + 'query>,
    T: Send + Sync + 'query,
{
    type Output = QueryResult<ListWithTotal<T>>;

    fn run<'conn>(self, conn: &'conn mut C::Conn) -> Reply<'conn, Self::Output>
    where
        'query: 'conn,
        C: 'conn,
    {
        both::<C, _, _, _>(self.into_both::<C>(), conn)
    }
}

fn ended<'conn, How, C, T>(
    task: QueryResult<T>,
    conn: &'conn mut C::Conn,
) -> Reply<'conn, Result<How::Value, How::Error>>
where
    C: Line + 'conn,
    T: Query<C> + Send + 'conn,
    How: Ending<T::Value> + 'conn,
{
    let state = match task {
        Ok(task) => ReadState::Begun(task, conn),
        Err(error) => ReadState::Failed(error),
    };
    Box::pin(Reading::<How, C, T> { state, how: PhantomData })
}

fn explained<'conn, C, T>(task: QueryResult<T>, conn: &'conn mut C::Conn) -> Reply<'conn, QueryResult<Explanation>>
where
    C: Line + 'conn,
    T: Task + Send + 'conn,
{
    Box::pin(async move { explain::<C, T>(&mut task?, conn).await })
}

fn depended<'conn, C, T>(task: QueryResult<T>, conn: &'conn mut C::Conn) -> Reply<'conn, QueryResult<()>>
where
    C: Line + 'conn,
    T: Task + Send + 'conn,
{
    Box::pin(async move { depend::<C, T>(task?, conn).await })
}

fn both<'conn, C, L, N, T>(
    both: QueryResult<Both<L, N>>,
    conn: &'conn mut C::Conn,
) -> Reply<'conn, QueryResult<ListWithTotal<T>>>
where
    C: Line + 'conn,
    L: Query<C, Value = CachedList<T>> + Send + 'conn,
    N: Query<C, Value = i64> + Send + 'conn,
    T: Send + Sync + 'conn,
{
    Box::pin(async move { both?.run::<C, T>(conn, (alone(), alone())).await })
}

/// A read, and how it ends. A hit in memory is answered at the first poll, without more than this.
struct Reading<'conn, How, C: Line, T: Task> {
    state: ReadState<'conn, C, T>,
    how: PhantomData<fn() -> How>,
}

enum ReadState<'conn, C: Line, T: Task> {
    Begun(T, &'conn mut C::Conn),
    Failed(Error),
    Missed(Reply<'conn, Entry<T>>),
    Over,
}

/// Nothing in it is pinned.
impl<How, C: Line, T: Task> Unpin for Reading<'_, How, C, T> {}

impl<'conn, How, C, T> Future for Reading<'conn, How, C, T>
where
    C: Line + 'conn,
    T: Query<C> + Send + 'conn,
    How: Ending<T::Value>,
{
    type Output = Result<How::Value, How::Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut reply = match mem::replace(&mut self.state, ReadState::Over) {
            ReadState::Begun(task, conn) => match at_hand::<C, T>(&task, conn) {
                Ok(ReadStep::Hit(entry)) => return Poll::Ready(How::end(entry)),
                Ok(looked) => Box::pin(miss::run_looked::<C, T>(task, looked, conn, alone())),
                Err(Elsewhere) => Box::pin(miss::run::<C, T>(task, conn, alone())) as Reply<'conn, Entry<T>>,
            },
            ReadState::Failed(error) => return Poll::Ready(Err(error.into())),
            ReadState::Missed(reply) => reply,
            ReadState::Over => panic!("a read is polled after it was answered"),
        };
        match reply.as_mut().poll(context) {
            Poll::Ready(entry) => Poll::Ready(How::end(entry?)),
            Poll::Pending => {
                self.state = ReadState::Missed(reply);
                Poll::Pending
            }
        }
    }
}

/// Somebody has to be asked who is waited for.
struct Elsewhere;

/// What a look in memory gives, if that is where entries are kept and it is known which database is read.
fn at_hand<C, T>(task: &T, conn: &mut C::Conn) -> Result<ReadStep<T::Value>, Elsewhere>
where
    C: Line,
    T: Task,
{
    let head = task.head();
    let is_elsewhere = head.state.attached().is_some_and(|attached| !attached.cache.is_called_at_once(Manner::Awaited));
    let gate = match look_at_gate::<C>(conn, Some(&head.options)) {
        _ if is_elsewhere => return Err(Elsewhere),
        Err(Shut::Unasked) => return Err(Elsewhere),
        Err(Shut::Bypass(reason)) => Err(reason),
        Ok(identity) => Ok(identity),
    };
    Ok(step_of(task, gate))
}

/// The reader itself refreshes what nobody else is at, and compares what is drawn: no runtime is the library's to do so
/// beside it.
pub(super) fn alone<T: Task>() -> FollowUp<T> {
    let refresh = |task: &T, site: &Site<'static>| claim(site, [site.key(task.id(), task.head().kind)]);
    FollowUp { refresh, audit: Auditor::Reader }
}

/// The same for several keys.
pub(super) fn many_alone<P: LoadMany<C>, C: Line>() -> FollowUpMany<P, C> {
    let refresh = |batch: &KeyBatch<P, C>, site: &Site<'static>, stale: &[usize]| {
        batch.refreshed_by(site, stale, claim(site, batch.stale_keys(site, stale)))
    };
    FollowUpMany { refresh, audit: Auditor::Reader }
}
