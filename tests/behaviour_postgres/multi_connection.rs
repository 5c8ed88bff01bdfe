//! Diesel's `derive(MultiConnection)`: plain writes are tracked, and a manager is given the connection inside.

use diesel::prelude::*;
use diesel::result::Error;

use crate::database::Conn;
use crate::harness::{Product, Shop, new_product, products};
use crate::transactions::title;

#[derive(diesel::MultiConnection)]
enum AnyConnection {
    Pg(PgConnection),
    Sqlite(SqliteConnection),
}

/// Tries the kinds of connections in order, as Diesel does: a URL of PostgreSQL might name a file, too.
fn any(shop: &Shop) -> AnyConnection {
    let conn = AnyConnection::establish(&shop.url()).unwrap();
    assert!(matches!(conn, AnyConnection::Pg(_)));
    conn
}

fn any_in_memory() -> AnyConnection {
    let mut conn = AnyConnection::establish(":memory:").unwrap();
    let schema = "CREATE TABLE products (
         id INTEGER PRIMARY KEY NOT NULL, category_id INTEGER NOT NULL, slug TEXT NOT NULL UNIQUE,
         title TEXT NOT NULL, price_cents BIGINT NOT NULL, is_active BOOLEAN NOT NULL
     )";
    diesel::sql_query(schema).execute(&mut conn).unwrap();
    let row = "INSERT INTO products VALUES (1, 7, 'lamp', 'Lamp', 1999, TRUE)";
    diesel::sql_query(row).execute(&mut conn).unwrap();
    assert!(matches!(conn, AnyConnection::Sqlite(_)));
    conn
}

fn retitle(conn: &mut AnyConnection, id: i32, title: &str) -> QueryResult<usize> {
    diesel::update(products::table.find(id)).set(products::title.eq(title)).execute(conn)
}

/// The title of row 1, and whether it was cached.
fn first(shop: &Shop, conn: &mut AnyConnection) -> (String, bool) {
    let read = || shop.products().get(1);
    let entry = match conn {
        AnyConnection::Pg(conn) => read().entry(conn),
        AnyConnection::Sqlite(conn) => read().entry(conn),
    };
    let entry = entry.unwrap();
    (entry.value.title.clone(), entry.is_hit())
}

#[test]
fn plain_writes_through_any_connection_are_tracked() {
    let shop = Shop::new();
    let (mut other, mut conn) = (shop.warm(), any(&shop));
    retitle(&mut conn, 1, "New").unwrap();
    assert_eq!([1, 2].map(|id| shop.row_cost(&mut other, id)), [1, 0], "and are row-exact");
    shop.read_everything(&mut other);
    diesel::insert_into(products::table).values(new_product(4, 7, "new")).execute(&mut conn).unwrap();
    shop.read_everything(&mut other);
    diesel::sql_query("DELETE FROM products WHERE id = 4").execute(&mut conn).unwrap();
    shop.read_everything(&mut other);
    diesel::delete(products::table.filter(products::category_id.eq(7))).execute(&mut conn).unwrap();
    shop.read_everything(&mut other);
    assert_eq!(shop.read_everything(&mut other), 0);
}

#[test]
fn transactions_of_any_connection_are_tracked() {
    let shop = Shop::new();
    let (mut other, mut conn) = (shop.warm(), any(&shop));
    let undone = conn.transaction(|conn| {
        retitle(conn, 1, "Undone")?;
        assert!(!first(&shop, conn).1, "it reads its own write");
        assert_eq!(shop.read_everything(&mut other), 0);
        Err::<(), Error>(Error::RollbackTransaction)
    });
    assert_eq!(undone, Err(Error::RollbackTransaction));
    assert_eq!(shop.read_everything(&mut other), 0);
    conn.transaction(|conn| conn.transaction(|conn| retitle(conn, 1, "New"))).unwrap();
    assert_eq!(title(&shop, &mut other, 1), (1, "New".into()));
    shop.read_everything(&mut other);
}

#[test]
fn a_manager_is_given_the_connection_inside() {
    let shop = Shop::new();
    let (mut other, mut server, mut memory) = (shop.conn(), any(&shop), any_in_memory());
    assert_eq!([(); 2].map(|()| first(&shop, &mut server)), [("Lamp".into(), false), ("Lamp".into(), true)]);
    assert_eq!(shop.row_cost(&mut other, 1), 0, "its entries are those of the connection inside");
    assert!(!first(&shop, &mut memory).1, "each database has its own");
    retitle(&mut memory, 1, "Small").unwrap();
    assert_eq!(first(&shop, &mut memory), ("Small".into(), false));
    let row = Product { title: "New".into(), ..new_product(1, 7, "lamp") };
    match &mut server {
        AnyConnection::Pg(conn) => shop.products().save(&row).execute(conn),
        AnyConnection::Sqlite(conn) => shop.products().save(&row).execute(conn),
    }
    .unwrap();
    assert_eq!((first(&shop, &mut server).0, first(&shop, &mut memory).0), ("New".into(), "Small".into()));
    let plain = |conn: &mut Conn| products::table.find(1).first::<Product>(conn);
    assert_eq!(shop.cost(&mut other, |conn| shop.products().get(1).first(conn), plain), 0);
}
