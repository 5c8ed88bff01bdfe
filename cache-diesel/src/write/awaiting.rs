//! Drives a manager's write on a connection that is awaited, by the same decisions as the blocking driver.

use core::convert::Infallible;
use core::marker::PhantomData;
use core::pin::Pin;

use cache_core::protocol::write::{Change, ChangeSet};
use cache_core::{Candidate, Fingerprint, KeyBytes};
use diesel::result::{Error, QueryResult};
use diesel_async::AsyncConnection;
use diesel_async::methods::ExecuteDsl;

use crate::backend::CacheBackend;
use crate::backend::line::Awaited as Line;
use crate::identity::Identity;
use crate::manager::ManagerState;
use crate::misfit::Fits;
use crate::model::CachedModel;
use crate::read::{Awaiting, WritingConnection, introduce_writer, is_in_transaction};
use crate::track::own::awaited::{AwaitedStatement, ensured, settle, tracker_in};
use crate::write::candidate::{Prepared, prepare};
use crate::write::mode::Follow;
use crate::write::{Executed, Order, WriteMode, WrittenRows, announced_changes, as_announced, untracked};

/// A future that may go to another thread.
pub(crate) type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

impl WriteMode for Awaiting {
    type Reply<'conn, T: 'conn> = BoxFuture<'conn, T>;

    fn ready<'conn, T: Send + 'conn>(value: T) -> BoxFuture<'conn, T> {
        Box::pin(async move { value })
    }

    fn map<'conn, T: 'conn, U: 'conn>(
        reply: BoxFuture<'conn, T>,
        then: impl FnOnce(T) -> U + Send + 'conn,
    ) -> BoxFuture<'conn, U> {
        Box::pin(async move { then(reply.await) })
    }
}

#[diagnostic::do_not_recommend]
impl<C: AsyncConnection> WritingConnection<Awaiting> for C {
    type Backend = C::Backend;
    type Itself = Self;

    fn itself(&mut self) -> &mut Self {
        self
    }

    fn instrumented(&mut self) -> &mut dyn diesel::connection::Instrumentation {
        self.instrumentation()
    }
}

/// What a write changes at most, given how to learn under what the contents of the database are kept.
type Announce<'a> = Box<dyn FnOnce(&mut dyn FnMut() -> Option<Fingerprint>) -> Change + Send + 'a>;

/// What a write did, given what came of it.
type Exact<'a, T> = Box<dyn FnOnce(&T, Identity) -> Option<ChangeSet> + Send + 'a>;

/// What a write means for the cache: what it changes at most, and of its result what it did and what follows.
pub(crate) struct Awaited<'a, T> {
    pub(crate) table: &'static str,
    pub(crate) change: Announce<'a>,
    pub(crate) exact: Exact<'a, T>,
    pub(crate) after: Follow<'a, T>,
}

/// What is sent to the database by a write.
pub(crate) trait Sent<C, T>: Send {
    /// Sends it, and gives what came of it.
    fn send<'conn>(self, conn: &'conn mut C) -> BoxFuture<'conn, QueryResult<T>>
    where
        Self: 'conn;
}

/// The row of a write that is stored once the write is committed: the one with the key `asked`, or a new one.
pub(crate) struct Through<M> {
    state: &'static ManagerState,
    asked: Option<KeyBytes>,
    model: PhantomData<fn() -> M>,
}

impl<M: CachedModel> Through<M> {
    pub(crate) fn of(state: &'static ManagerState, asked: Option<KeyBytes>) -> Self {
        Self { state, asked, model: PhantomData }
    }
}

/// What a write gives, and the rows in it that may be stored.
pub(crate) trait Given: Send + Sync {
    /// What is known of such a row before the statement.
    type Through: Send;
    /// What was read for it before the statement.
    type Prepared: Send;

    /// Reads what has to be read before the statement.
    fn prepare<'a, C>(through: Self::Through, conn: &'a mut C) -> BoxFuture<'a, Option<Self::Prepared>>
    where
        C: AsyncConnection<Backend: CacheBackend>;

    /// The row to be stored.
    fn given<'a, C>(&'a self, prepared: Self::Prepared) -> BoxFuture<'a, Option<Candidate>>
    where
        C: AsyncConnection<Backend: CacheBackend> + 'a;
}

/// Only a number of rows is given.
impl Given for usize {
    type Through = Infallible;
    type Prepared = Infallible;

