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
#[cached(key = "product", list_timeout = "1 day", detail_timeout = 90)]
#[cached(negative_timeout = "1 minute 30 seconds", unique(slug), unique(category_id, slug), scope(category_id))]
#[cached(scope(category_id, slug), on_stale = "report")]
struct Product {
    id: i32,
    category_id: i32,
    slug: String,
}

fn main() {
    let products = Product::cached();
    let _ = products.get_by_slug("lamp");
    let _ = products.get_by_slug("lamp".to_owned());
    let _ = products.get_by_category_id_and_slug(1, "lamp");
    let _ = products.all_by_category_id(1);
    let _ = products.all_by_category_id_and_slug(1, "lamp");
}
