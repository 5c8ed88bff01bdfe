//! Drives an awaited read, by the same decisions as the blocking driver.

use core::marker::PhantomData;
use core::pin::Pin;
use core::time::Duration;

use cache_core::{Bypass, Miss, Mode};
use diesel::dsl::{AsSelect, Filter, Select};
use diesel::query_builder::{QueryFragment, QueryId};
use diesel::query_dsl::methods::SelectDsl;
use diesel::result::{Error, QueryResult};
use diesel::{Selectable, SelectableHelper};
use diesel_async::methods::LoadQuery;
use diesel_async::{AsyncConnection, RunQueryDsl, TransactionManager};

use crate::backend::CacheBackend;
use crate::identity::Identity;
use crate::identity::role::AtMiss;
use crate::model::CachedModel;
use crate::model::keys::IntoKey;
use crate::read::builder::list::ListRead;
use crate::read::builder::order::Arranged;
use crate::read::builder::row::RowRead;
use crate::read::drive::gate::gate_of;
use crate::read::page::keyed;
use crate::read::report;
use crate::read::task::answer::{AskedTask, Rows};
use crate::read::task::row::FilteredTask;
use crate::read::task::{ReadStep, Site, Task, Turn, step_of, take_turn};
use crate::read::terminal::connection::AnyConnection;
use crate::read::terminal::entry::{CachedEntry, CachedList, CachedRow, Origin};
use crate::read::terminal::{AsRead, Ended, First, Runs};
use crate::track::{Shut, Tracker};

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

type Answer<'conn, T> = Pin<Box<dyn Future<Output = T> + Send + 'conn>>;

/// A read that an awaited connection can answer.
pub trait AwaitedRead<'query, C> {
    /// What the read gives.
    type Output;

    /// Answers the read.
    fn run<'conn>(self, conn: &'conn mut C) -> Answer<'conn, Self::Output>
    where
        'query: 'conn,
        C: 'conn;
}

#[diagnostic::do_not_recommend]
impl<'conn, 'query, C, Read> Runs<'conn, 'query, Read, Awaiting> for C
where
    'query: 'conn,
    C: AsyncConnection + 'conn,
    Read: AwaitedRead<'query, C>,
{
    type Output = Answer<'conn, Read::Output>;

    fn run(conn: &'conn mut Self, read: Read) -> Self::Output {
        read.run(conn)
    }
}

impl<'query, C, M, Source, Part> AwaitedRead<'query, C> for Ended<ListRead<M, Source, Part>, AsRead>
where
    C: AsyncConnection<Backend: CacheBackend>,
    M: CachedModel + Selectable<C::Backend, SelectExpression: QueryId>,
    Part: Arranged<M, Source, Query: SelectDsl<AsSelect<M, C::Backend>>>,
    Select<Part::Query, AsSelect<M, C::Backend>>:
        LoadQuery<'query, C, M> + QueryFragment<C::Backend> + QueryId + Send + 'query,
{
    type Output = QueryResult<CachedList<M>>;

    fn run<'conn>(self, conn: &'conn mut C) -> Answer<'conn, Self::Output>
    where
        'query: 'conn,
        C: 'conn,
    {
        let task = self.read.into_list_task::<C, C::Backend, _>(|source| SelectDsl::select(source, M::as_select()));
        let answer = task.map(|task| run(AwaitedQuery::new(task), conn));
        Box::pin(async move { Ok(answer?.await?.value) })
    }
}

/// The query of a row by its key, as the bounds below can be checked.
type KeyedModel<M> = Filter<<M as CachedModel>::Source, <M as CachedModel>::ByKey>;

