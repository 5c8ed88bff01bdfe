//! Tests what clients are given of pages that are kept.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::body::Body;
use cache_core::{Cache, Kind};
use http::{Request, Response, StatusCode};
use http_body::Body as _;
use tower_layer::Layer;
use tower_service::Service;

use crate::{PageCache, PageOutcome, PageService, Passed, Unstored};

type Render = fn(&Request<Body>, usize) -> Response<Body>;

/// A service that renders, and counts how often.
#[derive(Clone)]
pub(super) struct Site {
    render: Render,
    pub(super) count: Arc<AtomicUsize>,
}

impl Service<Request<Body>> for Site {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let count = self.count.fetch_add(1, Ordering::SeqCst) + 1;
        std::future::ready(Ok((self.render)(&request, count)))
    }
}

/// A site behind a layer.
pub(super) struct Shown {
    pub(super) service: PageService<Site>,
    pub(super) pages: PageCache,
    pub(super) count: Arc<AtomicUsize>,
}

/// What was given.
#[derive(Debug)]
pub(super) struct Given {
    pub(super) status: StatusCode,
    pub(super) headers: http::HeaderMap,
    pub(super) body: String,
    pub(super) outcome: PageOutcome,
}

impl Given {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl Shown {
    pub(super) fn new(say: impl FnOnce(PageCache) -> PageCache, render: Render) -> Self {
        Self::of(say(PageCache::new(&Cache::memory(), "site").depends_on_nothing()), render)
    }

    fn of(pages: PageCache, render: Render) -> Self {
        let count = Arc::default();
        Self { service: pages.layer(Site { render, count: Arc::clone(&count) }), pages, count }
    }

    pub(super) fn ask(&self, request: Request<Body>) -> Given {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let answer = runtime.block_on(self.service.clone().call(request)).unwrap();
        let outcome = *answer.extensions().get::<PageOutcome>().unwrap();
        let (head, body) = answer.into_parts();
        let mut text = String::new();
        let mut body = std::pin::pin!(body);
        while let Some(frame) = runtime.block_on(std::future::poll_fn(|context| body.as_mut().poll_frame(context))) {
            if let Some(data) = frame.unwrap().data_ref() {
                text.push_str(std::str::from_utf8(data).unwrap());
            }
        }
        Given { status: head.status, headers: head.headers, body: text, outcome }
    }

    fn get(&self, uri: &str) -> Given {
        self.ask(Request::get(uri).body(Body::empty()).unwrap())
    }

