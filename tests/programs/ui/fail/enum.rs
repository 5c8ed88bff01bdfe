use cache_diesel::prelude::*;

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

#[derive(Cached)]
#[diesel(table_name = products)]
enum Product {
    Lamp,
    Table,
}

fn main() {}
