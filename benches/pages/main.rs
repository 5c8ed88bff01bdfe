//! What a page costs: one from the cache beside one that is rendered from twenty rows, and a `304` beside a handler that has
//! its page in memory and does nothing else.

#![allow(clippy::unwrap_used, missing_docs, unreachable_pub, reason = "a benchmark")]

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::{ETAG, IF_NONE_MATCH};
use axum::response::Response;
use axum::routing::get;
use benches::{Plan, print};
use cache_diesel::prelude::*;
use cache_web::PageCache;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use tokio::runtime::Runtime;
use tower_service::Service;

diesel::table! {
    products (id) {
        id -> Integer,
        title -> Text,
        description -> Text,
        price_cents -> Integer,
    }
}

#[derive(Cached, Queryable, Selectable)]
pub struct Product {
    id: i32,
    title: String,
    description: String,
    price_cents: i32,
}

type Shared = Arc<Mutex<SqliteConnection>>;

fn main() {
    // Whoever asks for `--test` wants to see it run, not to measure.
    let is_trial = std::env::args().any(|argument| argument == "--test");
    let plan = |batches, turns| if is_trial { Plan { batches: 1, turns: 1 } } else { Plan { batches, turns } };
    let cache = Cache::memory();
    cache_diesel::install(cache.clone()).unwrap();
    let pages = PageCache::new(&cache, "pages");
    let open = || Arc::new(Mutex::new(open()));
    let plain = Router::new().route("/", get(rendered)).with_state(open());
    let cached = Router::new().route("/", get(kept)).layer(pages).with_state(open());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let first = ask(&runtime, &cached, request(None));
    let etag = first.headers()[ETAG].to_str().unwrap().to_owned();
    let body = runtime.block_on(axum::body::to_bytes(first.into_body(), usize::MAX)).unwrap();
    let bare = Router::new().route("/", get(async |State(body): State<Bytes>| body)).with_state(body);
    let known = || request(Some(&etag));
    assert_eq!(ask(&runtime, &cached, known()).status(), 304);
    let of = |router: &Router, request: Request| drop(ask(&runtime, router, request));
    let hit = plan(2000, 20).compare("a page of twenty rows", &mut || of(&plain, request(None)), &mut || {
        of(&cached, request(None));
    });
    print("Pages", ["rendered", "from the cache"], &[hit]);
    let not_modified = plan(2000, 50).compare("a page that the client has", &mut || of(&bare, known()), &mut || {
        of(&cached, known());
    });
    print("Pages", ["bare handler", "304"], &[not_modified]);
}

/// A page of twenty rows, with plain Diesel.
async fn rendered(State(conn): State<Shared>) -> String {
    let rows = products::table.limit(20).select(Product::as_select()).load(&mut *conn.lock().unwrap()).unwrap();
    page_of(&rows)
}

/// The same, read through the cache.
async fn kept(State(conn): State<Shared>) -> String {
    page_of(&Product::cached().every().limit(20).load(&mut *conn.lock().unwrap()).unwrap())
}

fn page_of(rows: &[Product]) -> String {
    let mut page = String::from("<!doctype html><title>Products</title><ul>");
    for row in rows {
        let (euros, cents) = (row.price_cents / 100, row.price_cents % 100);
        write!(page, "<li id=\"{}\"><h2>{}</h2><p>{}</p>{euros}.{cents:02}</li>", row.id, row.title, row.description)
            .unwrap();
    }
    page
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

fn open() -> SqliteConnection {
    let mut conn = SqliteConnection::establish(":memory:").unwrap();
    conn.batch_execute(
        "CREATE TABLE products (
             id INTEGER PRIMARY KEY NOT NULL, title TEXT NOT NULL, description TEXT NOT NULL,
             price_cents INTEGER NOT NULL
         );",
    )
    .unwrap();
    for id in 1..=60 {
        let row = (
            products::id.eq(id),
            products::title.eq(format!("Product {id}")),
            products::description.eq("Made to be used every day, and to be mended."),
            products::price_cents.eq(1900 + id),
        );
        diesel::insert_into(products::table).values(row).execute(&mut conn).unwrap();
    }
    conn
}
