//! Holds the answer to come of a layer: it is at hand, or somebody works on it.

use core::pin::Pin;
use core::task::{Context, Poll};

use http::Response;
use http_body::Body;

use crate::body::PageBody;

/// An answer of a layer.
pub(crate) type Answer<B> = Response<PageBody<B>>;

/// The answer to come of a [`PageService`](crate::PageService).
#[must_use = "nothing is rendered until it is polled"]
pub struct PageFuture<B: Body, E>(Course<B, E>);

enum Course<B: Body, E> {
    /// `None`: it was given.
    AtHand(Option<Answer<B>>),
    Away(Pin<Box<dyn Future<Output = Result<Answer<B>, E>> + Send>>),
}

impl<B: Body, E> PageFuture<B, E> {
    pub(crate) const fn at_hand(answer: Answer<B>) -> Self {
        Self(Course::AtHand(Some(answer)))
    }

    pub(crate) fn away(answer: impl Future<Output = Result<Answer<B>, E>> + Send + 'static) -> Self {
        Self(Course::Away(Box::pin(answer)))
    }
}

impl<B: Body, E> Future for PageFuture<B, E> {
    type Output = Result<Answer<B>, E>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            Course::AtHand(answer) => Poll::Ready(Ok(answer.take().expect("an answer is given once"))),
            Course::Away(answer) => answer.as_mut().poll(context),
        }
    }
}

// What is pinned is in a box.
impl<B: Body, E> Unpin for PageFuture<B, E> {}

impl<B: Body, E> core::fmt::Debug for PageFuture<B, E> {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.debug_struct("PageFuture").finish_non_exhaustive()
    }
}
