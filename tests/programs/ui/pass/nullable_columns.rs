use cache_diesel::prelude::*;
use diesel::prelude::*;

diesel::table! {
    products (id) {
        id -> Integer,
        shop -> Text,
        supplier_id -> Nullable<Integer>,
    }
}

#[derive(Queryable, Selectable, Cached)]
#[diesel(table_name = products)]
#[cached(unique(supplier_id), unique(shop, supplier_id), scope(supplier_id))]
struct Product {
    id: i32,
    shop: String,
    supplier_id: Option<i32>,
}

fn main() {
    let _ = Product::cached().get_by_supplier_id(Some(1));
    let _ = Product::cached().get_by_supplier_id(None);
    let _ = Product::cached().get_by_shop_and_supplier_id("north", None);
    let _ = Product::cached().all_by_supplier_id(Some(1));
}
