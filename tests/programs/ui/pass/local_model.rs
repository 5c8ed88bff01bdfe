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

fn main() {
    #[derive(Queryable, Selectable, Cached)]
    #[diesel(table_name = products)]
    #[cached(unique(slug))]
    struct Product {
        id: i32,
        slug: String,
    }

    let _ = Product::cached().get_by_slug("lamp");
}