impl<'query, C, M, K> AwaitedRead<'query, C> for Ended<RowRead<M, K>, First>
where
    C: AsyncConnection<Backend: CacheBackend>,
    K: IntoKey<M::Id>,
    M: CachedModel + Selectable<C::Backend, SelectExpression: QueryId>,
    KeyedModel<M>: SelectDsl<AsSelect<M, C::Backend>>,
    Select<KeyedModel<M>, AsSelect<M, C::Backend>>:
        LoadQuery<'query, C, M> + QueryFragment<C::Backend> + QueryId + Send + 'query,
{
    type Output = QueryResult<CachedRow<M>>;

    fn run<'conn>(self, conn: &'conn mut C) -> Answer<'conn, Self::Output>
    where
        'query: 'conn,
        C: 'conn,
    {
        let select = |key| SelectDsl::select(keyed::<M>(key), M::as_select());
        let task = self.read.into_keyed_task::<C, C::Backend, _>(select);
        let answer = task.map(|task| run(AwaitedQuery::new(task), conn));
        Box::pin(async move { answer?.await?.value.ok_or(Error::NotFound) })
    }
}

/// A task with the lifetime of what is bound to its query: the trait below has none, because futures of
/// generic lifetimes cannot be shown to be `Send` (rust-lang/rust#100013).
struct AwaitedQuery<'query, T> {
    task: T,
    query: PhantomData<fn() -> &'query ()>,
}

impl<T> AwaitedQuery<'_, T> {
    fn new(task: T) -> Self {
        Self { task, query: PhantomData }
    }
}

/// A task whose query can be awaited on `C`.
trait AwaitedTask<C>: Send {
    type Task: Task<Value: Send>;

    fn task(&mut self) -> &mut Self::Task;

    fn query<'conn>(&'conn mut self, conn: &'conn mut C) -> Answer<'conn, QueryResult<<Self::Task as Task>::Value>>;
}

impl<'query, C, M, Selected> AwaitedTask<C> for AwaitedQuery<'query, AskedTask<C, Rows<M>, Selected>>
where
    C: AsyncConnection,
    M: CachedModel,
    Selected: LoadQuery<'query, C, M> + Send + 'query,
{
    type Task = AskedTask<C, Rows<M>, Selected>;

    fn task(&mut self) -> &mut Self::Task {
        &mut self.task
    }

    fn query<'conn>(&'conn mut self, conn: &'conn mut C) -> Answer<'conn, QueryResult<CachedList<M>>> {
        let query = self.task.take_query();
        Box::pin(async move { RunQueryDsl::load(query, conn).await.map(CachedList::new) })
    }
}

impl<'query, C, M, Selected> AwaitedTask<C> for AwaitedQuery<'query, FilteredTask<C, M, Selected>>
where
    C: AsyncConnection,
    M: CachedModel,
    Selected: LoadQuery<'query, C, M> + Send + 'query,
{
    type Task = FilteredTask<C, M, Selected>;

    fn task(&mut self) -> &mut Self::Task {
        &mut self.task
    }

    fn query<'conn>(&'conn mut self, conn: &'conn mut C) -> Answer<'conn, QueryResult<Option<CachedRow<M>>>> {
        let query = self.task.take_query();
        Box::pin(async move {
            let rows: Vec<M> = RunQueryDsl::load(query, conn).await?;
            Ok(rows.into_iter().next().map(CachedRow::new))
        })
    }
}

