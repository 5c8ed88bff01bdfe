//! Transactions that the server begins and ends by itself.

use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use cache_core::ManualClock;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::result::Error;
use diesel::sql_query;
use diesel::sql_types::Integer;

use crate::database::Conn;
use crate::harness::{Moment, Shop, new_product, once_at};
use crate::kept::cache_at;
use crate::transactions::{retitle, title};

fn run(conn: &mut Conn, sql: &str) {
    sql_query(sql).execute(conn).unwrap();
}

/// Fills the cache with what others see, and gives the title of row `id`.
#[track_caller]
fn seen(shop: &Shop, other: &mut Conn, id: i32) -> String {
    shop.read_everything(other);
    title(shop, other, id).1
}

#[test]
fn t1_without_autocommit_a_write_takes_effect_at_the_commit() {
    for (off, on) in [
        ("SET autocommit = 0", "SET autocommit = 1"),
        ("SET SESSION autocommit = OFF", "SET @@autocommit = ON"),
        ("set @@session.autocommit := false", "SET NAMES utf8mb4, autocommit = true"),
    ] {
        let shop = Shop::new();
        let (mut other, mut conn) = (shop.warm(), shop.conn());
        run(&mut conn, off);
        retitle(&mut conn, 1, "New").unwrap();
        assert_eq!(shop.read_everything(&mut other), 0, "{off}");
        assert_eq!(title(&shop, &mut conn, 1), (1, "New".into()));
        run(&mut conn, "COMMIT");
        assert_eq!(seen(&shop, &mut other, 1), "New");
        retitle(&mut conn, 2, "Undone").unwrap();
        run(&mut conn, "ROLLBACK");
        assert_eq!(shop.read_everything(&mut other), 0, "{off}");
        retitle(&mut conn, 2, "Second").unwrap();
        assert_eq!(seen(&shop, &mut other, 2), "Torch");
        run(&mut conn, on);
        assert_eq!(seen(&shop, &mut other, 2), "Second", "{on}");
        shop.read_everything(&mut conn);
        assert_eq!(shop.read_everything(&mut conn), 0, "{on}");
        retitle(&mut conn, 3, "Third").unwrap();
        assert_eq!(seen(&shop, &mut other, 3), "Third", "{on}");
    }
}

#[test]
fn t1_texts_that_switch_autocommit_hide_nothing() {
    let shop = Shop::new();
    let (mut other, mut conn) = (shop.warm(), shop.conn());
    conn.batch_execute("SET autocommit = 0; UPDATE products SET title = 'New' WHERE id = 1").unwrap();
    assert_eq!(seen(&shop, &mut other, 1), "Lamp");
    conn.batch_execute("COMMIT; UPDATE products SET title = 'New' WHERE id = 2").unwrap();
    assert_eq!([1, 2].map(|id| seen(&shop, &mut other, id)), ["New", "Torch"]);
    run(&mut conn, "COMMIT");
    assert_eq!(seen(&shop, &mut other, 2), "New");
    run(&mut conn, "SET autocommit = 1");
    run(&mut conn, "BEGIN");
    retitle(&mut conn, 3, "New").unwrap();
    run(&mut conn, "SET autocommit = 1");
    retitle(&mut conn, 1, "Newer").unwrap();
    assert_eq!([1, 3].map(|id| seen(&shop, &mut other, id)), ["New", "Table"], "it was on, and nothing was committed");
    run(&mut conn, "COMMIT");
    assert_eq!([1, 3].map(|id| seen(&shop, &mut other, id)), ["Newer", "New"]);
}

#[test]
fn a_begin_commits_what_was_open() {
    for open in ["BEGIN", "SET autocommit = 0", "SET autocommit = 0; BEGIN"] {
        let shop = Shop::new();
        let (mut other, mut conn) = (shop.warm(), shop.conn());
        conn.batch_execute(open).unwrap();
        retitle(&mut conn, 1, "New").unwrap();
        assert_eq!(seen(&shop, &mut other, 1), "Lamp");
        let undone = conn.transaction(|conn| {
            assert_eq!(title(&shop, &mut other, 1).1, "New", "{open}");
            retitle(conn, 2, "Undone")?;
            shop.read_everything(&mut other);
            Err::<(), Error>(Error::RollbackTransaction)
        });
        assert_eq!(undone, Err(Error::RollbackTransaction));
        assert_eq!([1, 2].map(|id| seen(&shop, &mut other, id)), ["New", "Torch"], "{open}");
        run(&mut conn, "BEGIN");
        retitle(&mut conn, 3, "New").unwrap();
        assert_eq!(seen(&shop, &mut other, 3), "Table");
        run(&mut conn, "START TRANSACTION");
        assert_eq!(seen(&shop, &mut other, 3), "New", "{open}");
        run(&mut conn, "ROLLBACK");
        shop.read_everything(&mut other);
        shop.read_everything(&mut conn);
    }
}

