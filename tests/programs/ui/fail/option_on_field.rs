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
struct Product {
    id: i32,
    #[cached(unique)]
    slug: String,
}

fn main() {}
