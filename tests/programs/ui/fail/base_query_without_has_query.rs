use cache_diesel::prelude::*;
use diesel::prelude::*;

diesel::table! {
    products (id) {
        id -> Integer,
        is_deleted -> Bool,
    }
}

#[derive(Cached, Queryable, Selectable)]
#[cached(base_query)]
struct Product {
    id: i32,
}

fn main() {
    let mut conn = SqliteConnection::establish(":memory:").unwrap();
    let _ = Product::cached().get(1).first(&mut conn);
}
