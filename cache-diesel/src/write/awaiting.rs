//! Drives a manager's write on a connection that is awaited, by the same decisions as the blocking driver.

use core::pin::Pin;

use cache_core::Fingerprint;
use cache_core::protocol::write::{Change, ChangeSet};
use diesel::result::{Error, QueryResult};
use diesel_async::AsyncConnection;
use diesel_async::methods::ExecuteDsl;

use crate::backend::CacheBackend;
use crate::backend::line::Awaited as Line;
use crate::identity::Identity;
use crate::misfit::Fits;
use crate::read::{Awaiting, WritingConnection, introduce_writer};
use crate::track::own::awaited::{AwaitedStatement, ensured, settle, tracker_in};
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

/// Under what the contents of the database are kept that `conn` is on, if that is known.
pub(crate) fn space_on<C: AsyncConnection>(conn: &mut C) -> Option<Fingerprint> {
    tracker_in(conn)?.present_identity().map(|identity| identity.space)
}

/// Runs `write`, as `told`.
pub(crate) fn run<'conn, C, T, W>(
    conn: &'conn mut C,
    write: W,
    told: Awaited<'conn, T>,
) -> BoxFuture<'conn, QueryResult<T>>
where
    C: AsyncConnection<Backend: CacheBackend>,
    W: Sent<C, T> + 'conn,
    T: Send + 'conn,
{
    let Awaited { table, change, exact, after } = told;
    let change = change(&mut || space_on(conn));
    let changes = announced_changes::<C::Backend>(table, &change);
    Box::pin(async move {
        if tracker_in(conn).is_none() {
            let is_inside = is_in_transaction(conn);
            let under_way = untracked::begin_unnamed(&changes, is_inside)?;
            let result = write.send(conn).await;
            under_way.end();
            if let (Ok(written), false) = (&result, is_inside) {
                after(written).into_iter().for_each(|hook| hook());
            }
            return result;
        }
        introduce_writer::<Line<C>>(conn).await;
        ensured(conn, &changes).await.map_err(untracked::refused::<Error>)?;
        let mut statement = AwaitedStatement::begin(conn, changes);
        let result = write.send(statement.conn()).await;
        let due = statement.end(&result, exact, after);
        settle(statement.conn()).await;
        due.into_iter().for_each(|hook| hook());
        result
    })
}

pub(super) fn is_in_transaction<C: AsyncConnection>(conn: &mut C) -> bool {
    use diesel_async::TransactionManager;
    !matches!(C::TransactionManager::transaction_manager_status_mut(conn).transaction_depth(), Ok(None))
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
        run(conn, Counted(statement), told)
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
