//! Answers requests from the cache, or has them rendered: carries out what `request`, `response` and `validator` decide.

use core::future::poll_fn;
use core::mem;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use cache_core::{Computation, KeyBytes};
use http::header::ETAG;
use http::{Method, Request, Response, StatusCode};
use http_body::Body;
use tower_service::Service;

use crate::body::PageBody;
use crate::client::{Client, give, with};
use crate::future::{Answer, PageFuture};
use crate::layer::PageCache;
use crate::outcome::{PageOutcome, Passed, Unstored};
use crate::page::Page;
use crate::request::ask;
use crate::response::refusal;
use crate::rules::Rules;
use crate::validator::is_made;

/// A service whose pages are kept. Made by [`PageCache`].
///
/// It is always ready, because what is kept needs nobody. A request that is rendered waits until the service inside is
/// ready. Whatever sheds load therefore belongs inside of the layer.
#[derive(Clone, Debug)]
pub struct PageService<S>(Arc<Shared<S>>);

/// What the clones of a service share: each request makes one.
#[derive(Debug)]
struct Shared<S> {
    pages: PageCache,
    /// Cloned for each request that it is called for, and not for the others.
    inner: Mutex<S>,
}

impl<S> PageService<S> {
    pub(crate) fn new(pages: PageCache, inner: S) -> Self {
        Self(Arc::new(Shared { pages, inner: Mutex::new(inner) }))
    }
}

impl<S, Asked, Given> Service<Request<Asked>> for PageService<S>
where
    S: Service<Request<Asked>, Response = Response<Given>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Send,
    Asked: Body + Send + 'static,
    Given: Body<Data = Bytes> + Send + 'static,
    Given::Error: Send,
{
    type Response = Answer<Given>;
    type Error = S::Error;
    type Future = PageFuture<Given, S::Error>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Asked>) -> Self::Future {
        let has_body = !request.body().is_end_stream();
        let (mut head, body) = request.into_parts();
        let (page, uri, has_user) = match ask(&head, has_body, self.0.pages.rules()) {
            Ok(variant) => (KeyBytes::of_recent(&variant), variant.uri(), variant.has_user()),
            Err(passed) => return pass_on(self.inside(Request::from_parts(head, body)), passed),
        };
        if let Some(entry) = self.0.pages.computation(page, uri).found_at_hand() {
            // The map of the request has room already.
            let mut extensions = mem::take(&mut head.extensions);
            extensions.clear();
            return PageFuture::at_hand(give(&entry, &head.headers, head.method == Method::HEAD, extensions));
        }
        let asked = Asking { pages: self.0.pages.clone(), page, has_user };
        if asked.pages.unkept().has(&page) {
            let is_whole = head.method == Method::GET;
            return asked.pass_until_kept(self.inside(Request::from_parts(head, body)), is_whole);
        }
        let computation = self.0.pages.computation(page, uri).into_owned();
        let client = Client::of(&mut head.headers, &head.method);
        head.method = Method::GET;
        asked.look(computation, client, self.inside(Request::from_parts(head, body)))
    }
}

impl<S> PageService<S> {
    /// The answer of the service inside.
    fn inside<Asked, Given>(
        &self,
        request: Request<Asked>,
    ) -> impl Future<Output = Result<Response<Given>, S::Error>> + use<S, Asked, Given>
    where
        S: Service<Request<Asked>, Response = Response<Given>> + Clone,
    {
        let mut inner = self.0.inner.lock().unwrap_or_else(PoisonError::into_inner).clone();
        async move {
            poll_fn(|context| inner.poll_ready(context)).await?;
            inner.call(request).await
        }
    }
}

/// The answer of the service inside, as it is.
fn pass_on<B, E>(
    answer: impl Future<Output = Result<Response<B>, E>> + Send + 'static,
    passed: Passed,
) -> PageFuture<B, E>
where
    B: Body<Data = Bytes> + Send + 'static,
    E: Send + 'static,
{
    PageFuture::away(async move { Ok(with(answer.await?.map(PageBody::passing), PageOutcome::Passed(passed))) })
}

