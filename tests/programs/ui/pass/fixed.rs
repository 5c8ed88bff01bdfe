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

#[derive(AsChangeset, Queryable, Selectable, Cached)]
#[diesel(table_name = products)]
#[cached(unique(slug), scope(category_id), scope(type_), fixed(slug, category_id), fixed(type_))]
struct Product {
    id: i32,
    category_id: i32,
    slug: String,
    #[diesel(column_name = type_)]
    kind: String,
}

fn main() {
    let _ = Product::cached().all_by_category_id(1);
}
