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

diesel::table! {
    categories (id) {
        id -> Integer,
        name -> Text,
    }
}

#[derive(Cached, Queryable, Selectable)]
struct Product {
    id: i32,
    category_id: i32,
    slug: String,
    title: String,
}

fn main() {
    let mut conn = SqliteConnection::establish(":memory:").unwrap();
    type Condition =
        Box<dyn BoxableExpression<categories::table, diesel::sqlite::Sqlite, SqlType = diesel::sql_types::Bool>>;
    let condition: Condition = Box::new(categories::name.eq("Lamps"));
    let _ = Product::cached().all((), condition).load(&mut conn);
}