/// The answer to a request for a page that is rendered by asking for the page.
fn circle<B: Body<Data = Bytes>>() -> Answer<B> {
    let mut answer = Response::new(PageBody::empty());
    *answer.status_mut() = StatusCode::LOOP_DETECTED;
    with(answer, PageOutcome::Circle)
}

/// A page that is asked for, and not at hand.
#[derive(Clone)]
struct Asking {
    pages: PageCache,
    page: KeyBytes,
    /// It is asked for by a user whom its key names.
    has_user: bool,
}

impl Asking {
    /// The answer of the service inside, as it is: the last one was not of a kind that is kept, so nobody waits for it.
    fn pass_until_kept<B, E>(
        self,
        answer: impl Future<Output = Result<Response<B>, E>> + Send + 'static,
        is_whole: bool,
    ) -> PageFuture<B, E>
    where
        B: Body<Data = Bytes> + Send + 'static,
        E: Send + 'static,
    {
        PageFuture::away(async move {
            let answer = answer.await?.map(PageBody::passing);
            let refused = self.refusal_of(&answer);
            // An answer to `HEAD` does not tell what one to `GET` would be.
            if is_whole {
                self.pages.unkept().note(self.page, refused.is_none());
            }
            Ok(with(answer, refused.map_or(PageOutcome::Unkept, PageOutcome::Unstored)))
        })
    }

    /// The page that a store has, or that is rendered now.
    fn look<B, E>(
        self,
        computation: Computation<'static>,
        client: Client,
        answer: impl Future<Output = Result<Response<B>, E>> + Send + 'static,
    ) -> PageFuture<B, E>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Send,
        E: Send + 'static,
    {
        PageFuture::away(async move {
            let asking = self.clone();
            let rendering = move || -> Rendering<B, E> {
                Box::pin(async move { asking.render(answer.await.map_err(Ended::Failed)?).await })
            };
            match computation.entry_telling_async(rendering, |_| Ended::Circle).await {
                Ok(entry) => Ok(client.give(&entry)),
                Err(Ended::Circle) => Ok(circle()),
                Err(Ended::Failed(error)) => Err(error),
                Err(Ended::Unstored(answer, reason)) => {
                    self.pages.unkept().note(self.page, false);
                    Ok(client.pass(with(*answer, PageOutcome::Unstored(reason))))
                }
            }
        })
    }

    async fn render<B: Body<Data = Bytes>, E>(&self, answer: Response<B>) -> Result<Page, Ended<B, E>> {
        if let Some(reason) = self.refusal_of(&answer) {
            return Err(Ended::Unstored(Box::new(answer.map(PageBody::passing)), reason));
        }
        let (mut head, body) = answer.into_parts();
        // The `ETag` of a layer inside tells of what that one keeps. This page may show more.
        let is_of_layer = head.extensions.get::<PageOutcome>().is_some();
        if is_of_layer && head.headers.get(ETAG).is_some_and(is_made) {
            head.headers.remove(ETAG);
        }
        match PageBody::read(body, self.rules().max_size).await {
            Ok(body) => Ok(Page::rendered(head.headers, body, self.rules())),
            Err(body) => Err(Ended::Unstored(Box::new(Response::from_parts(head, body)), Unstored::Broken)),
        }
    }

    /// Why an answer is not kept, if it is not.
    fn refusal_of<B: Body>(&self, answer: &Response<B>) -> Option<Unstored> {
        let size = answer.body().size_hint().exact();
        refusal(answer.status(), answer.headers(), (size, self.has_user), self.rules())
    }

    fn rules(&self) -> &Rules {
        self.pages.rules()
    }
}

type Rendering<B, E> = Pin<Box<dyn Future<Output = Result<Page, Ended<B, E>>> + Send>>;

/// Why there is no page to keep.
enum Ended<B: Body, E> {
    /// It would wait for itself.
    Circle,
    /// The service inside failed.
    Failed(E),
    /// Its answer is given as it is.
    Unstored(Box<Answer<B>>, Unstored),
}