    fn prepare<'a, C>(through: Infallible, _: &'a mut C) -> BoxFuture<'a, Option<Infallible>> {
        match through {}
    }

    fn given<'a, C: 'a>(&'a self, prepared: Infallible) -> BoxFuture<'a, Option<Candidate>> {
        match prepared {}
    }
}

macro_rules! given {
    ($rows:ident) => {
        impl<M: CachedModel> Given for $rows<M> {
            type Through = Through<M>;
            type Prepared = Prepared<M>;

            fn prepare<'a, C>(through: Through<M>, conn: &'a mut C) -> BoxFuture<'a, Option<Prepared<M>>>
            where
                C: AsyncConnection<Backend: CacheBackend>,
            {
                Box::pin(prepare::<Line<C>, M>(conn, through.state, through.asked))
            }

            fn given<'a, C>(&'a self, prepared: Prepared<M>) -> BoxFuture<'a, Option<Candidate>>
            where
                C: AsyncConnection<Backend: CacheBackend> + 'a,
            {
                Box::pin(prepared.given::<Line<C>>(self.as_slice()))
            }
        }
    };
}

given!(Option);
given!(Vec);

/// Under what the contents of the database are kept that `conn` is on, if that is known.
pub(crate) fn space_on<C: AsyncConnection>(conn: &mut C) -> Option<Fingerprint> {
    tracker_in(conn)?.present_identity().map(|identity| identity.space)
}

/// Runs `write`, as `told`; if it goes `through`, its row is stored.
pub(crate) fn run<'conn, C, T, W>(
    conn: &'conn mut C,
    write: W,
    told: Awaited<'conn, T>,
    through: Option<T::Through>,
) -> BoxFuture<'conn, QueryResult<T>>
where
    C: AsyncConnection<Backend: CacheBackend>,
    W: Sent<C, T> + 'conn,
    T: Given<Through: 'conn> + 'conn,
{
    let Awaited { table, change, exact, after } = told;
    let change = change(&mut || space_on(conn));
    let changes = announced_changes::<C::Backend>(table, &change);
    Box::pin(async move {
        let is_tracked = tracker_in(conn).is_some();
        if is_tracked {
            introduce_writer::<Line<C>>(conn).await;
        }
        let prepared = match through {
            Some(through) => T::prepare(through, conn).await,
            None => None,
        };
        if !is_tracked {
            let is_inside = is_in_transaction::<Line<C>>(conn);
            let under_way = untracked::begin_awaited::<Line<C>>(conn, changes).await?;
            let result = write.send(conn).await;
            under_way.end().await;
            if let (Ok(written), false) = (&result, is_inside) {
                after(written).into_iter().for_each(|hook| hook());
            }
            return result;
        }
        ensured(conn, &changes).await.map_err(untracked::refused::<Error>)?;
        let mut statement = AwaitedStatement::begin(conn, changes);
        let result = write.send(statement.conn()).await;
        let given = match (&result, prepared) {
            (Ok(written), Some(prepared)) => written.given::<C>(prepared).await,
            _ => None,
        };
        let due = statement.end(&result, exact, given, after);
        settle(statement.conn()).await;
        due.into_iter().for_each(|hook| hook());
        result
    })
}

#[diagnostic::do_not_recommend]
impl<C, Statement> Executed<C, Awaiting, Fits> for Statement
where
    C: AsyncConnection<Backend: CacheBackend>,
    Statement: ExecuteDsl<C> + WrittenRows<C::Backend> + Send,
{
    fn changes(&self, table: &str, space: Option<Fingerprint>) -> Change {
        self.change(table, space)
    }

    fn executed<'conn>(order: Order<'conn, Self>, conn: &'conn mut C) -> BoxFuture<'conn, QueryResult<usize>>
    where
        Self: 'conn,
    {
        let Order { statement, table, change, after } = order;
        let change = change(&statement, &mut || space_on(conn));
        let told = Awaited { table, change: Box::new(|_| change), exact: Box::new(as_announced), after };
        run(conn, Counted(statement), told, None)
    }
}

/// A statement of which the number of rows counts.
struct Counted<Statement>(Statement);

impl<C, Statement> Sent<C, usize> for Counted<Statement>
where
    C: AsyncConnection,
    Statement: ExecuteDsl<C> + Send,
{
    fn send<'conn>(self, conn: &'conn mut C) -> BoxFuture<'conn, QueryResult<usize>>
    where
        Self: 'conn,
    {
        Box::pin(ExecuteDsl::execute(self.0, conn))
    }
}
