use cache_diesel::prelude::*;
use diesel::prelude::*;

diesel::table! {
    products (id) {
        id -> Integer,
        title -> Text,
    }
}

#[derive(Queryable, Selectable, Cached)]
#[diesel(table_name = products)]
#[cached(key = "b", order_by = ())]
struct B {
    id: i32,
}

#[derive(Queryable, Selectable, Cached)]
#[diesel(table_name = products)]
#[cached(key = "c", order_by = (title.like("a"), "id"))]
struct C {
    id: i32,
}

fn main() {}
