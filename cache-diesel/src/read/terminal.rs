//! The methods that end a read: the same names for every kind of connection.

use core::marker::PhantomData;

use diesel::connection::LoadConnection;
use diesel::result::{Error, QueryResult};

use crate::backend::CacheBackend;
use crate::error::NotFound;
use crate::model::CachedModel;
use crate::read::blocking::{Query, run};
use crate::read::entry::{CachedEntry, CachedRow};
use crate::read::refresh::Later;

/// Marks connections that block.
#[derive(Debug)]
pub struct Blocking;

/// A connection of Diesel's.
///
/// `Mode` is inferred from the connection's type.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a database connection",
    label = "expected a connection of Diesel's",
    note = "dereference pools and guards first: `&mut *conn`"
)]
pub trait AnyConnection<Mode> {
    /// The connection's database backend.
    type Backend: diesel::backend::Backend;
}

#[diagnostic::do_not_recommend]
impl<C: LoadConnection> AnyConnection<Blocking> for C {
    type Backend = C::Backend;
}

/// A connection that can answer `Read`.
#[diagnostic::on_unimplemented(
    message = "this cached read cannot run on `{Self}`",
    label = "the query does not fit its model or this connection",
    note = "every column that is used must belong to the model's table, and the model needs `#[derive(Queryable, Selectable)]`, as does each related one of a view"
)]
pub trait Runs<'conn, 'query, Read, Mode> {
    /// What the read gives: a result, or a future of one.
    type Output;

    /// Answers `read`.
    fn run(conn: &'conn mut Self, read: Read) -> Self::Output;
}

#[diagnostic::do_not_recommend]
impl<'conn, 'query, C, Read> Runs<'conn, 'query, Read, Blocking> for C
where
    C: LoadConnection,
    Read: BlockingRead<'query, C>,
{
    type Output = Read::Output;

    fn run(conn: &'conn mut Self, read: Read) -> Self::Output {
        read.run(conn)
    }
}

/// A read that a blocking connection can answer.
#[diagnostic::on_unimplemented(
    message = "this cached read cannot run on `{C}`",
    label = "the query does not fit its model or this connection",
    note = "every column that is used must belong to the model's table, and the model needs `#[derive(Queryable, Selectable)]`, as does each related one of a view"
)]
pub trait BlockingRead<'query, C> {
    /// What the read gives.
    type Output;

    /// Answers the read.
    fn run(self, conn: &mut C) -> Self::Output;
}

/// A read that has a [`Task`](crate::read::task::Task) on the connection `C`.
pub trait IntoTask<'query, C> {
    /// The task.
    type Task: Query<C>;

    /// Takes the read apart.
    ///
    /// # Errors
    ///
    /// If the query cannot be printed.
    fn into_task(self) -> QueryResult<Self::Task>;

    /// The same read with values of its own, for another thread; `None`: its values cannot be told.
    fn later(task: &Self::Task) -> Option<Later<C>>;
}

/// The whole value.
#[derive(Debug)]
pub struct Value<R>(pub(crate) R);

/// The row, or `NotFound`.
#[derive(Debug)]
pub struct First<R>(pub(crate) R);

/// The row with what the cache knows of it.
#[derive(Debug)]
pub struct FirstEntry<R>(pub(crate) R);

/// The row, or the model's own error.
#[derive(Debug)]
pub struct Require<R, M>(pub(crate) R, pub(crate) PhantomData<fn() -> M>);

/// The value with what the cache knows of it.
#[derive(Debug)]
pub struct ValueEntry<R>(pub(crate) R);

impl<'query, C, R> BlockingRead<'query, C> for Value<R>
where
    C: LoadConnection<Backend: CacheBackend> + 'static,
    R: IntoTask<'query, C>,
{
    type Output = QueryResult<<R::Task as crate::read::task::Task>::Value>;

    fn run(self, conn: &mut C) -> Self::Output {
        Ok(run(self.0, conn)?.value)
    }
}

impl<'query, C, R> BlockingRead<'query, C> for ValueEntry<R>
where
    C: LoadConnection<Backend: CacheBackend> + 'static,
    R: IntoTask<'query, C>,
{
    type Output = QueryResult<CachedEntry<<R::Task as crate::read::task::Task>::Value>>;

    fn run(self, conn: &mut C) -> Self::Output {
        run(self.0, conn)
    }
}

impl<'query, C, R, M> BlockingRead<'query, C> for First<R>
where
    C: LoadConnection<Backend: CacheBackend> + 'static,
    R: IntoTask<'query, C, Task: Query<C, Value = Option<CachedRow<M>>>>,
{
    type Output = QueryResult<CachedRow<M>>;

    fn run(self, conn: &mut C) -> Self::Output {
        // The error is made where there is one: an unused one would have to be dropped.
        let Some(row) = run(self.0, conn)?.value else { return Err(Error::NotFound) };
        Ok(row)
    }
}

