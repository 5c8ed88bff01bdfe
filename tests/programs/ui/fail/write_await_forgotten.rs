//! A write on an awaited connection whose future nobody awaits.

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

async fn remove(conn: &mut SyncConnectionWrapper<SqliteConnection>) {
    Product::cached().delete(1).execute(conn);
}

fn main() {}