fn run<'conn, C, T>(mut awaited: T, conn: &'conn mut C) -> Answer<'conn, Entry<T::Task>>
where
    C: AsyncConnection,
    T: AwaitedTask<C> + 'conn,
{
    Box::pin(async move {
        let (site, missed) = match step_of(awaited.task(), gate(conn)) {
            ReadStep::Bypass => return past_the_cache(&mut awaited, conn).await,
            ReadStep::Hit(entry) => return Ok(entry),
            ReadStep::Miss(site, missed) => (site, missed),
            ReadStep::Stale(site, entry) if may_store(conn).is_err() => {
                site.reader.stale_hit();
                return Ok(entry);
            }
            ReadStep::Stale(site, entry) => return Ok(refreshed(&mut awaited, site, entry, conn).await),
        };
        if let Err(reason) = may_store(conn) {
            report::bypassed(&site.reader, awaited.task().head(), reason);
            return past_the_cache(&mut awaited, conn).await;
        }
        let load = match take_turn(awaited.task(), site, &missed)? {
            None => return past_the_cache(&mut awaited, conn).await,
            // Whoever would have to wait for another process asks for himself.
            Some(Turn::Query(mut load)) => match load.approach(awaited.task(), Duration::ZERO) {
                Some(entry) => return Ok(entry),
                None => load,
            },
            Some(Turn::Follow(load, follower)) => {
                let waited = site.reader.cache.follow(follower, load.flight_wait()).await;
                match load.landed(awaited.task(), waited) {
                    Some(entry) => return Ok(entry),
                    None => load,
                }
            }
        };
        let answer = awaited.query(conn).await;
        load.conclude(awaited.task(), answer)
    })
}

/// The stale `entry`, or what it is once this reader has refreshed it, unless somebody else does.
async fn refreshed<C, T>(
    awaited: &mut T,
    site: Site<'static>,
    entry: CachedEntry<<T::Task as Task>::Value>,
    conn: &mut C,
) -> CachedEntry<<T::Task as Task>::Value>
where
    C: AsyncConnection,
    T: AwaitedTask<C>,
{
    let task = awaited.task();
    let key = site.key(task.id(), task.head().kind);
    let claim = Some(site.reader.cache).filter(|cache| cache.mode() == Mode::Normal);
    let Some(claim) = claim.and_then(|cache| cache.claim_refresh(key)) else {
        site.reader.stale_hit();
        return entry;
    };
    let load = match take_turn(task, site, &Miss::Stale.into()) {
        Ok(Some(Turn::Query(mut load))) => load.is_first().then_some(load),
        _ => None,
    };
    let Some(load) = load else {
        claim.done();
        site.reader.stale_hit();
        return entry;
    };
    let answer = awaited.query(conn).await;
    match load.conclude(awaited.task(), answer) {
        Ok(fresh) => {
            claim.done();
            site.reader.miss(Miss::Stale);
            fresh
        }
        Err(_) => {
            site.reader.stale_hit();
            entry
        }
    }
}

type Entry<T> = QueryResult<CachedEntry<<T as Task>::Value>>;

async fn past_the_cache<C, T>(awaited: &mut T, conn: &mut C) -> Entry<T::Task>
where
    T: AwaitedTask<C>,
{
    Ok(CachedEntry::new(awaited.query(conn).await?, Origin::Bypass, None))
}

/// Whether what the database answers may be stored. A server is not asked whether it follows another: what it answers is
/// not stored.
fn may_store<C: AsyncConnection>(conn: &mut C) -> Result<(), Bypass> {
    let tracker: Option<&mut Tracker> = conn.instrumentation().as_any_mut().downcast_mut();
    match tracker.ok_or(Bypass::NotTracked)?.at_miss() {
        AtMiss::Store => Ok(()),
        AtMiss::Ask => Err(Bypass::Unidentified),
        AtMiss::Pass => Err(Bypass::Replica),
    }
}

/// An awaited connection is not asked which database it is on: what is known of its URL by then has to do.
fn gate<C: AsyncConnection>(conn: &mut C) -> Result<Identity, Bypass> {
    let status = <C::TransactionManager as TransactionManager<C>>::transaction_manager_status_mut(conn);
    let depth = status.transaction_depth();
    match gate_of(depth, conn.instrumentation()) {
        Ok(identity) => Ok(identity),
        Err(Shut::Bypass(reason)) => Err(reason),
        Err(Shut::Unasked) => {
            let tracker: Option<&mut Tracker> = conn.instrumentation().as_any_mut().downcast_mut();
            tracker.ok_or(Bypass::NotTracked)?.by_address()
        }
    }
}
