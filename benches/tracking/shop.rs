//! Plain Diesel on a shop, the same for every kind of connection.

use core::hint::black_box;

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

#[derive(Cached, Debug, Queryable, Selectable)]
#[cached(scope(category_id))]
pub struct Product {
    id: i32,
    category_id: i32,
    slug: String,
    title: String,
    is_active: bool,
    price_cents: i64,
}

#[derive(Insertable)]
#[diesel(table_name = products)]
pub struct NewProduct {
    category_id: i32,
    slug: String,
    title: String,
    is_active: bool,
    price_cents: i64,
}

impl NewProduct {
    pub fn numbered(number: i32) -> Self {
        Self {
            category_id: 1_000_000,
            slug: format!("product-{number}"),
            title: format!("Product {number}"),
            is_active: true,
            price_cents: i64::from(number),
        }
    }
}

/// What is measured, each in plain Diesel.
pub trait Shop: Connection {
    /// Makes the table and two thousand rows.
    fn set_up(&mut self);
    fn update(&mut self, id: i32);
    fn insert(&mut self, row: &NewProduct);
    fn insert_many(&mut self, rows: &[NewProduct]);
    fn delete_new(&mut self);
    fn transact(&mut self, id: i32);
    fn find(&mut self, id: i32);
    fn select(&mut self);
    fn select_any(&mut self, ids: &[i32]);
}

/// Another database takes a line at the end of this file, and two connections in `main`.
///
/// Generic code would repeat Diesel's bounds for each statement.
macro_rules! shop {
    ($conn:ty, $key:literal) => {
        impl Shop for $conn {
            fn set_up(&mut self) {
                self.batch_execute(concat!(
                    "DROP TABLE IF EXISTS products;
                     CREATE TABLE products (id ",
                    $key,
                    ", category_id INTEGER NOT NULL,
                         slug TEXT NOT NULL, title TEXT NOT NULL, is_active BOOLEAN NOT NULL, price_cents BIGINT NOT NULL);
                     CREATE INDEX products_by_slug ON products (slug);",
                ))
                .unwrap();
                let old = |number| NewProduct { category_id: number % 50, ..NewProduct::numbered(number) };
                for hundred in 0..20 {
                    self.insert_many(&(0..100).map(|number| old(hundred * 100 + number)).collect::<Vec<_>>());
                }
            }

            fn update(&mut self, id: i32) {
                let price = products::price_cents.eq(products::price_cents + 1);
                diesel::update(products::table.find(id)).set(price).execute(self).unwrap();
            }

            fn insert(&mut self, row: &NewProduct) {
                diesel::insert_into(products::table).values(row).execute(self).unwrap();
            }

            fn insert_many(&mut self, rows: &[NewProduct]) {
                diesel::insert_into(products::table).values(rows).execute(self).unwrap();
            }

            fn delete_new(&mut self) {
                diesel::delete(products::table.filter(products::category_id.eq(1_000_000))).execute(self).unwrap();
            }

            fn transact(&mut self, id: i32) {
                self.transaction(|conn| {
                    conn.update(id);
                    QueryResult::Ok(())
                })
                .unwrap();
            }

            fn find(&mut self, id: i32) {
                black_box(products::table.find(id).select(Product::as_select()).first(self).unwrap());
            }

            fn select(&mut self) {
                let named = products::table.filter(products::slug.eq("product-77"));
                let wanted = named.filter(products::is_active.eq(true)).filter(products::price_cents.gt(7));
                black_box(wanted.select(Product::as_select()).load(self).unwrap());
            }

            fn select_any(&mut self, ids: &[i32]) {
                let wanted = products::table.filter(products::id.eq_any(ids));
                black_box(wanted.select(Product::as_select()).load(self).unwrap());
            }
        }
    };
}

shop!(SqliteConnection, "INTEGER PRIMARY KEY");
#[cfg(feature = "postgres")]
shop!(PgConnection, "SERIAL PRIMARY KEY");
