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

diesel::table! {
    categories (id) {
        id -> Integer,
    }
}

#[derive(Cached)]
#[diesel(table_name = products)]
enum Product {
    Lamp,
}

#[derive(Queryable, Selectable, Cached)]
#[diesel(table_name = categories)]
#[cached(cascaded_by(Product))]
struct Category {
    id: i32,
}

// Only the enum is reported, not its uses.
fn read(products: ProductManager) {
    let _ = products.get(1);
    let _ = Product::cached().get_by_slug("lamp");
}

fn main() {
    let _ = Category::cached();
    read(Product::cached_in("other"));
}
