//! Futures that are dropped before they are ready.

use std::future::poll_fn;
use std::task::Poll;

/// Polls `work` so many times, and drops it then, unless it is ready.
pub async fn polled<F: Future>(times: usize, work: F) -> Option<F::Output> {
    let (mut work, mut done) = (Box::pin(work), 0);
    poll_fn(move |context| {
        if done == times {
            return Poll::Ready(None);
        }
        done += 1;
        match work.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if done == times => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}
