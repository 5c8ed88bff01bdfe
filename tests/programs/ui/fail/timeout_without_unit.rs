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
#[cached(detail_timeout = "5")]
struct Product {
    id: i32,
    category_id: i32,
    slug: String,
    title: String,
}

fn main() {
    let mut conn = SqliteConnection::establish(":memory:").unwrap();
    let _ = Product::cached().every().load(&mut conn);
}
