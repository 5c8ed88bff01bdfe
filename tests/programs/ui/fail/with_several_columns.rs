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

fn lower(slug: &str) -> String {
    slug.to_lowercase()
}

#[derive(Queryable, Selectable, Cached)]
#[diesel(table_name = products)]
#[cached(unique(category_id, slug, with = lower))]
struct Product {
    id: i32,
    category_id: i32,
    slug: String,
}

fn main() {
    let _ = lower("");
}
