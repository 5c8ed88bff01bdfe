use cache_diesel::prelude::*;
use diesel::prelude::*;

diesel::table! {
    products (id) {
        id -> Integer,
        title -> Text,
    }
}

diesel::table! {
    others (id) {
        id -> Integer,
        flag -> Bool,
    }
}

#[derive(Queryable, Selectable, Cached)]
struct Product {
    id: i32,
    title: String,
}

fn main() {
    let mut conn = SqliteConnection::establish(":memory:").unwrap();
    let _ = Product::cached().get("seven").first(&mut conn);
}
