//! Reads and writes of managers on connections that are awaited, for those who block.

use core::pin::Pin;

use cache_core::Fingerprint;
use cache_core::protocol::write::Change;
use cache_diesel::__private::{AnyConnection, Fits, Runs};
use cache_diesel::read::{Awaiting, WritingConnection};
use cache_diesel::write::{
    Executed, FetchInserted, FetchSaved, FetchWritten, InsertWrite, Order, SaveWrite, StatementWrite, WriteMode,
};
use diesel::QuerySource;
use diesel::connection::Instrumentation;
use diesel::query_builder::{DeleteStatement, InsertStatement, UpdateStatement};
use diesel::result::QueryResult;
use diesel_async::AsyncConnection;

use super::{Awaited, wait};

/// Marks connections that are awaited by those who block.
#[derive(Debug)]
pub struct Waiting;

type Reply<'conn, T> = Pin<Box<dyn Future<Output = T> + Send + 'conn>>;

impl<C: AsyncConnection> AnyConnection<Waiting> for Awaited<C> {
    type Backend = C::Backend;
    type Itself = Self;

    fn itself(&mut self) -> &mut Self {
        self
    }
}

impl<'conn, 'query, C, Read, T> Runs<'conn, 'query, Read, Waiting> for Awaited<C>
where
    C: Runs<'conn, 'query, Read, Awaiting, Output = Reply<'conn, T>> + 'conn,
{
    type Output = T;

    fn run(conn: &'conn mut Self, read: Read) -> T {
        wait(C::run(conn.inner(), read))
    }
}

impl<C: AsyncConnection> WritingConnection<Waiting> for Awaited<C> {
    type Backend = C::Backend;
    type Itself = Self;

    fn itself(&mut self) -> &mut Self {
        self
    }

    fn instrumented(&mut self) -> &mut dyn Instrumentation {
        self.inner().instrumentation()
    }
}

impl WriteMode for Waiting {
    type Reply<'conn, T: 'conn> = T;

    fn ready<'conn, T: Send + 'conn>(value: T) -> T {
        value
    }

    fn map<'conn, T: 'conn, U: 'conn>(reply: T, then: impl FnOnce(T) -> U + Send + 'conn) -> U {
        then(reply)
    }
}

/// Statements are run by the awaited driver.
macro_rules! executed {
    ($($Statement:ident<$($part:ident),+>),+) => { $(
        impl<C, $($part),+> Executed<Awaited<C>, Waiting, Fits> for $Statement<$($part),+>
        where
            C: AsyncConnection,
            T: QuerySource,
            Self: Executed<C, Awaiting, Fits>,
        {
            fn changes(&self, table: &str, space: Option<Fingerprint>) -> Change {
                Executed::<C, Awaiting, Fits>::changes(self, table, space)
            }

            fn executed<'conn>(order: Order<'conn, Self>, conn: &'conn mut Awaited<C>) -> QueryResult<usize>
            where
                Self: 'conn,
            {
                wait(Executed::<C, Awaiting, Fits>::executed(order, conn.inner()))
            }
        }
    )+ };
}

executed!(DeleteStatement<T, U, Ret>, InsertStatement<T, U, Op, Ret>, UpdateStatement<T, U, V, Ret>);

impl<'query, New, M, DB, C> FetchInserted<'query, New, M, DB, Waiting> for Awaited<C>
where
    C: FetchInserted<'query, New, M, DB, Awaiting>,
{
    fn fetch_inserted<'conn>(&'conn mut self, write: InsertWrite<M, New>) -> QueryResult<Vec<M>>
    where
        'query: 'conn,
    {
        wait(self.inner().fetch_inserted(write))
    }
}

impl<'query, 'row, M, DB, C> FetchSaved<'query, 'row, M, DB, Waiting> for Awaited<C>
where
    C: FetchSaved<'query, 'row, M, DB, Awaiting>,
{
    fn fetch_saved<'conn>(&'conn mut self, write: SaveWrite<'row, M>) -> QueryResult<Option<M>>
    where
        'query: 'conn,
        'row: 'conn,
    {
        wait(self.inner().fetch_saved(write))
    }
}

impl<'query, Statement, M, DB, C> FetchWritten<'query, Statement, M, DB, Waiting> for Awaited<C>
where
    C: FetchWritten<'query, Statement, M, DB, Awaiting>,
{
    fn fetch_written<'conn>(&'conn mut self, write: StatementWrite<M, Statement>) -> QueryResult<Vec<M>>
    where
        'query: 'conn,
    {
        wait(self.inner().fetch_written(write))
    }
}
