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

#[derive(Clone, Debug, PartialEq, diesel::expression::AsExpression, serde::Deserialize, serde::Serialize)]
#[diesel(sql_type = diesel::sql_types::Integer)]
struct CategoryId(i32);

#[derive(Cached)]
#[diesel(table_name = products)]
#[cached(scope(category_id))]
struct Product {
    id: i32,
    category_id: CategoryId,
}

fn main() {}
