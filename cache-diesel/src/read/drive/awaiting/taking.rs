//! Drives a read that takes an awaited connection on a miss only.

use diesel::result::{Error, QueryResult};
use diesel_async::AsyncConnection;

use crate::backend::CacheBackend;
use crate::backend::line::{Awaited, Reply};
use crate::read::builder::many::ManyRead;
use crate::read::builder::total::{Both, WithTotal};
use crate::read::drive::awaiting::{alone, many_alone};
use crate::read::drive::batch::{KeyBatch, LoadMany};
use crate::read::drive::taking::{self, ReadsWith};
use crate::read::task::Task;
use crate::read::task::query::{IntoTask, Query};
use crate::read::terminal::entry::{CachedList, CachedRows, ListWithTotal};
use crate::read::terminal::take::TakeConnection;
use crate::read::terminal::{Ended, Ending};

impl<'query, C, Take, Kind: 'query, E, R, How> ReadsWith<'query, Ended<R, How>, Take, Kind, E> for Awaited<C>
where
    C: AsyncConnection<Backend: CacheBackend> + 'query,
    Take: TakeConnection<Kind, Line = Awaited<C>, Taking: Send> + Send + 'query,
    R: IntoTask<'query, Awaited<C>, Task: Send + 'query>,
    How: Ending<<R::Task as Task>::Value> + 'query,
    E: From<Error> + From<How::Error> + From<Take::Failure> + 'query,
{
    type Output = Reply<'query, Result<How::Value, E>>;

    fn read_with(read: Ended<R, How>, take: Take) -> Self::Output {
        Box::pin(taking::run::<How, Awaited<C>, _, _, _, E>(read.read.into_task(), take, alone()))
    }
}

impl<'query, C, Take, Kind: 'query, P> ReadsWith<'query, ManyRead<P>, Take, Kind, Take::Error> for Awaited<C>
where
    C: AsyncConnection<Backend: CacheBackend> + 'query,
    Take: TakeConnection<Kind, Line = Awaited<C>, Taking: Send> + Send + 'query,
    P: LoadMany<Awaited<C>>,
{
    type Output = Reply<'query, Result<CachedRows<P>, Take::Error>>;

    fn read_with(read: ManyRead<P>, take: Take) -> Self::Output {
        let (head, keys) = read.into_parts();
        Box::pin(KeyBatch::<P, Awaited<C>>::read_with(head, keys, take, many_alone()))
    }
}

impl<'query, C, Take, Kind: 'query, L, N, T> ReadsWith<'query, WithTotal<L, N>, Take, Kind, Take::Error> for Awaited<C>
where
    C: AsyncConnection<Backend: CacheBackend> + 'query,
    Take: TakeConnection<Kind, Line = Awaited<C>, Taking: Send> + Send + 'query,
    L: IntoTask<'query, Awaited<C>, Task: Query<Awaited<C>, Value = CachedList<T>> + Send + 'query>,
    N: IntoTask<'query, Awaited<C>, Task: Query<Awaited<C>, Value = i64> + Send + 'query>,
    T: Send + Sync + 'query,
{
    type Output = Reply<'query, Result<ListWithTotal<T>, Take::Error>>;

    fn read_with(read: WithTotal<L, N>, take: Take) -> Self::Output {
        both_with(read.into_both::<Awaited<C>>(), take)
    }
}

fn both_with<'query, C, Take, Kind, L, N, T>(
    both: QueryResult<Both<L, N>>,
    take: Take,
) -> Reply<'query, Result<ListWithTotal<T>, Take::Error>>
where
    C: AsyncConnection<Backend: CacheBackend> + 'query,
    Take: TakeConnection<Kind, Line = Awaited<C>, Taking: Send> + Send + 'query,
    Kind: 'query,
    L: Query<Awaited<C>, Value = CachedList<T>> + Send + 'query,
    N: Query<Awaited<C>, Value = i64> + Send + 'query,
    T: Send + Sync + 'query,
{
    Box::pin(async move { both?.run_with::<Awaited<C>, T, _, _>(take, (alone(), alone())).await })
}