    fn count(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }
}

fn numbered(request: &Request<Body>, count: usize) -> Response<Body> {
    let known = request.headers().contains_key("if-none-match");
    let text = format!("{} {} {count}{}", request.method(), request.uri(), if known { " known" } else { "" });
    Response::builder().header("content-type", "text/plain").header("connection", "close").body(text.into()).unwrap()
}

#[test]
fn a_page_is_rendered_once() {
    let shown = Shown::new(|pages| pages, numbered);
    let first = shown.get("/a?b=1");
    assert_eq!((first.outcome, &*first.body), (PageOutcome::Rendered, "GET /a?b=1 1"));
    let second = shown.get("/a?b=1");
    assert_eq!((second.outcome, &*second.body), (PageOutcome::Hit, "GET /a?b=1 1"));
    assert_eq!(first.headers, second.headers);
    assert_eq!((second.header("content-type"), second.header("content-length")), ("text/plain", "12"));
    assert_eq!((second.header("cache-control"), second.header("connection")), ("no-cache", ""));
    assert_eq!(shown.get("/a?b=2").body, "GET /a?b=2 2");
    shown.pages.invalidate_all().unwrap();
    assert_eq!(shown.get("/a?b=1").body, "GET /a?b=1 3");
}

#[test]
fn what_reads_nothing_is_given_and_not_kept() {
    let cache = Cache::memory();
    let shown = Shown::of(PageCache::new(&cache, "nothing"), numbered);
    for count in 1..=2 {
        let given = shown.get("/a");
        assert_eq!((given.outcome, given.body), (PageOutcome::Unkept, format!("GET /a {count}")));
        assert!(!given.headers.contains_key("etag"));
    }
    assert_eq!(cache.statistics().of("nothing", Kind::Computed).store_count, 0);
}

#[test]
fn an_etag_saves_the_rendering_and_the_body() {
    let shown = Shown::new(|pages| pages, numbered);
    let known = |etag: &str| shown.ask(Request::get("/a").header("if-none-match", etag).body(Body::empty()).unwrap());
    let first = shown.get("/a");
    let etag = first.header("etag");
    assert!(etag.starts_with("W/\""), "{etag}");
    let given = known(etag);
    assert_eq!((given.status, &*given.body, given.outcome), (StatusCode::NOT_MODIFIED, "", PageOutcome::Hit));
    assert_eq!((given.header("etag"), given.header("cache-control")), (etag, "no-cache"));
    assert!(!given.headers.contains_key("content-type"));
    assert_eq!(given.header("content-length"), first.header("content-length"));
    assert_eq!(shown.count(), 1);
    // Written: a new page, which is not shown the condition, with a new ETag.
    shown.pages.invalidate_all().unwrap();
    let given = known(etag);
    assert_eq!((given.status, &*given.body), (StatusCode::OK, "GET /a 2"));
    assert_ne!(given.header("etag"), etag);
}

#[test]
fn head_is_answered_from_the_entry_of_get() {
    let shown = Shown::new(|pages| pages, numbered);
    let head = || shown.ask(Request::head("/a").body(Body::empty()).unwrap());
    let given = head();
    assert_eq!((given.outcome, &*given.body, given.header("content-length")), (PageOutcome::Rendered, "", "8"));
    let whole = shown.get("/a");
    assert_eq!((whole.outcome, &*whole.body), (PageOutcome::Hit, "GET /a 1"));
    assert_eq!(head().headers, whole.headers);
    assert_eq!(shown.count(), 1);
}

#[test]
fn what_is_not_kept_is_given_as_it_is() {
    fn streaming(_: &Request<Body>, count: usize) -> Response<Body> {
        Response::new(Body::new(Unsized(Some(format!("streaming {count}")))))
    }
    fn missing(_: &Request<Body>, count: usize) -> Response<Body> {
        Response::builder().status(404).body(format!("missing {count}").into()).unwrap()
    }
    fn cookie(_: &Request<Body>, count: usize) -> Response<Body> {
        Response::builder().header("set-cookie", "a=b").body(format!("cookie {count}").into()).unwrap()
    }
    let rows: [(Render, Unstored, &str); 3] = [
        (streaming, Unstored::Streaming, "streaming"),
        (missing, Unstored::Status, "missing"),
        (cookie, Unstored::SetsCookie, "cookie"),
    ];
    for (render, reason, text) in rows {
        let shown = Shown::new(|pages| pages, render);
        for count in 1..=2 {
            let given = shown.get("/a");
            assert_eq!((given.outcome, given.body), (PageOutcome::Unstored(reason), format!("{text} {count}")));
        }
        let head = Shown::new(|pages| pages, render).ask(Request::head("/a").body(Body::empty()).unwrap());
        assert_eq!((&*head.body, head.outcome), ("", PageOutcome::Unstored(reason)));
    }
}

#[test]
fn an_address_whose_answers_are_not_kept_keeps_its_conditions_until_one_could_be() {
    fn at_last(request: &Request<Body>, count: usize) -> Response<Body> {
        let known = request.headers().contains_key("if-none-match");
        let status = if count < 3 { 404 } else { 200 };
        Response::builder().status(status).body(format!("{count} {known}").into()).unwrap()
    }
    let shown = Shown::new(|pages| pages, at_last);
    let ask = || shown.ask(Request::get("/a").header("if-none-match", "\"a\"").body(Body::empty()).unwrap());
    let given: Vec<_> = (0..5).map(|_| ask()).map(|given| (given.body, given.outcome)).collect();
    let outcomes = [
        ("1 false", PageOutcome::Unstored(Unstored::Status)),
        ("2 true", PageOutcome::Unstored(Unstored::Status)),
        ("3 true", PageOutcome::Unkept),
        ("4 false", PageOutcome::Rendered),
        ("4 false", PageOutcome::Hit),
    ];
    assert_eq!(given, outcomes.map(|(body, outcome)| (body.to_owned(), outcome)));
}

#[test]
fn a_body_that_is_longer_than_it_says_is_given_whole() {
    let render: Render = |_, _| Response::new(Body::new(Liar(3)));
    let shown = Shown::new(|pages| pages.max_size(5), render);
    let given = shown.get("/a");
    assert_eq!((given.outcome, &*given.body), (PageOutcome::Unstored(Unstored::Broken), "abcabcabc"));
}

#[test]
fn other_methods_are_passed_on_and_end_nothing() {
    let shown = Shown::new(|pages| pages, numbered);
    shown.get("/a");
    let given = shown.ask(Request::post("/a").body(Body::empty()).unwrap());
    assert_eq!((given.outcome, &*given.body), (PageOutcome::Passed(Passed::Method), "POST /a 2"));
    assert_eq!(shown.get("/a").outcome, PageOutcome::Hit);
}

#[test]
fn nested_routers_keep_their_paths_apart() {
    use axum::Router;
    use axum::routing::get;
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let pages = PageCache::new(&Cache::memory(), "nested").depends_on_nothing();
    let inner = |name: &'static str| Router::new().route("/", get(move || async move { name })).layer(pages.clone());
    let mut site = Router::new().nest("/a", inner("first")).nest("/b", inner("second"));
    for (path, expected) in [("/a", "first"), ("/b", "second"), ("/a", "first")] {
        let answer = site.call(Request::get(path).body(Body::empty()).unwrap());
        let body = runtime.block_on(async { axum::body::to_bytes(answer.await.unwrap().into_body(), 99).await });
        assert_eq!(&*body.unwrap(), expected.as_bytes());
    }
}

/// A body that does not say how long it is.
struct Unsized(Option<String>);

/// A body that says it has three bytes, and has three times as many.
struct Liar(usize);

type Polled = Poll<Option<Result<http_body::Frame<bytes::Bytes>, Infallible>>>;

impl http_body::Body for Unsized {
    type Data = bytes::Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: std::pin::Pin<&mut Self>, _: &mut Context<'_>) -> Polled {
        Poll::Ready(self.0.take().map(|text| Ok(http_body::Frame::data(text.into()))))
    }
}

