//! Holds the methods that end a read, with the same names for every kind of connection.

pub(crate) mod connection;
pub(crate) mod depend;
pub(crate) mod entry;
pub(crate) mod explain;
pub(crate) mod multi;
pub(crate) mod take;

use core::marker::PhantomData;

use diesel::connection::LoadConnection;
use diesel::result::{Error, QueryResult};

use crate::backend::CacheBackend;
use crate::error::NotFound;
use crate::model::CachedModel;
use crate::read::drive::blocking::run;
use crate::read::page::CachedView;
use crate::read::task::Task;
use crate::read::task::query::{IntoTask, Repeats};
use crate::read::terminal::connection::Blocking;
use crate::read::terminal::entry::{CachedEntry, CachedRow};

/// A connection that can answer `Read`.
#[diagnostic::on_unimplemented(
    message = "this cached read cannot run on `{Self}`",
    label = "the query does not fit its model or this connection",
    note = "every column that is used must belong to the model's table: related rows are read by a view with `select_related(..)`, and asked for by `.eq_any(..)` with a subquery"
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
    note = "every column that is used must belong to the model's table: related rows are read by a view with `select_related(..)`, and asked for by `.eq_any(..)` with a subquery"
)]
pub trait BlockingRead<'query, C> {
    /// What the read gives.
    type Output;

    /// Answers the read.
    fn run(self, conn: &mut C) -> Self::Output;
}

/// A read, and how it ends.
#[derive(Debug)]
pub struct Ended<R, How> {
    pub(crate) read: R,
    how: PhantomData<fn() -> How>,
}

impl<R, How> Ended<R, How> {
    pub(crate) const fn new(read: R) -> Self {
        Self { read, how: PhantomData }
    }
}

/// What becomes of what was read, which is a `T`.
pub trait Ending<T> {
    /// What the reader gets.
    type Value;
    /// What it fails with.
    type Error: From<Error>;

    /// Makes the one of the other.
    ///
    /// # Errors
    ///
    /// If there is no row, and there has to be one.
    fn end(entry: CachedEntry<T>) -> Result<Self::Value, Self::Error>;
}

/// All that was read, as it is.
#[derive(Debug)]
pub struct AsRead;

/// The value with what the cache knows of it.
#[derive(Debug)]
pub struct AsReadEntry;

/// The row, or `NotFound`.
#[derive(Debug)]
pub struct First;

/// The row with what the cache knows of it.
#[derive(Debug)]
pub struct FirstEntry;

/// The row, or the model's own error.
#[derive(Debug)]
pub struct Require;

impl<T> Ending<T> for AsRead {
    type Value = T;
    type Error = Error;

    fn end(entry: CachedEntry<T>) -> QueryResult<T> {
        Ok(entry.value)
    }
}

impl<T> Ending<T> for AsReadEntry {
    type Value = CachedEntry<T>;
    type Error = Error;

    fn end(entry: CachedEntry<T>) -> QueryResult<CachedEntry<T>> {
        Ok(entry)
    }
}

impl<M> Ending<Option<CachedRow<M>>> for First {
    type Value = CachedRow<M>;
    type Error = Error;

    fn end(entry: CachedEntry<Option<CachedRow<M>>>) -> QueryResult<CachedRow<M>> {
        // The error is made where there is one: an unused one would have to be dropped.
        let Some(row) = entry.value else { return Err(Error::NotFound) };
        Ok(row)
    }
}

impl<M> Ending<Option<CachedRow<M>>> for FirstEntry {
    type Value = CachedEntry<CachedRow<M>>;
    type Error = Error;

    fn end(entry: CachedEntry<Option<CachedRow<M>>>) -> QueryResult<Self::Value> {
        entry.try_map(|row| row.ok_or(Error::NotFound))
    }
}

impl<P: CachedView> Ending<Option<CachedRow<P>>> for Require {
    type Value = CachedRow<P>;
    type Error = <P::Root as CachedModel>::Error;

    fn end(entry: CachedEntry<Option<CachedRow<P>>>) -> Result<Self::Value, Self::Error> {
        entry.value.ok_or_else(|| NotFound::of(P::DEFINITION.name).into())
    }
}

