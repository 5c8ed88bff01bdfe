//! Takes connections that are awaited from closures whose futures give them.

use core::marker::PhantomData;

use diesel::result::Error;
use diesel_async::AsyncConnection;

use crate::backend::CacheBackend;
use crate::backend::line::Awaited;
use crate::read::terminal::take::{PoolFailure, ReadError, TakeConnection};

/// Marks closures whose futures fail with an error that holds those of the database.
#[derive(Debug)]
pub struct FromAwaited<Taking, C, E>(PhantomData<fn() -> Taking>, PhantomData<fn() -> (C, E)>);

/// Marks closures whose futures take from a pool.
#[derive(Debug)]
pub struct FromAwaitedPool<Taking, C, P>(PhantomData<fn() -> Taking>, PhantomData<fn() -> (C, P)>);

#[diagnostic::do_not_recommend]
impl<F, Taking, C, E> TakeConnection<FromAwaited<Taking, C, E>> for F
where
    F: FnOnce() -> Taking,
    Taking: Future<Output = Result<C, E>>,
    C: AsyncConnection<Backend: CacheBackend>,
    E: From<Error>,
{
    type Line = Awaited<C>;
    type Failure = E;
    type Error = E;
    type Taking = Taking;

    fn take(self) -> Taking {
        self()
    }
}

#[diagnostic::do_not_recommend]
impl<F, Taking, C, P> TakeConnection<FromAwaitedPool<Taking, C, P>> for F
where
    F: FnOnce() -> Taking,
    Taking: Future<Output = Result<C, P>>,
    C: AsyncConnection<Backend: CacheBackend>,
    P: PoolFailure,
{
    type Line = Awaited<C>;
    type Failure = P;
    type Error = ReadError<P>;
    type Taking = Taking;

    fn take(self) -> Taking {
        self()
    }
}
