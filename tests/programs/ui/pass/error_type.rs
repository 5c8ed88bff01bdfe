use cache_diesel::prelude::*;
use diesel::prelude::*;

diesel::table! {
    products (id) {
        id -> Integer,
        category_id -> Integer,
        slug -> Text,
        #[sql_name = "type"]
        type_ -> Text,
        price -> Double,
    }
}

#[derive(Queryable, Selectable, Cached)]
#[diesel(table_name = products)]
#[cached(error = ShopError)]
struct Product {
    id: i32,
    category_id: i32,
    slug: String,
}

#[derive(Debug)]
enum ShopError {
    Missing,
    Query(diesel::result::Error),
}

impl From<diesel::result::Error> for ShopError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Query(error)
    }
}

impl From<cache_diesel::NotFound> for ShopError {
    fn from(_: cache_diesel::NotFound) -> Self {
        Self::Missing
    }
}

fn main() {
    let _ = Product::cached();
}
