//! Asks for a page that the client has: of the layer for pages, and of a handler that has its page in memory and does nothing
//! else.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::{ETAG, IF_NONE_MATCH};
use axum::response::{Html, Response};
use axum::routing::get;
use cache_diesel::prelude::*;
use cache_web::PageCache;
use tokio::runtime::{Builder, Runtime};
use tower_service::Service;

thread_local! {
    static SITE: Site = Site::new();
}

struct Site {
    runtime: Runtime,
    bare: Router,
    kept: Router,
    etag: String,
}

impl Site {
    fn new() -> Self {
        let pages = PageCache::new(&caches::default().unwrap(), "pages").depends_on_nothing();
        let page = get(async |State(body): State<Bytes>| Html(body));
        let body = Bytes::from_static(&[b'x'; 3000]);
        let bare = Router::new().route("/", page.clone()).with_state(body.clone());
        let kept = Router::new().route("/", page).layer(pages).with_state(body);
        let mut site =
            Self { runtime: Builder::new_current_thread().build().unwrap(), bare, kept, etag: "\"none\"".to_owned() };
        site.etag = site.ask(&site.kept).headers()[ETAG].to_str().unwrap().to_owned();
        assert_eq!(
            (site.ask(&site.kept).status(), site.ask(&site.bare).status()),
            (304.try_into().unwrap(), 200.try_into().unwrap())
        );
        site
    }

    fn ask(&self, router: &Router) -> Response {
        let request = Request::get("/").header("host", "shop").header(IF_NONE_MATCH, &self.etag);
        self.runtime.block_on(router.clone().call(request.body(Body::empty()).unwrap())).unwrap()
    }
}

pub fn known() {
    SITE.with(|site| drop(site.ask(&site.kept)));
}

pub fn bare() {
    SITE.with(|site| drop(site.ask(&site.bare)));
}
