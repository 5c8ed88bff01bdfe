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

#[derive(Cached, AsChangeset, Insertable, Queryable, Selectable)]
struct Product {
    id: i32,
    category_id: i32,
    slug: String,
    title: String,
}

fn main() {
    let mut conn = SqliteConnection::establish(":memory:").unwrap();
    let lamp = Product { id: 1, category_id: 7, slug: "lamp".into(), title: "Lamp".into() };
    let _ = Product::cached().save(lamp).execute(&mut conn);
}
