use cache_diesel::prelude::*;
use diesel::prelude::*;

diesel::table! {
    products (id) {
        id -> Integer,
    }
}

#[derive(Queryable, Selectable, Cached)]
#[diesel(table_name = products)]
#[cached(key_version = "2", cache = " ")]
struct Product {
    id: i32,
}

#[derive(Queryable, Selectable, Cached)]
#[diesel(table_name = products)]
#[cached(key = "other", key_version = 4_294_967_296)]
struct Other {
    id: i32,
}

fn main() {}
