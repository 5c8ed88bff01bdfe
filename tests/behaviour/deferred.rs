//! Constraints that are checked at the COMMIT.

use diesel::connection::SimpleConnection;
use diesel::result::Error;

use crate::database::CHECK_FOREIGN_KEYS;
use crate::harness::Shop;
use crate::line::prelude::*;
use crate::transactions::{new, retitle, title};

#[test]
fn t10_a_commit_that_fails_leaves_nothing_uncommitted_in_the_cache() {
    let shop = Shop::with_tables(
        "CREATE TABLE parts (id INTEGER PRIMARY KEY, product_id INTEGER NOT NULL
             REFERENCES products (id) DEFERRABLE INITIALLY DEFERRED);",
    );
    let (mut other, mut conn) = (shop.warm(), shop.conn());
    conn.batch_execute(CHECK_FOREIGN_KEYS).unwrap();
    let result = conn.transaction(|conn| {
        retitle(conn, 1, "New")?;
        conn.batch_execute("INSERT INTO parts VALUES (1, 999)")
    });
    assert!(matches!(result, Err(Error::DatabaseError(..))), "{result:?}");
    assert_eq!(title(&shop, &mut other, 1).1, "Lamp");
    shop.read_everything(&mut other);
    conn.transaction(|conn| retitle(conn, 1, "New")).unwrap();
    assert_eq!(title(&shop, &mut other, 1), new());
    assert_eq!(title(&shop, &mut conn, 1), (0, "New".into()));
}
