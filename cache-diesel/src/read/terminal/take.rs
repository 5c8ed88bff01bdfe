//! Takes the connection of a read on a miss.

use core::future::{Ready, ready};
use core::marker::PhantomData;

use diesel::connection::LoadConnection;
use diesel::result::Error;

use crate::backend::CacheBackend;
use crate::backend::line::Line;

#[cfg(feature = "async")]
mod awaited;
#[cfg(any(feature = "async-bb8", feature = "async-deadpool"))]
mod awaited_pool;
mod failure;
mod optional;
mod pool;

pub use failure::{PoolFailure, ReadError};
pub use optional::OptionalRead;

/// What a read takes its connection from on a miss: a closure that gives one, such as `|| pool.get()`, or a pool, `&pool`.
///
/// A closure that gives a future is awaited: one that is `async`, or `|| pool.get()` of a pool of diesel-async's connections.
///
/// What a closure fails with has to hold the database's errors as well: it is `From<diesel::result::Error>`. The errors of
/// pools are not: what is read through them fails with a [`ReadError`], which holds both. `Kind` is inferred; it keeps the
/// ways apart.
#[diagnostic::on_unimplemented(
    message = "no connection can be taken from `{Self}`, or its error has no room for the database's",
    label = "expected a closure that gives `Result<connection, E>` with `E: From<diesel::result::Error>`, or a future of it",
    note = "give a pool as `&pool` or `|| pool.get()`; else say what the error becomes: `|| take().map_err(MyError::from)`"
)]
pub trait TakeConnection<Kind> {
    /// How reads on the connection are driven.
    type Line: Line;
    /// What taking it fails with.
    type Failure;
    /// What the read fails with.
    type Error: From<Error> + From<Self::Failure>;
    /// The connection, or what waits for it.
    #[doc(hidden)]
    type Taking: Future<Output = Taken<Self::Line, Self::Failure>>;

    /// Takes a connection.
    #[doc(hidden)]
    fn take(self) -> Self::Taking;
}

/// A connection of a line that was taken, or what taking it failed with.
pub(crate) type Taken<L, Failure> = Result<<L as Line>::Conn, Failure>;

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
pub struct FromClosure<C, E>(PhantomData<fn() -> (C, E)>);

#[diagnostic::do_not_recommend]
impl<F, C, E> TakeConnection<FromClosure<C, E>> for F
where
    F: FnOnce() -> Result<C, E>,
    C: LoadConnection<Backend: CacheBackend> + 'static,
    E: From<Error>,
{
    type Line = C;
    type Failure = E;
    type Error = E;
    type Taking = Ready<Result<C, E>>;

    fn take(self) -> Self::Taking {
        ready(self())
    }
}
