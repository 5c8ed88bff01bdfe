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

diesel::table! {
    categories (id) {
        id -> Integer,
        name -> Text,
    }
}

#[derive(Cached, Queryable, Selectable)]
#[cached(cascaded_by(Category))]
struct Product {
    id: i32,
    category_id: i32,
    slug: String,
    title: String,
}

struct Category;

fn main() {
    let mut conn = SqliteConnection::establish(":memory:").unwrap();
    let _ = Product::cached().every().load(&mut conn);
}