impl<'query, C, R, M> BlockingRead<'query, C> for FirstEntry<R>
where
    C: LoadConnection<Backend: CacheBackend> + 'static,
    R: IntoTask<'query, C, Task: Query<C, Value = Option<CachedRow<M>>>>,
{
    type Output = QueryResult<CachedEntry<CachedRow<M>>>;

    fn run(self, conn: &mut C) -> Self::Output {
        run(self.0, conn)?.try_map(|row| row.ok_or(Error::NotFound))
    }
}

impl<'query, C, R, M> BlockingRead<'query, C> for Require<R, M>
where
    C: LoadConnection<Backend: CacheBackend> + 'static,
    M: CachedModel,
    R: IntoTask<'query, C, Task: Query<C, Value = Option<CachedRow<M>>>>,
{
    type Output = Result<CachedRow<M>, M::Error>;

    fn run(self, conn: &mut C) -> Self::Output {
        let entry = run(self.0, conn).map_err(M::Error::from)?;
        entry.value.ok_or_else(|| NotFound::of(M::DEFINITION.name).into())
    }
}

/// One method that ends a read, with the bounds in the order in which their errors are of use.
macro_rules! terminal {
    ($(#[$doc:meta])* $name:ident, $model:ty, $read:ty, $make:expr $(, where $bound:ident: $needed:path)?) => {
        $(#[$doc])*
        pub fn $name<'conn, 'query, C, Mode>(
            self,
            conn: &'conn mut C,
        ) -> <C as crate::read::terminal::Runs<'conn, 'query, $read, Mode>>::Output
        where
            $($bound: $needed,)?
            C: crate::read::terminal::AnyConnection<Mode, Backend: crate::backend::CacheBackend>,
            $model: diesel::Selectable<<C as crate::read::terminal::AnyConnection<Mode>>::Backend>,
            C: crate::read::terminal::Runs<'conn, 'query, $read, Mode>,
        {
            let make: fn(Self) -> $read = $make;
            <C as crate::read::terminal::Runs<'conn, 'query, $read, Mode>>::run(conn, make(self))
        }
    };
}
pub(crate) use terminal;

/// The methods that end a read of one row.
macro_rules! row_terminals {
    ($model:ty) => {
        crate::read::terminal::terminal! {
            /// Reads the row.
            ///
            /// # Errors
            ///
            /// Returns Diesel's `NotFound` if there is none, and whatever else the database says.
            first, $model, crate::read::terminal::First<Self>, crate::read::terminal::First
        }

        crate::read::terminal::terminal! {
            /// Reads the row, or fails with the model's own error.
            ///
            /// # Errors
            ///
            /// Returns the error made from [`NotFound`](crate::NotFound) if there is none, and the one made from
            /// Diesel's error if the database fails.
            require, $model, crate::read::terminal::Require<Self, $model>,
            |read| crate::read::terminal::Require(read, core::marker::PhantomData)
        }

        crate::read::terminal::terminal! {
            /// Reads the row together with what the cache knows of it.
            ///
            /// # Errors
            ///
            /// As [`first`](Self::first).
            entry, $model, crate::read::terminal::FirstEntry<Self>, crate::read::terminal::FirstEntry
        }

        /// Reads the row, and takes a connection on a miss only.
        ///
        /// # Consistency
        ///
        /// Without a connection the cache has to know which database is meant: its builder was told
        /// ([`database`](crate::CacheBuilder::database)), or the program said that it has
        /// [one only](crate::only_database). Else the connection is taken first, as it is until a read with a
        /// connection has found out which database that is.
        ///
        /// # Errors
        ///
        /// Returns what `take` fails with, and Diesel's errors as [`first`](Self::first) does.
        pub fn first_with<'query, C, E>(
            self,
            take: impl FnOnce() -> Result<C, E>,
        ) -> Result<crate::read::CachedRow<$model>, E>
        where
            C: diesel::connection::LoadConnection<Backend: crate::backend::CacheBackend> + 'static,
            E: From<diesel::result::Error>,
            Self: crate::read::terminal::IntoTask<
                    'query,
                    C,
                    Task: crate::read::blocking::Query<C, Value = Option<crate::read::CachedRow<$model>>>,
                >,
        {
            let entry = crate::read::blocking::run_with(self, take)?;
            Ok(entry.value.ok_or(diesel::result::Error::NotFound)?)
        }
    };
}
pub(crate) use row_terminals;
