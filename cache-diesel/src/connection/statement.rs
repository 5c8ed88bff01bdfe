//! Awaits a statement between what has to stand before it and what follows from it.

use core::pin::Pin;
use core::task::{Context, Poll};
use std::vec;

use diesel::result::QueryResult;
use futures_core::Stream;

use crate::track::errands::UnderWay;

pub(super) type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
pub(super) type BoxStream<'a, T> = Pin<Box<dyn Stream<Item = T> + Send + 'a>>;

/// Runs a statement that gives no rows.
pub(super) fn executed<'conn, T: Send>(
    mut under_way: UnderWay,
    statement: impl Future<Output = QueryResult<T>> + Send + 'conn,
) -> BoxFuture<'conn, QueryResult<T>> {
    Box::pin(async move {
        under_way.ready().await;
        let result = statement.await;
        under_way.end().await;
        result
    })
}

/// Runs a statement that gives rows. If it writes, it is over once all of them have arrived, and not before.
pub(super) fn loaded<'conn, 'rows, Row: Send + 'rows>(
    mut under_way: UnderWay,
    statement: impl Future<Output = QueryResult<BoxStream<'rows, QueryResult<Row>>>> + Send + 'conn,
) -> BoxFuture<'conn, QueryResult<BoxStream<'rows, QueryResult<Row>>>>
where
    'rows: 'conn,
{
    Box::pin(async move {
        under_way.ready().await;
        let mut rows = statement.await;
        if let (true, Ok(stream)) = (under_way.is_write(), &mut rows) {
            let arrived = arrived(stream).await;
            rows = Ok(Box::pin(Arrived(arrived.into_iter())));
        }
        under_way.end().await;
        rows
    })
}

/// All that `stream` gives.
async fn arrived<T>(stream: &mut BoxStream<'_, T>) -> Vec<T> {
    let mut items = Vec::new();
    while let Some(item) = core::future::poll_fn(|context| stream.as_mut().poll_next(context)).await {
        items.push(item);
    }
    items
}

/// Rows that have arrived.
struct Arrived<T>(vec::IntoIter<T>);

impl<T> Unpin for Arrived<T> {}

impl<T> Stream for Arrived<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<T>> {
        Poll::Ready(self.0.next())
    }
}
