use cache_diesel::prelude::*;
use diesel::prelude::*;

diesel::table! {
    products (id) {
        id -> Integer,
        category_id -> Integer,
    }
}

diesel::table! {
    categories (id) {
        id -> Integer,
    }
}

diesel::table! {
    reviews (id) {
        id -> Integer,
        product_id -> Integer,
    }
}

diesel::joinable!(products -> categories (category_id));
diesel::joinable!(reviews -> products (product_id));
diesel::allow_tables_to_appear_in_same_query!(products, categories, reviews);

#[derive(Cached, Identifiable, Queryable, Selectable)]
#[cached(view(Page, prefetch_related(reviews: Review)))]
struct Product {
    id: i32,
    category_id: i32,
}

#[derive(Cached, Queryable, Selectable)]
#[diesel(table_name = categories)]
struct Category {
    id: i32,
}

#[derive(Associations, Cached, Identifiable, Queryable)]
#[diesel(belongs_to(Product))]
struct Review {
    id: i32,
    product_id: i32,
}

fn main() {
    let mut conn = SqliteConnection::establish(":memory:").unwrap();
    let _ = Page::cached().get(1).first(&mut conn);
}
