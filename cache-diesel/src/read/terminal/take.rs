//! Takes the connection of a read on a miss.

use diesel::connection::LoadConnection;
use diesel::result::Error;

use crate::backend::CacheBackend;

mod optional;
mod pool;

pub use optional::OptionalRead;
pub use pool::ReadError;

/// What a read takes its connection from on a miss: a closure that gives one, such as `|| pool.get()`, or a pool, `&pool`.
///
/// What a closure fails with has to hold the database's errors as well: it is `From<diesel::result::Error>`. The error of
/// `r2d2` is not: what is read through its pools fails with a [`ReadError`], which holds both. `Kind` is inferred; it keeps
/// the ways apart.
#[diagnostic::on_unimplemented(
    message = "no connection can be taken from `{Self}`, or its error has no room for the database's",
    label = "expected a closure that gives `Result<connection, E>` with `E: From<diesel::result::Error>`",
    note = "give a pool of `r2d2` as `&pool` or `|| pool.get()`; else say what the error becomes: `|| take().map_err(MyError::from)`"
)]
pub trait TakeConnection<Kind> {
    /// What is taken.
    type Connection: LoadConnection<Backend: CacheBackend> + 'static;
    /// What taking it fails with.
    type Failure;
    /// What the read fails with.
    type Error: From<Error> + From<Self::Failure>;

    /// Takes a connection.
    ///
    /// # Errors
    ///
    /// If there is none to be had.
    fn take(self) -> Result<Self::Connection, Self::Failure>;
}

/// An error that is made from what taking a connection fails with, a `Failure`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no room for what taking a connection fails with, `{Failure}`",
    label = "fails with `{Failure}`",
    note = "name an error of your own with `#[cached(error = MyError)]`, and write `impl From<{Failure}> for MyError`"
)]
pub trait HoldsFailure<Failure>: From<Failure> {}

#[diagnostic::do_not_recommend]
impl<E: From<Failure>, Failure> HoldsFailure<Failure> for E {}

/// Marks closures whose errors hold those of the database.
#[derive(Debug)]
pub struct FromClosure<C, E>(core::marker::PhantomData<fn() -> (C, E)>);

#[diagnostic::do_not_recommend]
impl<F, C, E> TakeConnection<FromClosure<C, E>> for F
where
    F: FnOnce() -> Result<C, E>,
    C: LoadConnection<Backend: CacheBackend> + 'static,
    E: From<Error>,
{
    type Connection = C;
    type Failure = E;
    type Error = E;

    fn take(self) -> Result<C, E> {
        self()
    }
}
