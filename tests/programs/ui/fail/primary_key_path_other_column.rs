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

#[derive(Queryable, Selectable, serde::Deserialize, serde::Serialize)]
#[diesel(table_name = products)]
struct Identity {
    id: i32,
    category_id: i32,
}

#[derive(Queryable, Selectable, Cached)]
#[diesel(table_name = products)]
#[cached(primary_key = identity.category_id)]
struct Product {
    #[diesel(embed)]
    identity: Identity,
    slug: String,
}

fn main() {}
