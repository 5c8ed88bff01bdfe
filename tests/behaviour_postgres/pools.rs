//! Pools of r2d2, whose connections outlive those who use them.

use diesel::prelude::*;
use diesel::r2d2::{ConnectionManager, Pool};
use diesel::sql_query;

use crate::database::Conn;
use crate::harness::{Shop, products};
use crate::transactions::{retitle, title};

/// A pool of one connection.
fn pool(shop: &Shop) -> Pool<ConnectionManager<Conn>> {
    Pool::builder().max_size(1).build(ConnectionManager::new(shop.url())).unwrap()
}

fn is_hit(shop: &Shop, conn: &mut Conn) -> bool {
    let entry = shop.products().get(1).entry(conn).unwrap();
    assert_eq!(*entry.value, products::table.find(1).first(conn).unwrap());
    entry.is_hit()
}

#[test]
fn a_pooled_connection_keeps_its_tracker() {
    let shop = Shop::new();
    let (mut other, pool) = (shop.warm(), pool(&shop));
    for new in ["New", "Newer", "Newest"] {
        let mut conn = pool.get().unwrap();
        retitle(&mut conn, 1, new).unwrap();
        drop(conn);
        assert_eq!(title(&shop, &mut other, 1), (1, new.into()));
        assert!(is_hit(&shop, &mut pool.get().unwrap()), "it shares the entries of others");
        shop.read_everything(&mut other);
    }
}

/// r2d2 throws such a connection away, for Diesel knows of the transaction.
#[test]
fn a_connection_that_comes_back_in_a_transaction_hides_nothing() {
    use diesel::connection::{AnsiTransactionManager, TransactionManager};
    let shop = Shop::new();
    let (mut other, pool) = (shop.warm(), pool(&shop));
    let mut conn = pool.get().unwrap();
    AnsiTransactionManager::begin_transaction(&mut *conn).unwrap();
    retitle(&mut conn, 1, "Undone").unwrap();
    shop.read_everything(&mut other);
    drop(conn);
    let mut conn = pool.get().unwrap();
    assert_eq!(title(&shop, &mut conn, 1).1, "Lamp");
    shop.read_everything(&mut other);
    retitle(&mut conn, 1, "New").unwrap();
    assert_eq!(title(&shop, &mut other, 1), (1, "New".into()));
}

/// Neither Diesel nor r2d2 knows of it: whoever takes the connection next goes on in it.
#[test]
fn a_connection_that_comes_back_in_a_raw_transaction_hides_nothing() {
    for (end, expected) in [("COMMIT", "New"), ("ROLLBACK", "Lamp")] {
        let shop = Shop::new();
        let (mut other, pool) = (shop.warm(), pool(&shop));
        let mut conn = pool.get().unwrap();
        sql_query("BEGIN").execute(&mut conn).unwrap();
        retitle(&mut conn, 1, "New").unwrap();
        drop(conn);
        assert_eq!(shop.read_everything(&mut other), 0, "nothing is committed");

        let mut conn = pool.get().unwrap();
        assert_eq!([(); 2].map(|()| is_hit(&shop, &mut conn)), [false, false], "it sees what others do not");
        retitle(&mut conn, 2, expected).unwrap();
        drop(conn);
        assert_eq!(shop.read_everything(&mut other), 0);

        sql_query(end).execute(&mut pool.get().unwrap()).unwrap();
        assert_eq!(title(&shop, &mut other, 1).1, expected);
        shop.read_everything(&mut other);
        assert_eq!([(); 2].map(|()| is_hit(&shop, &mut pool.get().unwrap())), [true, true], "{end}");
        retitle(&mut pool.get().unwrap(), 1, "Last").unwrap();
        assert_eq!(title(&shop, &mut other, 1), (1, "Last".into()));
    }
}

#[test]
fn a_pool_that_goes_in_a_raw_transaction_hides_nothing() {
    let shop = Shop::new();
    let (mut other, pool) = (shop.warm(), pool(&shop));
    let mut conn = pool.get().unwrap();
    sql_query("BEGIN").execute(&mut conn).unwrap();
    retitle(&mut conn, 1, "Undone").unwrap();
    drop(conn);
    drop(pool);
    assert_eq!(title(&shop, &mut other, 1).1, "Lamp");
    shop.read_everything(&mut other);
    assert_eq!(shop.read_everything(&mut other), 0);
}
