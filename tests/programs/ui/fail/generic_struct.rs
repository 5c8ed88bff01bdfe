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

#[derive(Queryable, Cached)]
#[diesel(table_name = products)]
struct Product<Price> {
    id: i32,
    price: Price,
}

fn main() {}
