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

mod models {
    use cache_diesel::prelude::*;
    use diesel::prelude::*;

    use super::categories;

    #[derive(Queryable, Selectable, Cached)]
    #[diesel(table_name = categories)]
    #[cached(cascaded_by(Category), depends_on(crate::products))]
    pub struct Category {
        id: i32,
    }
}

#[derive(Queryable, Selectable, Cached)]
#[diesel(table_name = products)]
#[cached(cascaded_by(models::Category, categories), depends_on(Product))]
struct Product {
    id: i32,
    category_id: i32,
    slug: String,
}

fn main() {
    let _ = (Product::cached(), models::Category::cached());
}
