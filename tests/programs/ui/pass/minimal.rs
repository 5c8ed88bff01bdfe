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
struct Product {
    id: i32,
    slug: String,
}

fn main() {
    let products = Product::cached();
    let copy: ProductManager = products;
    let _ = (products, copy, Product::cached_in("other"));
}
