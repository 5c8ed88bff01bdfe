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
    let _ = Product::cached().every().load(&mut 7);
}
