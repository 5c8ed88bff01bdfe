use cache_diesel::prelude::*;
use diesel::prelude::*;

diesel::table! {
    products (id) {
        id -> Integer,
        category_id -> Integer,
        slug -> Text,
        title -> Text,
    }
}

diesel::table! {
    categories (id) {
        id -> Integer,
        name -> Text,
    }
}

diesel::joinable!(products -> categories (category_id));
diesel::allow_tables_to_appear_in_same_query!(products, categories);

#[derive(Cached, Identifiable, Queryable, Selectable)]
#[cached(view(ProductPage, select_related(category: Categori)))]
struct Product {
    id: i32,
    category_id: i32,
    slug: String,
    title: String,
}

#[derive(Cached, Identifiable, Queryable, Selectable)]
#[diesel(table_name = categories)]
struct Category {
    id: i32,
    name: String,
}

fn main() {
    let mut conn = SqliteConnection::establish(":memory:").unwrap();
    let _ = ProductPage::cached().get(1).first(&mut conn);
}
