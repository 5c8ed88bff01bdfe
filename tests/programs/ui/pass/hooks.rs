use cache_diesel::Saved;
use cache_diesel::prelude::*;
use diesel::prelude::*;

diesel::table! {
    products (id) {
        id -> Integer,
        title -> Text,
    }
}

mod told {
    use super::Product;

    pub fn deleted(product: &cache_diesel::Saved<Product>) {
        let _: Option<&i32> = product.id();
    }
}

fn saved<M: cache_diesel::CachedModel>(row: &Saved<M>) {
    let _ = row.row_count();
}

#[derive(AsChangeset, Cached, Insertable, Queryable, Selectable)]
#[cached(after_save = saved, after_delete = told::deleted)]
struct Product {
    id: i32,
    title: String,
}


fn main() {
    let _ = Product::cached();
}