/// What the task of a read gives.
type Given<'query, C, R> = <<R as IntoTask<'query, C>>::Task as Task>::Value;

impl<'query, C, R, How> BlockingRead<'query, C> for Ended<R, How>
where
    C: LoadConnection<Backend: CacheBackend> + 'static,
    R: Repeats<'query, C>,
    How: Ending<Given<'query, C, R>>,
{
    type Output = Result<How::Value, How::Error>;

    fn run(self, conn: &mut C) -> Self::Output {
        How::end(run(self.read, conn)?)
    }
}

/// One method that ends a read: its name, the model whose columns are read, what is run, and how that is made of the read.
///
/// The bounds stand in the order in which their errors are of use. Each asks for what the one
/// before gives: of all that does not fit, the compiler reports the first only.
macro_rules! terminal {
    ($(#[$doc:meta])* $name:ident, $model:ty, $read:ty, $make:expr, where $part:ident: Countable) => {
        crate::read::terminal::terminal! {
            @ [$(#[$doc])*] $name, $model, $read, $make,
            <crate::read::terminal::connection::Connected<$model, C, Mode, Kind> as crate::read::builder::order::CountsList<$part>>::On,
            |conn| crate::read::builder::order::CountsList::<$part>::counting(conn),
            crate::read::terminal::connection::Connected<$model, C, Mode, Kind>: crate::read::builder::order::CountsList<$part>,
        }
    };
    ($(#[$doc:meta])* $name:ident, $model:ty, $read:ty, $make:expr $(, where $($bound:ident: $needed:path),+)?) => {
        crate::read::terminal::terminal! {
            @ [$(#[$doc])*] $name, $model, $read, $make, crate::read::terminal::connection::Connected<$model, C, Mode, Kind>, |conn| conn,
            $($($bound: $needed,)+)?
        }
    };
    (@ [$(#[$doc:meta])*] $name:ident, $model:ty, $read:ty, $make:expr, $on:ty, $connect:expr, $($bound:tt)*) => {
        $(#[$doc])*
        pub fn $name<'conn, 'query, C, Mode, Kind>(
            self,
            conn: &'conn mut C,
        ) -> <$on as crate::read::terminal::Runs<'conn, 'query, $read, Mode>>::Output
        where
            C: crate::read::terminal::connection::AnyConnection<Mode, Backend: crate::backend::CacheBackend>,
            <C as crate::read::terminal::connection::AnyConnection<Mode>>::Itself: crate::read::terminal::connection::ReadsColumns<
                    $model,
                    <C as crate::read::terminal::connection::AnyConnection<Mode>>::Backend,
                    Kind,
                > + 'conn,
            $($bound)*
            $on: crate::read::terminal::Runs<'conn, 'query, $read, Mode> + 'conn,
            crate::read::terminal::connection::Connected<$model, C, Mode, Kind>: 'conn,
        {
            let make: fn(Self) -> $read = $make;
            let connect: fn(&'conn mut crate::read::terminal::connection::Connected<$model, C, Mode, Kind>) -> &'conn mut $on =
                $connect;
            let conn = crate::read::terminal::connection::ReadsColumns::<$model, _, Kind>::on(conn.itself());
            crate::read::terminal::Runs::<'conn, 'query, $read, Mode>::run(connect(conn), make(self))
        }
    };
}
pub(crate) use terminal;

/// One method that ends a read, and takes a connection on a miss only.
macro_rules! terminal_with {
    ($(#[$doc:meta])* $name:ident, $how:ty, $make:expr
        $(, failing with $error:ty)? $(, where $($bound:ident: $needed:path),+)?) => {
        $(#[$doc])*
        ///
        /// `take` is a closure that gives a connection, or a pool of `r2d2`, bb8 or deadpool: see
        /// [`TakeConnection`](crate::read::TakeConnection). If the connection is an awaited one, so is the read.
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
        /// Returns what taking a connection fails with, and what the same method with a connection fails with.
        pub fn $name<'query, Take, Kind>(
            self,
            take: Take,
        ) -> <Take::Line as crate::read::drive::taking::ReadsWith<
            'query,
            $how,
            Take,
            Kind,
            crate::read::terminal::error_of!(Take, Kind $(, $error)?),
        >>::Output
        where
            $($($bound: $needed,)+)?
            $($error: crate::read::terminal::take::HoldsFailure<Take::Failure>,)?
            Take: crate::read::terminal::take::TakeConnection<Kind>,
            Take::Line: crate::read::drive::taking::ReadsWith<
                    'query,
                    $how,
                    Take,
                    Kind,
                    crate::read::terminal::error_of!(Take, Kind $(, $error)?),
                >,
        {
            let make: fn(Self) -> $how = $make;
            <Take::Line as crate::read::drive::taking::ReadsWith<_, _, _, _>>::read_with(make(self), take)
        }
    };
}
pub(crate) use terminal_with;

/// What a read with a connection to be taken fails with.
macro_rules! error_of {
    ($take:ident, $kind:ident) => {
        <$take as crate::read::terminal::take::TakeConnection<$kind>>::Error
    };
    ($take:ident, $kind:ident, $error:ty) => {
        $error
    };
}
pub(crate) use error_of;

/// The methods that end a read of one `$page`.
macro_rules! row_terminals {
    ($page:ident) => {
        crate::read::terminal::terminal! {
            /// Reads the row: `QueryResult<Arc<P>>`.
            ///
            /// # Errors
            ///
            /// Returns Diesel's `NotFound` if there is none, and whatever else the database says.
            first, $page::Joined, crate::read::terminal::Ended<Self, crate::read::terminal::First>,
            crate::read::terminal::Ended::new
        }

        crate::read::terminal::terminal! {
            /// Reads the row, or fails with the model's own error: `Result<Arc<P>, E>`.
            ///
            /// # Errors
            ///
            /// Returns the error made from [`NotFound`](crate::NotFound) if there is none, and the one made from
            /// Diesel's error if the database fails.
            require, $page::Joined, crate::read::terminal::Ended<Self, crate::read::terminal::Require>, crate::read::terminal::Ended::new
        }

        crate::read::terminal::terminal! {
            /// Reads the row together with what the cache knows of it: `QueryResult<CachedEntry<Arc<P>>>`.
            ///
            /// # Errors
            ///
            /// As [`first`](Self::first).
            entry, $page::Joined, crate::read::terminal::Ended<Self, crate::read::terminal::FirstEntry>,
            crate::read::terminal::Ended::new
        }

        crate::read::terminal::terminal! {
            /// Explains what the read would be answered with at present: `QueryResult<Explanation>`.
            ///
            /// It tells the key, the tags with their tokens, what is stored, and how old that is. It loads, stores and
            /// counts nothing.
            ///
            /// # Errors
            ///
            /// Returns what the database says when it is asked which database it is.
            explain, $page::Joined, crate::read::Explained<Self>, crate::read::Explained::new
        }

        crate::read::terminal::terminal! {
            /// Compares the entry with what the database says: `QueryResult<Verdict>`.
            ///
            /// It looks, asks the database, and looks again. An entry that differs is compared again after the
            /// [grace](crate::AuditSettings::grace): a write that is under way is over by then. It counts and stores
            /// nothing.
            ///
            /// # Errors
            ///
            /// Returns what the database says.
            verify, $page::Joined, crate::read::Verified<Self>, crate::read::Verified::new
        }

        crate::read::terminal::terminal_with! {
            /// As [`first`](Self::first), and takes a connection on a miss only.
            first_with, crate::read::terminal::Ended<Self, crate::read::terminal::First>,
            crate::read::terminal::Ended::new
        }

        crate::read::terminal::terminal_with! {
            /// As [`require`](Self::require), and takes a connection on a miss only.
            require_with, crate::read::terminal::Ended<Self, crate::read::terminal::Require>,
            crate::read::terminal::Ended::new, failing with <$page::Root as crate::model::CachedModel>::Error
        }

        crate::read::terminal::terminal_with! {
            /// As [`entry`](Self::entry), and takes a connection on a miss only.
            entry_with, crate::read::terminal::Ended<Self, crate::read::terminal::FirstEntry>,
            crate::read::terminal::Ended::new
        }

        crate::read::builder::refused::refused!(EndsOneRow: count, execute, exists, get_result, get_results, load);
    };
}
pub(crate) use row_terminals;
