use cache_diesel::Saved;
use cache_diesel::prelude::*;
use diesel::prelude::*;

diesel::table! {
    products (id) {
        id -> Integer,
        title -> Text,
    }
}

#[derive(Queryable, Selectable, Cached)]
#[diesel(table_name = products)]
#[cached(key = "product", after_save = saved)]
struct Product {
    id: i32,
    title: String,
}

#[derive(Queryable, Selectable, Cached)]
#[diesel(table_name = products)]
#[cached(key = "title", after_save = saved, after_delete = "deleted")]
struct Title {
    id: i32,
    title: String,
}

fn saved(_: &Saved<Product>) {}

fn main() {}
