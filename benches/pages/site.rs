//! A site of one page, over a pool of connections and a template: rendered from its rows each time, or kept.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::Html;
use axum::routing::get;
use cache_diesel::prelude::*;
use cache_web::PageCache;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::r2d2::{ConnectionManager, Pool, R2D2Connection};
use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, context};
use serde::Serialize;

diesel::table! {
    products (id) {
        id -> Integer,
        title -> Text,
        description -> Text,
        price_cents -> Integer,
    }
}

#[derive(Cached, Queryable, Selectable, Serialize)]
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
                let page = async |State(shared): State<Arc<Shared<$conn>>>| {
                    let mut conn = shared.pool.get().unwrap();
                    let rows = products::table.order_by(products::id).limit(20).select(Product::as_select());
                    shared.show(&rows.load(&mut conn).unwrap())
                };
                Router::new().route("/", get(page)).with_state(open::<$conn>(url))
            }

            fn kept(url: &str, pages: PageCache) -> Router {
                let page = async |State(shared): State<Arc<Shared<$conn>>>| {
                    let rows = Product::cached().every().order_by(products::id).limit(20);
                    shared.show(&rows.load_with(&shared.pool).unwrap())
                };
                Router::new().route("/", get(page)).layer(pages).with_state(open::<$conn>(url))
            }
        }
    };
}

#[cfg(feature = "postgres")]
site!(PgConnection);
site!(SqliteConnection);

/// What the handlers of a site share: a pool as Diesel makes it, and its templates.
struct Shared<C: R2D2Connection + 'static> {
    pool: Pool<ConnectionManager<C>>,
    templates: Environment<'static>,
}

impl<C: R2D2Connection + 'static> Shared<C> {
    fn show(&self, products: &[Product]) -> Html<String> {
        let template = self.templates.get_template("products").unwrap();
        Html(template.render(context! { products => Value::from(Serde(products)) }).unwrap())
    }
}

const TEMPLATE: &str = "<!doctype html><title>Products</title><ul>
{%- for product in products %}
<li id=\"{{ product.id }}\"><h2>{{ product.title }}</h2><p>{{ product.description }}</p>
{{ product.price_cents // 100 }}.{{ product.price_cents % 100 }}</li>
{%- endfor %}
</ul>";

fn open<C: R2D2Connection + 'static>(url: &str) -> Arc<Shared<C>> {
    // In memory, each connection has a database of its own.
    let pool = Pool::builder().max_size(1).build(ConnectionManager::<C>::new(url)).unwrap();
    fill(&mut *pool.get().unwrap());
    let mut templates = Environment::new();
    templates.set_auto_escape_callback(|_| AutoEscape::Html);
    templates.add_template("products", TEMPLATE).unwrap();
    Arc::new(Shared { pool, templates })
}

fn fill(conn: &mut impl SimpleConnection) {
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
}
