use cache_diesel::prelude::*;
use diesel::prelude::*;

diesel::table! {
    products (id) {
        id -> Integer,
        is_deleted -> Bool,
    }
}

fn kept() -> diesel::dsl::Filter<products::table, products::is_deleted> {
    products::table.filter(products::is_deleted)
}

#[derive(Cached, Queryable, Selectable)]
#[cached(base_query = kept)]
struct Product {
    id: i32,
}

fn main() {}