#[test]
fn statements_that_commit_by_themselves_hide_nothing() {
    for sql in [
        "CREATE TABLE scratch (x INT)",
        "ALTER TABLE categories ADD COLUMN more INT",
        "TRUNCATE categories",
        "LOCK TABLES products WRITE, categories READ; UNLOCK TABLES",
        "ANALYZE TABLE products",
        "CREATE INDEX by_name ON categories (name(10))",
        "FLUSH TABLES categories",
    ] {
        let shop = Shop::new();
        let (mut other, mut conn) = (shop.warm(), shop.conn());
        let undone = conn.transaction(|conn| {
            retitle(conn, 1, "New")?;
            shop.read_everything(&mut other);
            conn.batch_execute(sql)?;
            shop.read_everything(&mut other);
            // From here on every statement commits by itself.
            retitle(conn, 2, "Also new")?;
            shop.read_everything(&mut other);
            shop.products().save(&new_product(3, 9, "third")).execute(conn)?;
            shop.read_everything(&mut other);
            Err::<(), Error>(Error::RollbackTransaction)
        });
        assert_eq!(undone, Err(Error::RollbackTransaction), "{sql}");
        shop.read_everything(&mut other);
        shop.read_everything(&mut conn);
        retitle(&mut conn, 1, "Newest").unwrap();
        assert_eq!(seen(&shop, &mut other, 1), "Newest", "{sql}");
    }
}

#[test]
fn a_transaction_that_follows_at_once_is_one() {
    for (end, expected) in [("COMMIT AND CHAIN", "New"), ("ROLLBACK AND CHAIN", "Lamp")] {
        let shop = Shop::new();
        let (mut other, mut conn) = (shop.warm(), shop.conn());
        run(&mut conn, "START TRANSACTION");
        retitle(&mut conn, 1, "New").unwrap();
        assert_eq!(seen(&shop, &mut other, 1), "Lamp");
        run(&mut conn, end);
        assert_eq!(seen(&shop, &mut other, 1), expected);
        retitle(&mut conn, 2, "New").unwrap();
        assert_eq!(title(&shop, &mut conn, 2), (1, "New".into()));
        assert_eq!(seen(&shop, &mut other, 2), "Torch", "{end}");
        run(&mut conn, "COMMIT");
        assert_eq!(seen(&shop, &mut other, 2), "New", "{end}");
        shop.read_everything(&mut conn);
        assert_eq!(shop.read_everything(&mut conn), 0);
    }
}

#[test]
fn a_procedure_that_leaves_its_transaction_open_hides_nothing() {
    let shop = Shop::with_tables(
        "CREATE PROCEDURE leave_open() BEGIN START TRANSACTION; UPDATE products SET title = 'New' WHERE id = 1; END",
    );
    let (mut other, mut conn) = (shop.warm(), shop.conn());
    conn.batch_execute("CALL leave_open()").unwrap();
    assert_eq!(seen(&shop, &mut other, 1), "Lamp");
    retitle(&mut conn, 2, "Also new").unwrap();
    assert_eq!(title(&shop, &mut conn, 2), (1, "Also new".into()), "its own reads go to the database");
    shop.read_everything(&mut other);
    run(&mut conn, "COMMIT");
    assert_eq!([1, 2].map(|id| seen(&shop, &mut other, id)), ["New", "Also new"]);
}

