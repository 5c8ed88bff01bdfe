//! Holds the body of an answer: of a page that is kept, or of what was passed on.

use core::future::poll_fn;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame, SizeHint};

/// The body of an answer: a page that is kept, or what the service inside gave.
pub struct PageBody<B: Body>(Form<B>);

enum Form<B: Body> {
    /// `None`: it was taken, or there is none.
    Whole(Option<Bytes>),
    /// What was read of it, before the rest.
    Passing(VecDeque<Result<Frame<Bytes>, B::Error>>, Pin<Box<B>>),
}

impl<B: Body<Data = Bytes>> PageBody<B> {
    pub(crate) fn whole(body: Bytes) -> Self {
        Self(Form::Whole(Some(body).filter(|body| !body.is_empty())))
    }

    pub(crate) const fn empty() -> Self {
        Self(Form::Whole(None))
    }

    pub(crate) fn passing(body: B) -> Self {
        Self(Form::Passing(VecDeque::new(), Box::pin(body)))
    }

    /// Reads all of it; if that is not to be had in `most` bytes, the body as if nobody had read any.
    pub(crate) async fn read(body: B, most: u64) -> Result<Bytes, Self> {
        let (mut body, mut frames, mut size) = (Box::pin(body), VecDeque::new(), 0_u64);
        loop {
            let frame = match poll_fn(|context| body.as_mut().poll_frame(context)).await {
                None => return Ok(join(frames)),
                Some(frame) => frame,
            };
            let length = frame.as_ref().ok().and_then(Frame::data_ref).map(Bytes::len);
            frames.push_back(frame);
            size += length.unwrap_or_default() as u64;
            if length.is_none() || size > most {
                return Err(Self(Form::Passing(frames, body)));
            }
        }
    }
}

/// The data of frames that are known to hold nothing else.
fn join<E>(mut frames: VecDeque<Result<Frame<Bytes>, E>>) -> Bytes {
    let mut data = frames.drain(..).filter_map(|frame| frame.ok()?.into_data().ok());
    let first = data.next().unwrap_or_default();
    let Some(second) = data.next() else { return first };
    let mut whole = BytesMut::from(first);
    whole.extend_from_slice(&second);
    data.for_each(|more| whole.extend_from_slice(&more));
    whole.freeze()
}

impl<B: Body<Data = Bytes>> Body for PageBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        match &mut self.0 {
            Form::Whole(body) => Poll::Ready(body.take().map(|body| Ok(Frame::data(body)))),
            Form::Passing(begun, rest) => match begun.pop_front() {
                Some(frame) => Poll::Ready(Some(frame)),
                None => rest.as_mut().poll_frame(context),
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Form::Whole(body) => body.is_none(),
            Form::Passing(begun, rest) => begun.is_empty() && rest.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Form::Whole(body) => SizeHint::with_exact(body.as_ref().map_or(0, |body| body.len() as u64)),
            Form::Passing(begun, rest) if begun.is_empty() => rest.size_hint(),
            Form::Passing(..) => SizeHint::default(),
        }
    }
}

// What is pinned is in a box.
impl<B: Body> Unpin for PageBody<B> {}

impl<B: Body> core::fmt::Debug for PageBody<B> {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.debug_struct("PageBody").finish_non_exhaustive()
    }
}
