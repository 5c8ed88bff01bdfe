#![forbid(unsafe_code)]
#![deny(warnings, missing_docs, missing_debug_implementations, rust_2018_idioms, single_use_lifetimes, unreachable_pub, unused_lifetimes, unused_qualifications, unused_results)]
#![deny(clippy::all, clippy::nursery, clippy::pedantic)]
//! Nothing that is generated may warn.

use cache_diesel::prelude::*;
use diesel::prelude::*;

#[allow(missing_docs, reason = "Diesel generates items without docs")]
mod schema {
    diesel::table! {
        products (id) {
            id -> Integer,
            category_id -> Integer,
            slug -> Text,
            #[sql_name = "type"]
            type_ -> Text,
            price -> Double,
        }
    }
}

use schema::products;

/// A product.
#[derive(Debug, Queryable, Selectable, Cached)]
#[diesel(table_name = products, check_for_backend(diesel::sqlite::Sqlite))]
#[cached(unique(slug), scope(category_id), depends_on(Product, products))]
pub struct Product {
    /// The key.
    pub id: i32,
    category_id: i32,
    slug: String,
}

#[derive(Queryable, Cached)]
#[diesel(table_name = products)]
#[cached(unique(slug))]
struct Unread {
    #[diesel(column_name = id)]
    _id: i32,
    #[diesel(column_name = slug)]
    _slug: String,
}

fn main() {}
