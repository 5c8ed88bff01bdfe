//! Statements that only PostgreSQL has.

use diesel::connection::SimpleConnection;
use diesel::pg::PgRowByRowLoadingMode;
use diesel::prelude::*;

use crate::harness::{Shop, products};
use crate::transactions::{retitle, title};
use crate::writes::check;

#[derive(Insertable)]
#[diesel(table_name = products, treat_none_as_default_value = false)]
struct Copied {
    id: i32,
    category_id: i32,
    slug: &'static str,
    title: &'static str,
    price_cents: i64,
    is_active: bool,
}

fn copied(id: i32, slug: &'static str) -> Copied {
    Copied { id, category_id: 9, slug, title: "Copied", price_cents: 1, is_active: true }
}

#[test]
fn w1_rows_that_are_copied_in() {
    check("copy of rows", |_, conn| {
        let rows = vec![copied(4, "new"), copied(5, "other")];
        diesel::copy_from(products::table).from_insertable(rows).execute(conn)
    });
    check("copy of bytes", |_, conn| {
        diesel::copy_from(products::table)
            .from_raw_data(products::table, |copy| {
                writeln!(copy, "4,9,new,New,1,true").unwrap();
                diesel::result::QueryResult::Ok(())
            })
            .with_format(diesel::pg::CopyFormat::Csv)
            .execute(conn)
    });
}

#[test]
fn a_copy_that_fails_counts_and_goes_on() {
    let shop = Shop::new();
    let (mut other, mut conn) = (shop.warm(), shop.conn());
    let rows = vec![copied(4, "new"), copied(1, "twice")];
    diesel::copy_from(products::table).from_insertable(rows).execute(&mut conn).unwrap_err();
    shop.read_everything(&mut other);
    shop.read_everything(&mut conn);
    assert_eq!(shop.read_everything(&mut conn), 0);
}

#[test]
fn a_truncate_that_cascades_reaches_tables_that_it_does_not_name() {
    let shop = Shop::with_tables("ALTER TABLE products ADD FOREIGN KEY (category_id) REFERENCES categories (id)");
    let (mut other, mut conn) = (shop.warm(), shop.conn());
    conn.batch_execute("TRUNCATE categories CASCADE").unwrap();
    assert_eq!(shop.products().every().load(&mut other).unwrap().len(), 0);
    shop.read_everything(&mut other);
}

#[test]
fn rows_that_are_given_back_one_by_one_count_when_they_are_let_go() {
    for fetched in 0..5 {
        let shop = Shop::new();
        let (mut other, mut conn) = (shop.warm(), shop.conn());
        let update = diesel::update(products::table).set(products::title.eq("New")).returning(products::id);
        let mut rows = update.load_iter::<i32, PgRowByRowLoadingMode>(&mut conn).unwrap();
        assert_eq!(rows.by_ref().take(fetched).flatten().count(), fetched.min(3));
        drop(rows);
        assert_eq!(title(&shop, &mut other, 1).1, "New", "{fetched} of them fetched");
        shop.read_everything(&mut other);
        assert_eq!(shop.read_everything(&mut other), 0);
    }
}

/// The text ends early for the database's client: Diesel tells of no end.
#[test]
fn a_text_with_a_nul_hides_nothing() {
    let shop = Shop::new();
    let (mut other, mut conn) = (shop.warm(), shop.conn());
    conn.batch_execute("UPDATE products SET title = '\0'").unwrap_err();
    retitle(&mut conn, 1, "New").unwrap();
    assert_eq!(title(&shop, &mut other, 1).1, "New");
    shop.read_everything(&mut other);
    assert_eq!(shop.read_everything(&mut other), 0);
}
