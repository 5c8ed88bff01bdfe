//! A site of one page, over a database: rendered from its rows each time, or kept.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use cache_diesel::prelude::*;
use cache_web::PageCache;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;

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

/// A connection to a database that has the table.
pub trait Site: Connection + 'static {
    /// The site as it is rendered with plain Diesel.
    fn rendered(url: &str) -> Router;

    /// The site whose rows are read through the cache, and whose page is kept.
    fn kept(url: &str, pages: PageCache) -> Router;
}

macro_rules! site {
    ($conn:ty) => {
        impl Site for $conn {
            fn rendered(url: &str) -> Router {
                let page = async |State(conn): State<Shared<$conn>>| {
                    let rows = products::table.order_by(products::id).limit(20).select(Product::as_select());
                    page_of(&rows.load(&mut *conn.lock().unwrap()).unwrap())
                };
                Router::new().route("/", get(page)).with_state(open::<$conn>(url))
            }

            fn kept(url: &str, pages: PageCache) -> Router {
                let page = async |State(conn): State<Shared<$conn>>| {
                    let rows = Product::cached().every().order_by(products::id).limit(20);
                    page_of(&rows.load(&mut *conn.lock().unwrap()).unwrap())
                };
                Router::new().route("/", get(page)).layer(pages).with_state(open::<$conn>(url))
            }
        }
    };
}

#[cfg(feature = "postgres")]
site!(PgConnection);
site!(SqliteConnection);

type Shared<C> = Arc<Mutex<C>>;

fn page_of(rows: &[Product]) -> String {
    let mut page = String::from("<!doctype html><title>Products</title><ul>");
    for row in rows {
        let (euros, cents) = (row.price_cents / 100, row.price_cents % 100);
        write!(page, "<li id=\"{}\"><h2>{}</h2><p>{}</p>{euros}.{cents:02}</li>", row.id, row.title, row.description)
            .unwrap();
    }
    page
}

fn open<C: SimpleConnection + Connection>(url: &str) -> Shared<C> {
    let mut conn = C::establish(url).unwrap();
    conn.batch_execute(
        "DROP TABLE IF EXISTS products;
         CREATE TABLE products (
             id INTEGER PRIMARY KEY NOT NULL, title TEXT NOT NULL, description TEXT NOT NULL,
             price_cents INTEGER NOT NULL
         );",
    )
    .unwrap();
    for id in 1..=60 {
        let (price, about) = (1900 + id, "Made to be used every day, and to be mended.");
        conn.batch_execute(&format!("INSERT INTO products VALUES ({id}, 'Product {id}', '{about}', {price})")).unwrap();
    }
    Arc::new(Mutex::new(conn))
}
