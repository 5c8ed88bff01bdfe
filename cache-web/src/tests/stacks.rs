//! Tests the layer among others, in routers of axum: compression, cookies, a layer in a layer, handlers that panic.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::middleware::{Next, from_fn, map_request, map_response};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use cache_core::Cache;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, ETAG, IF_NONE_MATCH, SET_COOKIE, VARY};
use http::{HeaderMap, StatusCode};
use tower_http::compression::CompressionLayer;
use tower_layer::Layer;
use tower_service::Service;

use crate::{Fragments, PageCache, PageOutcome, Unstored};

struct Given {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    outcome: Option<PageOutcome>,
}

impl Given {
    fn header(&self, name: impl http::header::AsHeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

fn wait<T>(task: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(task)
}

fn ask(site: &Router, path: &str, headers: &[(http::HeaderName, &str)]) -> Given {
    let mut request = Request::get(path);
    for (name, value) in headers {
        request = request.header(name, *value);
    }
    wait(async {
        let answer = site.clone().call(request.body(Body::empty()).unwrap()).await.unwrap();
        let (head, body) = answer.into_parts();
        let outcome = head.extensions.get().copied();
        Given { status: head.status, headers: head.headers, body: to_bytes(body, usize::MAX).await.unwrap(), outcome }
    })
}

fn pages() -> PageCache {
    PageCache::new(&Cache::memory(), "stacks").depends_on_nothing()
}

/// A site of one page, which is long enough to be compressed, and says how often it was rendered.
fn site(layer: impl FnOnce(Router) -> Router) -> Router {
    let count = Arc::new(AtomicUsize::new(0));
    let page = async move || format!("{:4}{}", count.fetch_add(1, Ordering::SeqCst) + 1, "-".repeat(996));
    layer(Router::new().route("/", get(page)))
}

#[test]
fn compression_outside_encodes_the_one_page_for_whoever_asks() {
    let site = site(|site| site.layer(pages()).layer(CompressionLayer::new()));
    let gzip = |more: &[_]| ask(&site, "/", &[&[(ACCEPT_ENCODING, "gzip")], more].concat());
    let first = gzip(&[]);
    assert_eq!((first.outcome, first.header(CONTENT_ENCODING)), (Some(PageOutcome::Rendered), "gzip"));
    assert!(first.body.starts_with(&[0x1f, 0x8b]) && first.body.len() < 200, "{}", first.body.len());
    assert!(first.header(VARY).eq_ignore_ascii_case("accept-encoding"), "{}", first.header(VARY));
    let plain = ask(&site, "/", &[]);
    assert_eq!((plain.outcome, plain.header(CONTENT_ENCODING)), (Some(PageOutcome::Hit), ""));
    assert_eq!((plain.text().len(), &plain.text()[..4], plain.header(CONTENT_LENGTH)), (1000, "   1", "1000"));
    // It is a weak one: both are the same page.
    assert!(first.header(ETAG).starts_with("W/") && first.header(ETAG) == plain.header(ETAG));
    for known in [gzip(&[(IF_NONE_MATCH, first.header(ETAG))]), ask(&site, "/", &[(IF_NONE_MATCH, plain.header(ETAG))])]
    {
        assert_eq!((known.status, known.body.len()), (StatusCode::NOT_MODIFIED, 0));
        assert_eq!((known.header(ETAG), known.header(CONTENT_ENCODING)), (first.header(ETAG), ""));
    }
}

#[test]
fn compression_inside_gives_streams_which_are_not_kept() {
    for pages in [pages(), pages().vary_by_header(ACCEPT_ENCODING)] {
        let site = site(|site| site.layer(CompressionLayer::new()).layer(pages));
        for count in ["   1", "   2"] {
            let given = ask(&site, "/", &[(ACCEPT_ENCODING, "gzip")]);
            assert!(matches!(given.outcome, Some(PageOutcome::Unstored(Unstored::Encoded | Unstored::Streaming))));
            assert_eq!(given.header(CONTENT_ENCODING), "gzip");
            let plain = ask(&site, "/", &[(ACCEPT_ENCODING, "identity")]);
            assert_eq!(plain.text().len(), 1000, "{count}");
        }
    }
}

#[test]
fn a_cookie_that_a_layer_outside_sets_is_not_kept_with_the_page() {
    static SESSIONS: AtomicUsize = AtomicUsize::new(0);
    async fn open(mut answer: Response) -> Response {
        let session = format!("session={}", SESSIONS.fetch_add(1, Ordering::SeqCst));
        answer.headers_mut().append(SET_COOKIE, session.parse().unwrap());
        answer
    }
    let site = site(|site| site.layer(pages()).layer(map_response(open)));
    for number in 0..3 {
        let given = ask(&site, "/", &[]);
        assert_eq!((given.header(SET_COOKIE), &given.text()[..4]), (&*format!("session={number}"), "   1"));
    }
    // The answer of a handler that sets one is given to nobody else.
    let login = async || ([(SET_COOKIE, format!("session={}", SESSIONS.fetch_add(1, Ordering::SeqCst)))], "welcome");
    let site = Router::new().route("/", get(login)).layer(pages());
    for number in 3..6 {
        assert_eq!(ask(&site, "/", &[]).header(SET_COOKIE), format!("session={number}"));
    }
}

/// What stands around each page of a site, with what it reads.
#[derive(Clone)]
struct Frame {
    news: Fragments,
    text: Arc<std::sync::Mutex<&'static str>>,
}

impl Frame {
    async fn around(self, request: Request, next: Next) -> Response {
        let news = async || Ok::<_, std::convert::Infallible>((*self.text.lock().unwrap()).to_owned());
        let news = self.news.render_async("news", &(), news).await.unwrap();
        let (mut head, body) = next.run(request).await.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        head.headers.remove(CONTENT_LENGTH);
        Response::from_parts(head, Body::from([news.as_bytes(), &body].concat()))
    }
}

#[test]
fn a_page_in_a_page_has_the_etag_of_all_that_it_shows() {
    let cache = Cache::memory();
    let news = Fragments::new(&cache, "news").depends_on_nothing();
    let frame = Frame { news: news.clone(), text: Arc::new(std::sync::Mutex::new("old ")) };
    let text = Arc::clone(&frame.text);
    let inner = PageCache::new(&cache, "inner").depends_on_nothing();
    let site = site(|site| {
        let framed = site.layer(inner.clone()).layer(from_fn(move |request, next| frame.clone().around(request, next)));
        framed.layer(PageCache::new(&cache, "outer").depends_on_nothing())
    });
    let first = ask(&site, "/", &[]);
    assert_eq!((first.outcome, &first.text()[..8]), (Some(PageOutcome::Rendered), "old    1"));
    let again = ask(&site, "/", &[(IF_NONE_MATCH, first.header(ETAG))]);
    assert_eq!((again.status, again.outcome), (StatusCode::NOT_MODIFIED, Some(PageOutcome::Hit)));
    // The frame ends, and the page in it does not.
    *text.lock().unwrap() = "new ";
    news.invalidate_all().unwrap();
    let second = ask(&site, "/", &[(IF_NONE_MATCH, first.header(ETAG))]);
    assert_eq!((second.status, &second.text()[..8]), (StatusCode::OK, "new    1"));
    assert_ne!(first.header(ETAG), second.header(ETAG));
    // The page ends, and with it what contains it.
    inner.invalidate_all().unwrap();
    let third = ask(&site, "/", &[(IF_NONE_MATCH, second.header(ETAG))]);
    assert_eq!((third.status, &third.text()[..8]), (StatusCode::OK, "new    2"));
}

#[test]
fn a_handler_that_panics_keeps_nobody_waiting() {
    let count = Arc::new(AtomicUsize::new(0));
    let page = async move || {
        assert!(count.fetch_add(1, Ordering::SeqCst) > 0, "the first one");
        "page"
    };
    let site = Router::new().route("/", get(page)).layer(pages());
    let first = std::panic::catch_unwind(AssertUnwindSafe(|| ask(&site, "/", &[])));
    assert!(first.is_err());
    assert_eq!(ask(&site, "/", &[]).outcome, Some(PageOutcome::Rendered));
    assert_eq!(ask(&site, "/", &[]).outcome, Some(PageOutcome::Hit));
}

#[test]
fn a_client_that_goes_away_keeps_nobody_waiting() {
    let (begun, asked) = (Arc::new(tokio::sync::Notify::new()), Arc::new(AtomicUsize::new(0)));
    let (beginning, asking) = (Arc::clone(&begun), Arc::clone(&asked));
    let page = move || {
        let (begun, asked) = (Arc::clone(&beginning), Arc::clone(&asking));
        async move {
            if asked.fetch_add(1, Ordering::SeqCst) == 0 {
                begun.notify_one();
                std::future::pending::<()>().await;
            }
            "page"
        }
    };
    let site = Router::new().route("/", get(page)).layer(pages());
    wait(async {
        let request = || Request::get("/").body(Body::empty()).unwrap();
        let mut leaving = Box::pin(site.clone().call(request()));
        tokio::select! {
            _ = &mut leaving => unreachable!("it waits"),
            () = begun.notified() => drop(leaving),
        }
        let answer = site.clone().call(request()).await.unwrap();
        assert_eq!(answer.extensions().get(), Some(&PageOutcome::Rendered));
    });
}

#[test]
fn a_link_made_of_what_a_proxy_says_is_shown_to_nobody_else() {
    let page = async |headers: HeaderMap| {
        let said = ["x-forwarded-host", "x-forwarded-proto", "x-forwarded-prefix", "forwarded"];
        let said = said.map(|name| headers.get(name).map_or("", |value| value.to_str().unwrap()).to_owned());
        said.join("|").into_response()
    };
    let site = Router::new().route("/", get(page)).layer(pages());
    let named = |name: &'static str, value: &str| ask(&site, "/", &[(http::HeaderName::from_static(name), value)]);
    assert_eq!(named("x-forwarded-host", "evil").text(), "evil|||");
    assert_eq!(ask(&site, "/", &[]).text(), "|||");
    assert_eq!(named("x-forwarded-host", "shop").text(), "shop|||");
    assert_eq!(named("x-forwarded-proto", "https").text(), "|https||");
    assert_eq!(named("x-forwarded-prefix", "/shop").text(), "||/shop|");
    assert_eq!(named("forwarded", "for=1.2.3.4;host=evil").text(), "|||for=1.2.3.4;host=evil");
    // Whose address it is makes no difference.
    assert_eq!(named("forwarded", "for=1.2.3.5; Host=evil").text(), "|||for=1.2.3.5; Host=evil");
    assert_eq!(named("forwarded", "for=1.2.3.6;host=evil").outcome, Some(PageOutcome::Hit));
    assert_eq!(named("x-forwarded-for", "1.2.3.4").outcome, Some(PageOutcome::Hit));
}

#[test]
fn a_page_that_a_layer_leads_to_is_not_that_of_the_address() {
    async fn lead(mut request: Request) -> Request {
        if let Some(place) = request.headers().get("place") {
            *request.uri_mut() = place.to_str().unwrap().parse().unwrap();
        }
        request
    }
    let places = Router::new().route("/one", get(async || "one")).route("/two", get(async || "two")).layer(pages());
    let site = Router::new().fallback_service(map_request(lead).layer(places));
    let led = |place: &str| ask(&site, "/one", &[(http::HeaderName::from_static("place"), place)]);
    assert_eq!(ask(&site, "/one", &[]).text(), "one");
    assert_eq!((led("/two").text(), led("/two").outcome), ("two", Some(PageOutcome::Hit)));
    assert_eq!((led("/one").text(), led("/one").outcome), ("one", Some(PageOutcome::Hit)));
}
