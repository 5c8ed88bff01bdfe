use cache_diesel::prelude::*;
use diesel::prelude::*;

diesel::table! {
    products (id) {
        id -> Integer,
    }
}

#[derive(Queryable, Selectable, Cached)]
#[diesel(table_name = products)]
#[cached(key = "a", relevance_timeout = "2 minutes")]
struct A {
    id: i32,
}

#[derive(Queryable, Selectable, Cached)]
#[diesel(table_name = products)]
#[cached(key = "b", list_timeout = "1 hour", list_relevance_timeout = "61 minutes")]
struct B {
    id: i32,
}

fn main() {}
