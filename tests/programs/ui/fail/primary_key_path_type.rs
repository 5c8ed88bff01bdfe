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

#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Deserialize, serde::Serialize)]
struct ProductId(i32);

impl From<i32> for ProductId {
    fn from(id: i32) -> Self {
        Self(id)
    }
}

#[derive(Queryable, Selectable, serde::Deserialize, serde::Serialize)]
#[diesel(table_name = products)]
struct Identity {
    #[diesel(deserialize_as = i32)]
    id: ProductId,
}

#[derive(Queryable, Selectable, Cached)]
#[diesel(table_name = products)]
#[cached(primary_key = identity.id)]
struct Product {
    #[diesel(embed)]
    identity: Identity,
    slug: String,
}

fn main() {}
