use cache_diesel::prelude::*;
use diesel::prelude::*;

diesel::table! {
    products (id) {
        id -> Integer,
        is_over -> Bool,
    }
}

#[derive(Queryable, Selectable, Cached)]
#[diesel(table_name = products)]
#[cached(key = "a", expires_at = is_over)]
struct A {
    id: i32,
    is_over: bool,
}

#[derive(Queryable, Selectable, Cached)]
#[diesel(table_name = products)]
#[cached(key = "b", expires_at = over, jitter = "51%", max_rows = 0)]
struct B {
    id: i32,
}

#[derive(Queryable, Selectable, Cached)]
#[diesel(table_name = products)]
#[cached(key = "c", jitter = "never", max_rows = "10")]
struct C {
    id: i32,
}

fn main() {}
