//! Holds the tables and their models.

use cache_diesel::prelude::*;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

diesel::table! {
    categories (id) {
        id -> Integer,
        name -> Text,
    }
}

diesel::table! {
    products (id) {
        id -> Integer,
        category_id -> Integer,
        title -> Text,
        description -> Text,
        price_cents -> Integer,
        stock -> Integer,
    }
}

/// A shelf of the shop.
#[derive(Cached, Debug, Queryable, Selectable)]
#[diesel(table_name = categories)]
#[cached(list_timeout = "1 hour", detail_timeout = "1 hour")]
pub(crate) struct Category {
    pub(crate) id: i32,
    pub(crate) name: String,
}

/// A product as it is shown.
#[derive(Cached, Debug, Queryable, Selectable, Serialize)]
#[diesel(table_name = products)]
#[cached(
    list_timeout = "10 minutes",
    detail_timeout = "10 minutes",
    negative_timeout = "1 minute",
    scope(category_id),
    error = cache_web::Failure
)]
pub(crate) struct Product {
    pub(crate) id: i32,
    pub(crate) category_id: i32,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) price_cents: i32,
    pub(crate) stock: i32,
}

/// A product as it is written.
#[derive(AsChangeset, Clone, Debug, Deserialize, Insertable)]
#[diesel(table_name = products)]
pub(crate) struct ProductData {
    pub(crate) category_id: i32,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) price_cents: i32,
    pub(crate) stock: i32,
}
