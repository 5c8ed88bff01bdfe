use cache_diesel::prelude::*;
use diesel::prelude::*;

diesel::table! {
    products (id) {
        id -> Integer,
        title -> Text,
        #[sql_name = "type"]
        type_ -> Text,
        position -> Nullable<Integer>,
    }
}

mod tags {
    use super::*;

    diesel::table! {
        tags (id) {
            id -> Integer,
        }
    }

    #[derive(Cached, Queryable, Selectable)]
    #[diesel(table_name = tags)]
    #[cached(order_by = (tags::id.desc(),))]
    pub struct Tag {
        id: i32,
    }
}

#[derive(Cached, Queryable, Selectable)]
#[cached(order_by = (position.asc(), type_.desc(), id))]
struct Product {
    id: i32,
    title: String,
}

fn main() {
    let mut conn = SqliteConnection::establish(":memory:").unwrap();
    let _ = Product::cached().every().load(&mut conn);
    let _ = Product::cached().all((), products::title.eq("lamp")).limit(3).first(&mut conn);
    let _ = Product::cached().every().then_order_by(products::title).load(&mut conn);
    let _ = Product::cached().every().count(&mut conn);
    let _ = tags::Tag::cached().every().order_by(tags::tags::id).load(&mut conn);
}
