use cache_diesel::prelude::*;
use diesel::prelude::*;

diesel::table! {
    products (id) {
        id -> Integer,
    }
}

#[derive(Queryable, Selectable, Cached)]
#[diesel(table_name = products)]
#[cached(list_timeout = "1 minute", negative_timeout = "1 hour", jitter = "31 seconds")]
struct Product {
    id: i32,
}

fn main() {}
