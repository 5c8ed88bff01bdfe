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

mod vendor {
    pub use cache_diesel as cached;
}

#[derive(Queryable, Selectable, Cached)]
#[diesel(table_name = products)]
#[cached(crate = crate::vendor::cached, unique(slug))]
struct Product {
    id: i32,
    category_id: i32,
    slug: String,
}

fn main() {
    let _ = Product::cached().get_by_slug("lamp");
}
