//! Answers requests from the cache, or has them rendered: carries out what `request`, `response` and `validator` decide.

use core::future::ready;
use core::mem;
use core::pin::Pin;
use core::task::{Context, Poll};

use bytes::Bytes;
use cache_core::{CachedEntry, KeyBytes, Origin};
use http::header::{CONTENT_LENGTH, IF_MODIFIED_SINCE, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body::Body;
use tower_service::Service;

use crate::body::PageBody;
use crate::layer::PageCache;
use crate::outcome::{PageOutcome, Unstored};
use crate::page::Page;
use crate::request::{ask, uri};
use crate::response::refusal;
use crate::rules::Rules;
use crate::validator::is_there;

/// A service whose pages are kept. Made by [`PageCache`].
#[derive(Clone, Debug)]
pub struct PageService<S> {
    pages: PageCache,
    inner: S,
}

impl<S> PageService<S> {
    pub(crate) const fn new(pages: PageCache, inner: S) -> Self {
        Self { pages, inner }
    }
}

type Answer<B> = Response<PageBody<B>>;

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
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Asked>) -> Self::Future {
        let has_body = !request.body().is_end_stream();
        let (head, body) = request.into_parts();
        let (page, has_user) = match ask(&head, has_body, &self.pages.rules) {
            Ok(variant) => (KeyBytes::of(&variant), variant.has_user()),
            Err(passed) => {
                let answer = self.ready().call(Request::from_parts(head, body));
                return Box::pin(
                    async move { Ok(with(answer.await?.map(PageBody::passing), PageOutcome::Passed(passed))) },
                );
            }
        };
        let computation = self.pages.computation(page, uri(&head));
        if let Some(entry) = computation.found_at_hand() {
            return Box::pin(ready(Ok(answer(&entry, &head.headers, head.method == Method::HEAD))));
        }
        let computation = computation.into_owned();
        let (rules, unkept) = (self.pages.rules.clone(), self.pages.unkept.clone());
        if unkept.has(&page) {
            let is_whole = head.method == Method::GET;
            let answer = self.ready().call(Request::from_parts(head, body));
            return Box::pin(async move {
                let answer = answer.await?.map(PageBody::passing);
                let refused = refusal_of(&answer, has_user, &rules);
                // An answer to `HEAD` does not tell what one to `GET` would be.
                if is_whole {
                    unkept.note(page, refused.is_none());
                }
                Ok(with(answer, refused.map_or(PageOutcome::Unkept, PageOutcome::Unstored)))
            });
        }
        let (mut inner, mut head) = (self.ready(), head);
        let client = Client::of(&mut head.headers, &head.method);
        head.method = Method::GET;
        let rendering = move || -> Rendering<Given, S::Error> {
            Box::pin(async move {
                let answer = inner.call(Request::from_parts(head, body)).await.map_err(Ended::Failed)?;
                render(answer, has_user, &rules).await
            })
        };
        Box::pin(async move {
            let ended = computation.entry_async(rendering).await;
            if matches!(ended, Err(Ended::Unstored(..))) {
                unkept.note(page, false);
            }
            client.answer(ended)
        })
    }
}

impl<S: Clone> PageService<S> {
    /// The service that said it is ready: it is the one that is called.
    fn ready(&mut self) -> S {
        let clone = self.inner.clone();
        mem::replace(&mut self.inner, clone)
    }
}

type Rendering<B, E> = Pin<Box<dyn Future<Output = Result<Page, Ended<B, E>>> + Send>>;

/// Why there is no page to keep.
enum Ended<B: Body, E> {
    /// The service inside failed.
    Failed(E),
    /// Its answer is given as it is.
    Unstored(Box<Answer<B>>, Unstored),
}

fn with<B>(mut answer: Response<B>, outcome: PageOutcome) -> Response<B> {
    answer.extensions_mut().insert(outcome);
    answer
}

/// Why an answer is not kept, if it is not.
fn refusal_of<B: Body>(answer: &Response<B>, has_user: bool, rules: &Rules) -> Option<Unstored> {
    refusal(answer.status(), answer.headers(), (answer.body().size_hint().exact(), has_user), rules)
}

async fn render<B, E>(answer: Response<B>, has_user: bool, rules: &Rules) -> Result<Page, Ended<B, E>>
where
    B: Body<Data = Bytes>,
{
    if let Some(reason) = refusal_of(&answer, has_user, rules) {
        return Err(Ended::Unstored(Box::new(answer.map(PageBody::passing)), reason));
    }
    let (head, body) = answer.into_parts();
    match PageBody::read(body, rules.max_size).await {
        Ok(body) => Ok(Page::rendered(head.headers, body, rules)),
        Err(body) => Err(Ended::Unstored(Box::new(Response::from_parts(head, body)), Unstored::Broken)),
    }
}

/// What the client wants to be given of a page.
struct Client {
    is_head: bool,
    /// What it has already.
    known: HeaderMap,
}

impl Client {
    /// Takes the conditions off the request: the service inside has to render the page, not to compare it.
    fn of(request: &mut HeaderMap, method: &Method) -> Self {
        let mut known = HeaderMap::new();
        request.get_all(IF_NONE_MATCH).iter().for_each(|value| _ = known.append(IF_NONE_MATCH, value.clone()));
        request.remove(IF_NONE_MATCH);
        request.remove(IF_MODIFIED_SINCE);
        Self { is_head: method == Method::HEAD, known }
    }

    fn answer<B, E>(&self, ended: Result<CachedEntry<Page>, Ended<B, E>>) -> Result<Answer<B>, E>
    where
        B: Body<Data = Bytes>,
    {
        match ended {
            Ok(entry) => Ok(answer(&entry, &self.known, self.is_head)),
            Err(Ended::Failed(error)) => Err(error),
            Err(Ended::Unstored(answer, reason)) => {
                let answer = with(*answer, PageOutcome::Unstored(reason));
                Ok(if self.is_head { without_body(answer) } else { answer })
            }
        }
    }
}

/// The answer that gives a page to a client who says what he has in `known`.
fn answer<B: Body<Data = Bytes>>(entry: &CachedEntry<Page>, known: &HeaderMap, is_head: bool) -> Answer<B> {
    let (page, heads) = (&entry.value, entry.value.heads(entry.state()));
    let outcome = match entry.origin {
        Origin::Hit => PageOutcome::Hit,
        Origin::Stale => PageOutcome::Stale,
        _ if entry.state().is_some() => PageOutcome::Rendered,
        _ => PageOutcome::Unkept,
    };
    let has_it = heads.etag.as_ref().is_some_and(|etag| is_there(known, etag));
    let mut answer = Response::new(if has_it || is_head { PageBody::empty() } else { PageBody::whole(page.body()) });
    *answer.headers_mut() = if has_it { heads.not_modified.clone() } else { heads.whole.clone() };
    if has_it {
        *answer.status_mut() = StatusCode::NOT_MODIFIED;
    }
    with(answer, outcome)
}

/// The answer to `HEAD`, of one to `GET`.
fn without_body<B: Body<Data = Bytes>>(answer: Answer<B>) -> Answer<B> {
    let size = answer.body().size_hint().exact();
    let mut answer = answer.map(|_| PageBody::empty());
    if let Some(size) = size {
        answer.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(size));
    }
    answer
}
