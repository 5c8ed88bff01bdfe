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
struct Names {
    slug: String,
    type_: String,
}

#[derive(serde::Deserialize, serde::Serialize)]
struct Slug(String);

impl From<String> for Slug {
    fn from(slug: String) -> Self {
        Self(slug)
    }
}

#[derive(Queryable, Selectable, Identifiable, Cached)]
#[diesel(table_name = products, check_for_backend(diesel::sqlite::Sqlite), primary_key(id))]
#[diesel(treat_none_as_null = true)]
#[cached(scope(category_id))]
struct Product {
    id: i32,
    category_id: i32,
    #[diesel(embed)]
    names: Names,
    #[diesel(column_name = slug, deserialize_as = String)]
    lower: Slug,
    #[diesel(select_expression = products::price.gt(10.0), select_expression_type = diesel::dsl::Gt<products::price, f64>)]
    is_expensive: bool,
}

fn main() {
    let _ = Product::cached().all_by_category_id(1);
}
