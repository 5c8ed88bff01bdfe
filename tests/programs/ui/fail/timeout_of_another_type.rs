//! A function that is asked for a length of time gives something else.

use cache_diesel::prelude::*;
use diesel::prelude::*;

diesel::table! {
    products (id) {
        id -> Integer,
    }
}

fn minutes() -> u64 {
    5
}

#[derive(Cached, Queryable, Selectable)]
#[cached(detail_timeout = minutes)]
struct Product {
    id: i32,
}

fn main() {}
