use cache_diesel::prelude::*;
use diesel::prelude::*;

diesel::table! {
    products (id) {
        id -> Integer,
        title -> Text,
    }
}

#[derive(Cached, Queryable, Selectable)]
#[cached(write_through)]
struct Product {
    id: i32,
    title: String,
}

fn main() {
    let mut conn = SqliteConnection::establish(":memory:").unwrap();
    let _ = Product::cached().every().load(&mut conn);
}
