//! Transactions that are begun and ended by SQL text.

use diesel::connection::SimpleConnection;
use diesel::result::Error;
use diesel::sql_query;

use crate::database::{COMMIT_NEEDS_TRANSACTION, Conn, RAW_TRANSACTIONS, RELEASE, WHOLE_TRANSACTIONS};
use crate::harness::Shop;
use crate::line::prelude::*;
use crate::transactions::{retitle, title};

fn run(conn: &mut Conn, sql: &str) {
    sql_query(sql).execute(conn).unwrap();
}

fn run_batch(conn: &mut Conn, sql: &str) {
    conn.batch_execute(sql).unwrap();
}

const WAYS: [fn(&mut Conn, &str); 2] = [run, run_batch];

#[test]
fn t1_a_raw_transaction_takes_effect_at_its_commit() {
    for run in WAYS {
        for (begin, commit) in RAW_TRANSACTIONS {
            let shop = Shop::new();
            let (mut other, mut conn) = (shop.warm(), shop.conn());
            run(&mut conn, begin);
            retitle(&mut conn, 1, "New").unwrap();
            assert_eq!(title(&shop, &mut conn, 1), (1, "New".into()));
            assert_eq!(shop.read_everything(&mut other), 0, "{begin}");
            run(&mut conn, commit);
            assert_eq!(title(&shop, &mut other, 1), (1, "New".into()), "{commit}");
            shop.read_everything(&mut conn);
            assert_eq!(shop.read_everything(&mut other) + shop.read_everything(&mut conn), 0);
        }
    }
}

#[test]
fn t4_a_raw_rollback_leaves_entries_valid() {
    for run in WAYS {
        let shop = Shop::new();
        let (mut other, mut conn) = (shop.warm(), shop.conn());
        run(&mut conn, "BEGIN");
        retitle(&mut conn, 1, "New").unwrap();
        shop.products().delete(3).execute(&mut conn).unwrap();
        run(&mut conn, "ROLLBACK");
        assert_eq!(shop.read_everything(&mut other), 0);
        assert_eq!(shop.read_everything(&mut conn), 0);
    }
}

#[test]
fn t5_raw_savepoints_hide_nothing() {
    let shop = Shop::new();
    let (mut other, mut conn) = (shop.warm(), shop.conn());
    run(&mut conn, "BEGIN");
    retitle(&mut conn, 1, "New").unwrap();
    run(&mut conn, "SAVEPOINT a");
    retitle(&mut conn, 2, "Undone").unwrap();
    run(&mut conn, "ROLLBACK TO a");
    run(&mut conn, RELEASE);
    retitle(&mut conn, 3, "Last").unwrap();
    assert_eq!(shop.read_everything(&mut other), 0);
    run(&mut conn, "COMMIT");
    assert_eq!([1, 2, 3].map(|id| title(&shop, &mut other, id).1), ["New", "Torch", "Last"]);
    shop.read_everything(&mut other);
}

#[test]
fn a_batch_with_a_whole_transaction_counts_at_once() {
    let batches = [
        "BEGIN; UPDATE products SET title = 'New' WHERE id = 1; COMMIT",
        "BEGIN; UPDATE products SET title = 'New' WHERE id = 1; COMMIT; DELETE FROM products WHERE id = 2;",
        "DELETE FROM products WHERE id = 2; BEGIN; UPDATE products SET title = 'New' WHERE id = 1; COMMIT;",
    ];
    for batch in batches.iter().chain(WHOLE_TRANSACTIONS) {
        let shop = Shop::new();
        let (mut other, mut conn) = (shop.warm(), shop.conn());
        conn.batch_execute(batch).unwrap();
        assert_eq!(title(&shop, &mut other, 1).1, "New", "{batch}");
        shop.read_everything(&mut other);
        shop.read_everything(&mut conn);
    }
}

#[test]
fn a_batch_may_leave_its_transaction_open() {
    for (end, expected) in [("COMMIT", "New"), ("ROLLBACK", "Lamp")] {
        let shop = Shop::new();
        let (mut other, mut conn) = (shop.warm(), shop.conn());
        conn.batch_execute("BEGIN; UPDATE products SET title = 'New' WHERE id = 1").unwrap();
        assert_eq!(title(&shop, &mut other, 1).1, "Lamp");
        shop.read_everything(&mut other);
        assert_eq!(title(&shop, &mut conn, 1), (1, "New".into()), "its own reads go to the database");
        retitle(&mut conn, 2, "Second").unwrap();
        shop.read_everything(&mut other);
        conn.batch_execute(end).unwrap();
        assert_eq!(title(&shop, &mut other, 1).1, expected);
        shop.read_everything(&mut other);
        shop.read_everything(&mut conn);
    }
}

#[test]
fn a_raw_commit_inside_diesels_transaction_hides_nothing() {
    let shop = Shop::new();
    let (mut other, mut conn) = (shop.warm(), shop.conn());
    let result = conn.transaction(|conn| {
        retitle(conn, 1, "New")?;
        sql_query("COMMIT").execute(conn)?;
        assert_eq!(title(&shop, &mut other, 1).1, "New");
        retitle(conn, 2, "By itself")?;
        assert_eq!(title(&shop, &mut other, 2).1, "By itself");
        Ok::<(), Error>(())
    });
    let is_noticed = COMMIT_NEEDS_TRANSACTION && crate::line::ASKS_BEFORE_COMMIT;
    assert_eq!(result.is_err(), is_noticed, "there is nothing left to commit");
    shop.read_everything(&mut other);
    shop.read_everything(&mut conn);
}

#[test]
fn a_raw_rollback_inside_diesels_transaction_hides_nothing() {
    let shop = Shop::new();
    let (mut other, mut conn) = (shop.warm(), shop.conn());
    let result = conn.transaction(|conn| {
        retitle(conn, 1, "Undone")?;
        sql_query("ROLLBACK").execute(conn)?;
        sql_query("BEGIN").execute(conn)?;
        retitle(conn, 2, "New")
    });
    // On PostgreSQL Diesel has forgotten its transaction, and what was begun by hand is open.
    if matches!(result, Err(Error::NotInTransaction)) {
        run(&mut conn, "COMMIT");
    } else {
        assert_eq!(result, Ok(1));
    }
    assert_eq!([1, 2].map(|id| title(&shop, &mut other, id).1), ["Lamp", "New"]);
    shop.read_everything(&mut other);
    shop.read_everything(&mut conn);
}

#[test]
fn a_connection_that_is_dropped_in_a_raw_transaction_leaves_what_was_committed() {
    let shop = Shop::new();
    let (mut other, mut conn) = (shop.warm(), shop.conn());
    run(&mut conn, "BEGIN");
    retitle(&mut conn, 1, "New").unwrap();
    drop(conn);
    assert_eq!(title(&shop, &mut other, 1).1, "Lamp");
    shop.read_everything(&mut other);
    assert_eq!(shop.read_everything(&mut other), 0);
}

#[test]
fn the_session_is_clean_again_after_a_raw_transaction() {
    let shop = Shop::new();
    let mut conn = shop.warm();
    run(&mut conn, "BEGIN");
    run(&mut conn, "COMMIT");
    assert_eq!(shop.read_everything(&mut conn), 0);
    run(&mut conn, "BEGIN");
    assert_eq!(shop.row_cost(&mut conn, 1), 1);
    assert!(sql_query("INSERT INTO products VALUES (1, 7, 'x', 'X', 1, TRUE)").execute(&mut conn).is_err());
    run(&mut conn, "ROLLBACK");
    shop.read_everything(&mut conn);
    assert_eq!(shop.read_everything(&mut conn), 0);
}
