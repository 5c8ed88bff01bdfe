use cache_diesel::prelude::*;
use diesel::prelude::*;

diesel::table! {
    product_tags (product_id, tag_id) {
        product_id -> Integer,
        tag_id -> Integer,
    }
}

#[derive(Queryable, Selectable, Cached)]
#[diesel(table_name = product_tags, primary_key(product_id))]
struct ProductTag {
    product_id: i32,
    tag_id: i32,
}

fn main() {}