#[test]
fn who_lost_a_deadlock_and_goes_on_hides_nothing() {
    let shop = Arc::new(Shop::new());
    let mut other = shop.warm();
    let barrier = Arc::new(Barrier::new(2));
    let sides = [(1, 2), (2, 1)].map(|(mine, theirs)| {
        let (shop, barrier) = (Arc::clone(&shop), Arc::clone(&barrier));
        thread::spawn(move || {
            let (mut conn, mut other) = (shop.conn(), shop.conn());
            conn.transaction(|conn| {
                retitle(conn, mine, "Mine")?;
                barrier.wait();
                let has_lost = retitle(conn, theirs, "Theirs").is_err();
                if has_lost {
                    // The server has ended the transaction: this commits by itself.
                    shop.read_everything(&mut other);
                    retitle(conn, 3, "Went on")?;
                    assert_eq!(title(&shop, &mut other, 3).1, "Went on");
                    shop.products().insert(new_product(4, 7, "new")).execute(conn)?;
                    shop.read_everything(&mut other);
                }
                // While the other side commits, nobody can say what is right.
                barrier.wait();
                QueryResult::Ok(has_lost)
            })
        })
    });
    let outcomes = sides.map(|side| side.join().unwrap());
    assert_eq!(outcomes.iter().filter(|outcome| **outcome != Ok(false)).count(), 1, "{outcomes:?}");
    assert_eq!(seen(&shop, &mut other, 3), "Went on");
    assert_eq!(shop.read_everything(&mut other), 0);
}

#[derive(QueryableByName)]
struct Session {
    #[diesel(sql_type = Integer)]
    id: i32,
}

fn id_of(conn: &mut Conn) -> i32 {
    sql_query("SELECT CAST(CONNECTION_ID() AS INT) AS id").get_result::<Session>(conn).unwrap().id
}

#[test]
fn a_connection_that_is_ended_in_its_transaction_hides_nothing() {
    let shop = Shop::new();
    let (mut other, mut killer, mut conn) = (shop.warm(), shop.conn(), shop.conn());
    let ended = conn.transaction(|conn| {
        retitle(conn, 1, "Undone")?;
        let id = id_of(conn);
        run(&mut killer, &format!("KILL CONNECTION {id}"));
        retitle(conn, 2, "Undone")
    });
    assert!(ended.is_err());
    drop(conn);
    assert_eq!([1, 2].map(|id| title(&shop, &mut other, id).1), ["Lamp", "Torch"]);
    shop.read_everything(&mut other);
}

#[test]
fn t10_a_commit_whose_answer_is_lost_counts_as_running() {
    let clock = ManualClock::new();
    let shop = Shop::with(cache_at(&clock).intent_life(Duration::from_secs(10)));
    let (mut other, mut killer, mut watcher) = (shop.warm(), shop.conn(), shop.conn());
    let target = Arc::new(AtomicI32::new(0));
    let seen_target = Arc::clone(&target);
    let hook = once_at(Moment::Start, "COMMIT", move || {
        let id = seen_target.load(Ordering::SeqCst);
        run(&mut killer, &format!("KILL CONNECTION {id}"));
        let rest = format!("SELECT id FROM information_schema.processlist WHERE id = {id}");
        while sql_query(&rest).execute(&mut watcher).unwrap() > 0 {
            thread::yield_now();
        }
    });
    let mut conn = shop.conn_with(hook);
    target.store(id_of(&mut conn), Ordering::SeqCst);
    let error = conn.transaction(|conn| retitle(conn, 1, "Undone")).unwrap_err();
    assert_eq!(title(&shop, &mut other, 1).1, "Lamp");
    shop.row_cost(&mut other, 1);
    clock.advance(Duration::from_secs(10));
    assert_eq!(shop.row_cost(&mut other, 1), 1, "what was filled meanwhile is not trusted for longer: {error}");
    shop.read_everything(&mut other);
}

#[test]
fn a_connection_that_is_tracked_without_autocommit_is_in_a_transaction() {
    let shop = Shop::new();
    let (mut other, mut conn) = (shop.warm(), shop.untracked());
    run(&mut conn, "SET autocommit = 0");
    shop.track(&mut conn);
    for new in ["New", "Newer"] {
        let old = seen(&shop, &mut other, 1);
        retitle(&mut conn, 1, new).unwrap();
        assert_eq!(title(&shop, &mut conn, 1), (1, new.into()), "it reads its own write");
        assert_eq!(seen(&shop, &mut other, 1), old);
        run(&mut conn, "COMMIT");
        assert_eq!(seen(&shop, &mut other, 1), new);
    }
}
