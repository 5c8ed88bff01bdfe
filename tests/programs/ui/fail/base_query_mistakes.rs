use cache_diesel::prelude::*;
use diesel::prelude::*;

diesel::table! {
    products (id) {
        id -> Integer,
        is_deleted -> Bool,
    }
}

#[derive(Cached, Queryable, Selectable)]
#[diesel(table_name = products)]
#[cached(key = "a", base_query = "kept")]
struct A {
    id: i32,
}

#[derive(Cached, Queryable, Selectable)]
#[diesel(table_name = products)]
#[cached(key = "b", base_query = products::table.filter(products::is_deleted))]
struct B {
    id: i32,
}

#[derive(Cached, Queryable, Selectable)]
#[diesel(table_name = products)]
#[cached(key = "c", base_query(kept))]
struct C {
    id: i32,
}

#[derive(Cached, Queryable, Selectable)]
#[diesel(table_name = products)]
#[cached(key = "d", base_query, base_query = kept)]
struct D {
    id: i32,
}

fn main() {}
