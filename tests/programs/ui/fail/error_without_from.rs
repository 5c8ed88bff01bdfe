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
#[cached(error = ShopError)]
struct Product {
    id: i32,
    category_id: i32,
    slug: String,
    title: String,
}

struct ShopError;

impl From<diesel::result::Error> for ShopError {
    fn from(_: diesel::result::Error) -> Self {
        Self
    }
}

fn main() {
    let mut conn = SqliteConnection::establish(":memory:").unwrap();
    let _ = Product::cached().get(1).require(&mut conn);
}
