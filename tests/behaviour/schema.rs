//! The shop's tables, their models, and what is in them at the beginning.

use cache_diesel::NotFound;
use cache_diesel::prelude::*;

use crate::database::{AFTER_FIRST_PRODUCTS, NUMBERED_KEY};
use crate::line::prelude::*;

diesel::table! {
    products (id) {
        id -> Integer,
        category_id -> Integer,
        slug -> Text,
        title -> Text,
        price_cents -> BigInt,
        is_active -> Bool,
    }
}

diesel::table! {
    categories (id) {
        id -> Integer,
        name -> Text,
    }
}

diesel::joinable!(products -> categories (category_id));
diesel::allow_tables_to_appear_in_same_query!(products, categories);

#[derive(AsChangeset, Cached, Clone, Debug, Identifiable, Insertable, PartialEq, Queryable, Selectable)]
#[diesel(table_name = products)]
#[cached(key = "product", negative_timeout = 30, unique(slug), scope(category_id))]
pub struct Product {
    pub id: i32,
    pub category_id: i32,
    pub slug: String,
    pub title: String,
    pub price_cents: i64,
    pub is_active: bool,
}

/// Absent categories are not remembered.
#[derive(AsChangeset, Cached, Clone, Debug, Identifiable, Insertable, PartialEq, Queryable, Selectable)]
#[diesel(table_name = categories)]
#[cached(key = "category", error = ShopError)]
pub struct Category {
    pub id: i32,
    pub name: String,
}

/// An error of a program's own.
#[derive(Debug, PartialEq)]
pub enum ShopError {
    Database(diesel::result::Error),
    Missing(&'static str),
}

impl From<diesel::result::Error> for ShopError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error)
    }
}

impl From<NotFound> for ShopError {
    fn from(missing: NotFound) -> Self {
        Self::Missing(missing.model)
    }
}

/// A product that is not in the shop yet.
pub fn new_product(id: i32, category_id: i32, slug: &str) -> Product {
    Product { id, category_id, slug: slug.into(), title: slug.to_uppercase(), price_cents: 500, is_active: true }
}

/// The tables and their first rows.
pub fn schema() -> String {
    format!(
        "CREATE TABLE categories (id INTEGER PRIMARY KEY NOT NULL, name TEXT NOT NULL);
         CREATE TABLE products (
             id {NUMBERED_KEY}, category_id INTEGER NOT NULL, slug VARCHAR(255) NOT NULL UNIQUE,
             title TEXT NOT NULL, price_cents BIGINT NOT NULL, is_active BOOLEAN NOT NULL
         );
         INSERT INTO categories VALUES (7, 'Light'), (8, 'Wood');
         INSERT INTO products VALUES
             (1, 7, 'lamp', 'Lamp', 1999, TRUE), (2, 7, 'torch', 'Torch', 999, FALSE),
             (3, 8, 'table', 'Table', 9900, TRUE);
         {AFTER_FIRST_PRODUCTS}"
    )
}
