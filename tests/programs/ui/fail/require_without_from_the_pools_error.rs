use cache_diesel::prelude::*;
use diesel::prelude::*;

diesel::table! {
    products (id) {
        id -> Integer,
        category_id -> Integer,
        slug -> Text,
        title -> Text,
    }
}

#[derive(Cached, Queryable, Selectable)]
struct Product {
    id: i32,
    category_id: i32,
    slug: String,
    title: String,
}

fn main() {
    use diesel::r2d2::{ConnectionManager, Pool};
    let pool = Pool::new(ConnectionManager::<SqliteConnection>::new(":memory:")).unwrap();
    let _ = Product::cached().get(1).require_with(|| pool.get());
}
