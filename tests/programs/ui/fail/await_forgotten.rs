//! A read on an awaited connection whose future nobody awaits.

#![deny(unused_must_use)]

use cache_diesel::prelude::*;
use diesel::prelude::*;
use diesel_async::sync_connection_wrapper::SyncConnectionWrapper;

diesel::table! { products (id) { id -> Integer, title -> Text, } }

#[derive(Cached, Queryable, Selectable)]
struct Product {
    id: i32,
    title: String,
}

async fn warm(conn: &mut SyncConnectionWrapper<SqliteConnection>) {
    Product::cached().every().load(conn);
}

fn main() {}
