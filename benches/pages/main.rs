//! What a page costs: one from the cache beside one that is rendered from twenty rows, and a `304` beside a handler that has
//! its page in memory and does nothing else, in the process and over a connection.

#![allow(clippy::unwrap_used, missing_docs, unreachable_pub, reason = "a benchmark")]

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::{ETAG, IF_NONE_MATCH};
use axum::response::{Html, Response};
use axum::routing::get;
use benches::{Compared, Plan, print};
use cache_diesel::prelude::*;
use cache_web::PageCache;
use diesel::prelude::*;
use tokio::runtime::Runtime;
use tower_service::Service;

use crate::site::Site;
use crate::wire::Wire;

mod site;
mod wire;

fn main() {
    // Whoever asks for `--test` wants to see it run, not to measure.
    let is_trial = std::env::args().any(|argument| argument == "--test");
    let plan = |batches, turns| if is_trial { Plan { batches: 1, turns: 1 } } else { Plan { batches, turns } };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let rendered = SqliteConnection::rendered(":memory:");
    #[cfg(feature = "postgres")]
    let rendered_on_server = PgConnection::rendered(&server("bench_rendered"));
    let cache = Cache::memory();
    cache_diesel::install(cache.clone()).unwrap();
    let kept = SqliteConnection::kept(":memory:", PageCache::new(&cache, "pages"));
    let of = |what, plain, other| race(&runtime, plan(2000, 20), what, (plain, None), (other, None));
    let mut hits = vec![of("a page of twenty rows, SQLite in memory", &rendered, &kept)];
    #[cfg(feature = "postgres")]
    {
        let kept = PgConnection::kept(&server("bench_kept"), PageCache::new(&cache, "pages on PostgreSQL"));
        hits.push(of("a page of twenty rows, PostgreSQL", &rendered_on_server, &kept));
    }
    print("Pages", ["rendered", "from the cache"], &hits);

    let first = ask(&runtime, &kept, request(None));
    let etag = first.headers()[ETAG].to_str().unwrap().to_owned();
    let body = runtime.block_on(axum::body::to_bytes(first.into_body(), usize::MAX)).unwrap();
    let bare = Router::new().route("/", get(async |State(body): State<Bytes>| Html(body))).with_state(body);
    assert_eq!(ask(&runtime, &kept, request(Some(&etag))).status(), 304);
    let etag = Some(&*etag);
    let known = race(&runtime, plan(2000, 50), "a page that the client has", (&bare, etag), (&kept, etag));
    let whole = race(&runtime, plan(2000, 50), "a page that he has not", (&bare, None), (&kept, None));
    print("Pages", ["bare handler", "from the cache"], &[known, whole]);

    let over = |what, etag| {
        let (mut plain, mut other) = (Wire::to(bare.clone(), etag), Wire::to(kept.clone(), etag));
        plan(200, 50).compare(what, &mut || plain.ask(), &mut || other.ask())
    };
    let over = [over("a page that the client has", etag), over("a page that he has not", None)];
    print("Pages, over a connection", ["bare handler", "from the cache"], &over);
}

/// Asks two sites in turn, each by a client that has the page of this `ETag`.
fn race(
    runtime: &Runtime,
    plan: Plan,
    what: &str,
    (plain, plain_has): (&Router, Option<&str>),
    (other, other_has): (&Router, Option<&str>),
) -> Compared {
    let of = |router: &Router, etag| drop(ask(runtime, router, request(etag)));
    plan.compare(what, &mut || of(plain, plain_has), &mut || of(other, other_has))
}

fn request(etag: Option<&str>) -> Request {
    let request = Request::get("/").header("host", "shop");
    let request = match etag {
        Some(etag) => request.header(IF_NONE_MATCH, etag),
        None => request,
    };
    request.body(Body::empty()).unwrap()
}

fn ask(runtime: &Runtime, router: &Router, request: Request) -> Response {
    runtime.block_on(router.clone().call(request)).unwrap()
}

/// The URL of a schema of its own on the server, which is made anew.
#[cfg(feature = "postgres")]
fn server(schema: &str) -> String {
    use diesel::connection::SimpleConnection;

    let url = std::env::var("CACHE_DIESEL_POSTGRES_URL").expect(
        "`CACHE_DIESEL_POSTGRES_URL` is not set: run `./scripts/with-servers cargo bench -p benches --all-features`",
    );
    let mut keeper = PgConnection::establish(&url).unwrap();
    keeper.batch_execute(&format!("DROP SCHEMA IF EXISTS {schema} CASCADE; CREATE SCHEMA {schema}")).unwrap();
    format!("{url}?options=-csearch_path%3D{schema}")
}
