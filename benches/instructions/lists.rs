//! Asks for a list of 1000 rows on the server, and for one that was put there by hand: the same rows, encoded by postcard.

use std::cell::{OnceCell, RefCell};
use std::hint::black_box;

use cache_diesel::prelude::*;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{products, server};

/// How many rows there are.
const LENGTH: i32 = 1_000;

#[derive(Cached, Deserialize, Queryable, Selectable, Serialize)]
#[diesel(table_name = products)]
#[cached(key = "listed", list_timeout = "1 hour")]
struct Listed {
    id: i32,
    title: String,
}

pub fn kept(conn: &mut SqliteConnection, _turn: i32) {
    let list = Listed::cached().all("first", products::id.le(LENGTH)).load(conn).unwrap();
    assert_eq!(black_box(&list[6]).title, "Lamp");
}

pub fn by_hand(conn: &mut SqliteConnection, _turn: i32) {
    SHELF.with(|shelf| {
        let shelf = &mut *shelf.get_or_init(|| RefCell::new(Shelf::with_rows_of(conn))).borrow_mut();
        let bytes: Vec<u8> = redis::cmd("GET").arg(&shelf.key).query(&mut shelf.server).unwrap();
        let list: Vec<Listed> = postcard::from_bytes(&bytes).unwrap();
        assert_eq!(black_box(&list[6]).title, "Lamp");
    });
}

thread_local! {
    static SHELF: OnceCell<RefCell<Shelf>> = const { OnceCell::new() };
}

/// Where the list lies that was put there by hand.
struct Shelf {
    server: redis::Connection,
    key: String,
}

impl Shelf {
    fn with_rows_of(conn: &mut SqliteConnection) -> Self {
        let rows: Vec<Listed> =
            products::table.filter(products::id.le(LENGTH)).select(Listed::as_select()).load(conn).unwrap();
        let mut server = redis::Client::open(server()).unwrap().get_connection().unwrap();
        let key = format!("instructions:{}:list", std::process::id());
        redis::cmd("SET").arg(&key).arg(postcard::to_allocvec(&rows).unwrap()).exec(&mut server).unwrap();
        Self { server, key }
    }
}