impl http_body::Body for Liar {
    type Data = bytes::Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: std::pin::Pin<&mut Self>, _: &mut Context<'_>) -> Polled {
        let Some(left) = self.0.checked_sub(1) else { return Poll::Ready(None) };
        self.0 = left;
        Poll::Ready(Some(Ok(http_body::Frame::data(bytes::Bytes::from_static(b"abc")))))
    }

    fn size_hint(&self) -> http_body::SizeHint {
        http_body::SizeHint::with_exact(3)
    }
}

/// A service that asks for the page that it is asked for.
#[derive(Clone)]
struct Mirror(Arc<OnceLock<PageService<Mirror>>>);

impl Service<Request<Body>> for Mirror {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let mut pages = self.0.get().unwrap().clone();
        Box::pin(async move { Ok(pages.call(request).await?.map(Body::new)) })
    }
}

#[test]
fn a_page_that_is_rendered_by_asking_for_it_is_answered_at_once_with_an_error() {
    let (pages, began) = (PageCache::new(&Cache::memory(), "mirrors").depends_on_nothing(), Instant::now());
    let mirror = Mirror(Arc::default());
    let service = pages.layer(mirror.clone());
    assert!(mirror.0.set(service.clone()).is_ok());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let answer = runtime.block_on(service.clone().call(Request::get("/a").body(Body::empty()).unwrap())).unwrap();
    assert_eq!(answer.status(), StatusCode::LOOP_DETECTED);
    assert_eq!(answer.extensions().get(), Some(&PageOutcome::Unstored(Unstored::Status)));
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
}
