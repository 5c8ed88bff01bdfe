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
    fn take() -> Result<SqliteConnection, String> {
        SqliteConnection::establish(":memory:").map_err(|error| error.to_string())
    }
    let _ = Product::cached().get(1).first_with(take);
}
