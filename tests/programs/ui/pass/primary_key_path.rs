#![deny(warnings, clippy::pedantic)]

use cache_diesel::prelude::*;
use diesel::prelude::*;

diesel::table! {
    products (id) {
        id -> Integer,
        slug -> Text,
    }
}

diesel::table! {
    pairs (left, right) {
        left -> BigInt,
        right -> Text,
        note -> Text,
    }
}

#[derive(Queryable, Selectable, serde::Deserialize, serde::Serialize)]
#[diesel(table_name = products)]
struct Identity {
    id: i32,
}

#[derive(Queryable, Selectable, Cached)]
#[cached(primary_key = identity.id, unique(slug))]
struct Product {
    #[diesel(embed)]
    identity: Identity,
    slug: String,
}

#[derive(Queryable, Selectable, serde::Deserialize, serde::Serialize)]
#[diesel(table_name = pairs)]
struct Inner {
    right: String,
}

#[derive(Queryable, Selectable, serde::Deserialize, serde::Serialize)]
#[diesel(table_name = pairs)]
struct Outer {
    #[diesel(embed)]
    inner: Inner,
}

#[derive(Queryable, Selectable, Cached)]
#[cached(primary_key = (left, outer.inner.right: String))]
struct Pair {
    left: i64,
    #[diesel(embed)]
    outer: Outer,
    note: String,
}

mod plain {
    use super::*;

    /// Diesel need not be told.
    #[derive(Queryable, Selectable, Cached)]
    #[diesel(table_name = pairs)]
    #[cached(primary_key = (left, right))]
    pub struct Pair {
        left: i64,
        right: String,
    }

    pub fn sum(pair: &Pair) -> usize {
        pair.right.len() + usize::try_from(pair.left).unwrap_or_default()
    }
}

fn main() {
    let _ = Product::cached().get(1);
    let _ = Pair::cached().get((1_i64, String::new()));
    let _ = plain::Pair::cached().get((1_i64, String::new()));
    let pair = Pair { left: 1, outer: Outer { inner: Inner { right: String::new() } }, note: String::new() };
    let _ = (pair.left, pair.outer.inner.right, pair.note, plain::sum);
    let product = Product { identity: Identity { id: 1 }, slug: String::new() };
    let _ = (product.identity.id, product.slug);
}
