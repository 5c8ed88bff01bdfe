//! A shop with a thousand products, read in plain Diesel and through the cache.

use std::sync::Arc;

use cache_diesel::prelude::*;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;

diesel::table! {
    products (id) {
        id -> Integer,
        category_id -> Integer,
        slug -> Text,
        title -> Text,
        is_active -> Bool,
        price_cents -> BigInt,
    }
}

#[derive(Cached, Clone, Debug, Identifiable, PartialEq, Queryable, Selectable)]
#[cached(unique(slug))]
pub struct Product {
    pub id: i32,
    pub category_id: i32,
    pub slug: String,
    pub title: String,
    pub is_active: bool,
    pub price_cents: i64,
}

/// A thousand products; PostgreSQL and SQLite understand it.
const SCHEMA: &str = "
    DROP TABLE IF EXISTS products;
    CREATE TABLE products (
        id INTEGER PRIMARY KEY, category_id INTEGER NOT NULL, slug TEXT NOT NULL UNIQUE, title TEXT NOT NULL,
        is_active BOOLEAN NOT NULL, price_cents BIGINT NOT NULL
    );
    INSERT INTO products
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
    SELECT i, 1 + i % 50, 'product-' || i, 'Product ' || i, i % 2 = 0, i FROM n;";

/// What is asked of a shop, on every kind of connection.
pub trait Shop: Connection + SimpleConnection {
    /// A row, past every cache: the query that ours makes too.
    fn plain(&mut self, id: i32) -> Arc<Product>;
    /// A row, through the cache.
    fn cached(&mut self, id: i32) -> Arc<Product>;

    /// Makes the table and its rows.
    fn set_up(&mut self) {
        self.batch_execute(SCHEMA).unwrap();
    }
}

macro_rules! shop {
    ($conn:ty) => {
        impl Shop for $conn {
            fn plain(&mut self, id: i32) -> Arc<Product> {
                Arc::new(products::table.find(id).select(Product::as_select()).get_result(self).unwrap())
            }

            fn cached(&mut self, id: i32) -> Arc<Product> {
                Product::cached().get(id).first(self).unwrap()
            }
        }
    };
}

#[cfg(feature = "postgres")]
shop!(PgConnection);
shop!(SqliteConnection);

/// Opens `url` and makes the shop there.
pub fn open<C: Shop>(url: &str) -> C {
    let mut conn = C::establish(url).unwrap();
    conn.set_up();
    conn
}

pub fn plain_by_slug(conn: &mut SqliteConnection, slug: &str) -> Arc<Product> {
    Arc::new(products::table.filter(products::slug.eq(slug)).select(Product::as_select()).get_result(conn).unwrap())
}

pub fn plain_every(conn: &mut SqliteConnection) -> Arc<Vec<Product>> {
    Arc::new(products::table.select(Product::as_select()).load(conn).unwrap())
}

pub fn plain_active(conn: &mut SqliteConnection, above: i64) -> Arc<Vec<Product>> {
    let active = products::is_active.eq(true).and(products::price_cents.gt(above));
    Arc::new(products::table.filter(active).select(Product::as_select()).load(conn).unwrap())
}

pub fn cached_active(conn: &mut SqliteConnection, above: i64) -> Arc<Vec<Product>> {
    let active = products::is_active.eq(true).and(products::price_cents.gt(above));
    Product::cached().all("active", active).load(conn).unwrap()
}

pub fn plain_many(conn: &mut SqliteConnection, ids: &[i32]) -> Vec<Product> {
    products::table.filter(products::id.eq_any(ids)).select(Product::as_select()).load(conn).unwrap()
}
