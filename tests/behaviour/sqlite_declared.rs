//! What an SQLite database declares by itself: views, and tables that show what another one holds.

use cache_diesel::prelude::*;
use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::sql_types::Bool;

use crate::database::Conn;
use crate::harness::{Shop, categories, list_cost};
use crate::line::prelude::*;
use crate::transactions::retitle;

diesel::table! { light_titles (id) { id -> Integer, title -> Text, } }
diesel::table! { found_titles (rowid) { rowid -> Integer, title -> Text, } }

#[derive(Cached, Clone, Debug, PartialEq, Queryable, Selectable)]
#[diesel(table_name = light_titles)]
struct LightTitle {
    id: i32,
    title: String,
}

#[derive(Cached, Clone, Debug, PartialEq, Queryable, Selectable)]
#[diesel(table_name = found_titles, primary_key(rowid))]
struct FoundTitle {
    rowid: i32,
    title: String,
}

#[test]
fn a_view_of_the_databases_is_read_with_what_it_shows() {
    let shop = Shop::with_tables(
        "CREATE VIEW light_products AS SELECT * FROM products WHERE category_id IN
             (SELECT id FROM categories WHERE name = 'Light');
         CREATE VIEW light_titles (id, title) AS SELECT id, title FROM light_products;",
    );
    let mut conn = shop.conn();
    let cost = |conn: &mut Conn| list_cost!(shop, conn, LightTitle::cached_in(&shop.name).every());
    assert_eq!([cost(&mut conn), cost(&mut conn)], [1, 0]);
    retitle(&mut conn, 1, "New").unwrap();
    assert_eq!([cost(&mut conn), cost(&mut conn)], [1, 0]);
    diesel::update(categories::table).set(categories::name.eq("Dark")).execute(&mut conn).unwrap();
    assert_eq!([cost(&mut conn), cost(&mut conn)], [1, 0]);
    // A view that comes later is noticed.
    conn.batch_execute("DROP VIEW light_titles; CREATE VIEW light_titles AS SELECT id, name AS title FROM categories")
        .unwrap();
    assert_eq!([cost(&mut conn), cost(&mut conn)], [1, 0]);
    diesel::update(categories::table).set(categories::name.eq("Bright")).execute(&mut conn).unwrap();
    assert_eq!([cost(&mut conn), cost(&mut conn)], [1, 0]);
}

#[test]
fn an_index_of_text_is_read_with_the_table_that_holds_the_text() {
    let shop = Shop::with_tables(
        "CREATE VIRTUAL TABLE found_titles USING fts5(title, content='products', content_rowid='id');
         INSERT INTO found_titles (found_titles) VALUES ('rebuild');",
    );
    let mut conn = shop.conn();
    let cost = |conn: &mut Conn| list_cost!(shop, conn, FoundTitle::cached_in(&shop.name).every());
    assert_eq!([cost(&mut conn), cost(&mut conn)], [1, 0]);
    retitle(&mut conn, 1, "New").unwrap();
    assert_eq!([cost(&mut conn), cost(&mut conn)], [1, 0]);
}

#[diesel::declare_sql_function]
extern "SQL" {
    /// Has the name of a listed one.
    fn soundex(text: diesel::sql_types::Text) -> diesel::sql_types::Integer;
}

#[test]
fn a_function_that_the_program_registered_is_not_believed_by_its_name() {
    use std::sync::atomic::{AtomicI32, Ordering};
    static NUMBER: AtomicI32 = AtomicI32::new(0);
    let shop = Shop::new();
    let mut conn = shop.conn();
    soundex_utils::register_nondeterministic_impl(&mut conn, |_: String| NUMBER.fetch_add(1, Ordering::SeqCst))
        .unwrap();
    let read = || shop.products().all((), sql::<Bool>("soundex(title) >= 0"));
    read().load(&mut conn).unwrap();
    assert!(!read().entry(&mut conn).unwrap().is_hit());
}
