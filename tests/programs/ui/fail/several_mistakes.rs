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
#[cached(ttl = 300, list_timeout = "1 dya", unique(slgu))]
#[cached(key = "", scope(), unique(slug, slug), negative_timeout = "never", unique = slug)]
#[cached(cascaded_by(), depends_on("categories"), error)]
struct Product {
    id: i32,
    category_id: i32,
    slug: String,
}

fn main() {}
