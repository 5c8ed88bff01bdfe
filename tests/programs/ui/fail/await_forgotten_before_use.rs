//! The row of a read on an awaited connection, before its future is awaited.

use cache_diesel::prelude::*;
use diesel::prelude::*;
use diesel_async::sync_connection_wrapper::SyncConnectionWrapper;

diesel::table! { products (id) { id -> Integer, title -> Text, } }

#[derive(Cached, Queryable, Selectable)]
struct Product {
    id: i32,
    title: String,
}

async fn title(conn: &mut SyncConnectionWrapper<SqliteConnection>) -> QueryResult<String> {
    let product = Product::cached().get(1).first(conn)?;
    Ok(product.title.clone())
}

fn main() {}
