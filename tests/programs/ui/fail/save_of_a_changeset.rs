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
    #[derive(AsChangeset)]
    #[diesel(table_name = products)]
    struct Title {
        title: String,
    }
    let _ = Product::cached().save(&Title { title: "New".into() }).execute(&mut conn);
}
