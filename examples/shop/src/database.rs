//! Makes the tables and fills them.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::result::QueryResult;

use crate::models::{ProductData, categories, products};

const CATEGORIES: [&str; 6] = ["Chairs", "Desks", "Lamps", "Rugs", "Shelves", "Tables"];
const KINDS: [&str; 10] =
    ["Alder", "Birch", "Cedar", "Elm", "Fjord", "Harbour", "Linden", "Meadow", "Nordic", "Willow"];
const NOUNS: [&str; 6] = ["chair", "desk", "lamp", "rug", "shelf", "table"];

/// What every connection is told.
pub(crate) const SETTINGS: &str = "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;";

/// Makes the tables, and sixty products, unless they are there.
pub(crate) fn prepare(conn: &mut SqliteConnection) -> QueryResult<()> {
    conn.immediate_transaction(|conn| {
        conn.batch_execute(
            "CREATE TABLE IF NOT EXISTS categories (id INTEGER PRIMARY KEY NOT NULL, name TEXT NOT NULL);
             CREATE TABLE IF NOT EXISTS products (
                 id INTEGER PRIMARY KEY NOT NULL,
                 category_id INTEGER NOT NULL REFERENCES categories (id),
                 title TEXT NOT NULL,
                 description TEXT NOT NULL,
                 price_cents INTEGER NOT NULL,
                 stock INTEGER NOT NULL
             );
             CREATE INDEX IF NOT EXISTS products_by_category ON products (category_id);",
        )?;
        if categories::table.count().get_result::<i64>(conn)? > 0 {
            return Ok(());
        }
        for (id, name) in (1..).zip(CATEGORIES) {
            let row = (categories::id.eq(id), categories::name.eq(name));
            diesel::insert_into(categories::table).values(row).execute(conn)?;
        }
        let rows: Vec<ProductData> = (0..60).map(product).collect();
        rows.iter().try_for_each(|row| diesel::insert_into(products::table).values(row).execute(conn).map(drop))
    })
}

fn product(number: usize) -> ProductData {
    let (kind, shelf) = (KINDS[number / 6], number % 6);
    let noun = NOUNS[shelf];
    let count = i32::try_from(number).unwrap_or_default();
    ProductData {
        category_id: i32::try_from(shelf).unwrap_or_default() + 1,
        title: format!("{kind} {noun}"),
        description: format!("A {noun} of the series {kind}: made to be used every day, and to be mended."),
        price_cents: 1900 + count * 1373 % 48_000,
        stock: count * 7 % 40,
    }
}
