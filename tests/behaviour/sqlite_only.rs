//! What only SQLite does.

use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use cache_diesel::prelude::*;
use diesel::connection::SimpleConnection;
use diesel::result::Error;
use diesel::sql_query;
use diesel::sql_types::Integer;

use crate::database::Conn;
use crate::harness::{Moment, Product, Shop, once_at, products};
use crate::line::prelude::*;
use crate::stores::SpyStore;
use crate::test_transactions::on_stage;
use crate::transactions::{new, retitle, title};

diesel::table! { loose (rowid) { rowid -> Integer, name -> Text, } }

#[derive(Cached, Clone, Debug, PartialEq, Queryable, Selectable)]
#[diesel(table_name = loose, primary_key(rowid))]
struct Loose {
    rowid: i32,
    name: String,
}

const LOOSE: &str = "CREATE TABLE loose (name TEXT NOT NULL); INSERT INTO loose VALUES ('a'), ('b'), ('c');";

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = Integer)]
    #[expect(dead_code, reason = "the row is never read")]
    id: i32,
}

#[diesel::declare_sql_function]
extern "SQL" {
    /// Registered on some connections only.
    fn sometimes(value: diesel::sql_types::Integer) -> diesel::sql_types::Integer;
}

#[test]
fn c13_waiters_learn_at_once_that_the_load_failed() {
    let store = SpyStore::new();
    let builder = Cache::builder().store(store.clone()).flight_wait(Duration::from_secs(120));
    let shop = Arc::new(Shop::with(builder));
    let read = |shop: &Shop, conn: &mut Conn| {
        shop.products().all("sometimes", sometimes(products::id).gt(1)).assume_deterministic().load(conn)
    };
    let (seeded, spy) = (store.seed_count(), store.clone());
    let (started, leads) = mpsc::channel();
    let hook = once_at(Moment::Start, "sometimes", move || {
        started.send(()).unwrap();
        while spy.seed_count() - seeded < 2 {
            thread::yield_now();
        }
        thread::sleep(Duration::from_millis(100));
    });
    let begin = Instant::now();
    let leader = thread::spawn({
        let shop = Arc::clone(&shop);
        move || read(&shop, &mut shop.conn_with(hook))
    });
    leads.recv().unwrap();
    let mut conn = shop.conn();
    sometimes_utils::register_impl(&mut conn, |value: i32| value).unwrap();
    let rows = read(&shop, &mut conn).unwrap();
    assert!(begin.elapsed() < Duration::from_secs(60), "it did not wait for the limit");
    assert!(leader.join().unwrap().is_err(), "the function is unknown there");
    assert_eq!(*rows, products::table.filter(products::id.gt(1)).load::<Product>(&mut conn).unwrap());
}

#[test]
fn vacuum_numbers_rows_without_a_key_anew() {
    let shop = Shop::with_tables(LOOSE);
    let mut conn = shop.conn();
    let loose = Loose::cached_in(&shop.name);
    sql_query("DELETE FROM loose WHERE name = 'a'").execute(&mut conn).unwrap();
    assert_eq!(loose.get(2).first(&mut conn).unwrap().name, "b");
    conn.batch_execute("VACUUM").unwrap();
    let plain: String = loose::table.find(2).select(loose::name).first(&mut conn).unwrap();
    assert_eq!(loose.get(2).first(&mut conn).unwrap().name, plain);
}

#[test]
fn an_insert_that_ends_the_transaction_unseen_hides_nothing() {
    let shop = Shop::new();
    let mut conn = shop.conn();
    let mut other = shop.conn();
    shop.products().get(1).first(&mut other).unwrap();
    conn.batch_execute("BEGIN").unwrap();
    let again = "INSERT OR ROLLBACK INTO products VALUES (1, 7, 'lamp', 'Lamp', 1, 1) RETURNING id";
    sql_query(again).get_result::<Id>(&mut conn).map(drop).unwrap_err();
    diesel::update(products::table.find(1)).set(products::title.eq("New")).execute(&mut conn).unwrap();
    assert_eq!(shop.products().get(1).first(&mut other).unwrap().title, "New");
}

#[test]
fn a_managers_insert_that_ends_the_transaction_hides_nothing() {
    let shop = Shop::new();
    let mut conn = shop.conn();
    conn.batch_execute("CREATE TRIGGER refuse BEFORE INSERT ON products BEGIN SELECT RAISE(ROLLBACK, 'refused'); END")
        .unwrap();
    let mut other = shop.conn();
    shop.products().get(1).first(&mut other).unwrap();
    conn.batch_execute("BEGIN").unwrap();
    shop.products().insert(crate::harness::new_product(9, 7, "new")).get_result(&mut conn).unwrap_err();
    diesel::update(products::table.find(1)).set(products::title.eq("New")).execute(&mut conn).unwrap();
    assert_eq!(shop.products().get(1).first(&mut other).unwrap().title, "New");
}

#[test]
fn a_clear_after_a_savepoint_by_hand_happens_again() {
    let shop = Shop::new();
    let mut conn = shop.conn();
    let list = || shop.products().all("x", ());
    conn.batch_execute("SAVEPOINT a").unwrap();
    shop.products().clear_list("x").after(&mut conn).unwrap();
    let mut other = shop.conn();
    list().load(&mut other).unwrap();
    conn.batch_execute("RELEASE a").unwrap();
    assert_eq!(shop.counted(|| list().load(&mut other).unwrap().len()), (1, 3));
}

#[test]
fn f12_a_row_that_cannot_be_read_is_an_error_and_is_not_stored() {
    let shop = Shop::new();
    let mut conn = shop.conn();
    conn.batch_execute("UPDATE products SET title = x'ff' WHERE id = 1").unwrap();
    for _ in 0..2 {
        assert!(matches!(shop.products().get(1).first(&mut conn), Err(Error::DeserializationError(_))));
        assert!(shop.products().every().load(&mut conn).is_err());
    }
    assert_eq!(shop.cache.statistics().total().store_count, 0);
    retitle(&mut conn, 1, "Lamp").unwrap();
    shop.read_everything(&mut conn);
    assert_eq!(shop.read_everything(&mut conn), 0);
}

#[test]
fn a_savepoint_outside_of_transactions_hides_nothing() {
    let shop = Shop::new();
    let (mut other, mut conn) = (shop.warm(), shop.conn());
    sql_query("SAVEPOINT outer_one").execute(&mut conn).unwrap();
    retitle(&mut conn, 1, "New").unwrap();
    assert_eq!(title(&shop, &mut other, 1).1, "Lamp");
    shop.read_everything(&mut other);
    sql_query("RELEASE outer_one").execute(&mut conn).unwrap();
    assert_eq!(title(&shop, &mut other, 1).1, "New");
    shop.read_everything(&mut other);
    retitle(&mut conn, 2, "After").unwrap();
    assert_eq!(title(&shop, &mut other, 2).1, "After");
    shop.read_everything(&mut conn);
}

#[test]
fn a_raw_begin_that_fails_leaves_the_connection_as_it_was() {
    let shop = Shop::new();
    let (mut other, mut holder) = (shop.warm(), shop.conn());
    other.batch_execute("PRAGMA busy_timeout = 0").unwrap();
    sql_query("BEGIN IMMEDIATE").execute(&mut holder).unwrap();
    assert!(sql_query("BEGIN IMMEDIATE").execute(&mut other).is_err());
    shop.read_everything(&mut other);
    assert!(other.batch_execute("BEGIN IMMEDIATE; DELETE FROM products; COMMIT").is_err());
    shop.read_everything(&mut other);
    sql_query("ROLLBACK").execute(&mut holder).unwrap();
    retitle(&mut other, 1, "New").unwrap();
    assert_eq!(title(&shop, &mut holder, 1).1, "New");
    shop.read_everything(&mut holder);
    shop.read_everything(&mut other);
}

#[test]
fn immediate_and_exclusive_transactions_are_transactions() {
    let shop = Shop::new();
    let mut other = shop.warm();
    let mut conn = shop.conn();
    conn.immediate_transaction(|conn| {
        retitle(conn, 1, "New")?;
        assert_eq!(shop.read_everything(&mut other), 0);
        Ok::<(), Error>(())
    })
    .unwrap();
    assert_eq!(title(&shop, &mut other, 1), new());
    conn.exclusive_transaction(|conn| retitle(conn, 1, "Newer")).unwrap();
    assert_eq!(title(&shop, &mut other, 1), (1, "Newer".into()));
}

#[test]
fn a_begin_that_fails_leaves_the_connection_as_it_was() {
    let shop = Shop::new();
    let mut other = shop.warm();
    let mut holder = shop.conn();
    other.batch_execute("PRAGMA busy_timeout = 0").unwrap();
    holder
        .immediate_transaction(|_| {
            let refused = other.immediate_transaction(|_| -> QueryResult<()> { unreachable!("the lock is held") });
            assert!(matches!(refused, Err(Error::DatabaseError(..))), "{refused:?}");
            assert_eq!(shop.read_everything(&mut other), 0, "it is in no transaction");
            Ok::<(), Error>(())
        })
        .unwrap();
    retitle(&mut other, 1, "New").unwrap();
    assert_eq!(title(&shop, &mut holder, 1), new());
    other.immediate_transaction(|conn| retitle(conn, 1, "Newer")).unwrap();
    assert_eq!(title(&shop, &mut holder, 1), (1, "Newer".into()));
}

#[test]
fn a_transaction_that_sqlite_ended_by_itself_hides_nothing() {
    let shop = Shop::new();
    let (mut other, mut conn) = (shop.warm(), shop.conn());
    let result = conn.transaction(|conn| {
        retitle(conn, 2, "Undone")?;
        let ended = conn.batch_execute("INSERT OR ROLLBACK INTO products VALUES (1, 7, 'x', 'X', 1, 1)");
        assert!(ended.is_err());
        // From here on every statement commits by itself.
        retitle(conn, 1, "New")?;
        assert_eq!(title(&shop, &mut other, 1), new());
        retitle(conn, 3, "Last")
    });
    assert!(result.is_err(), "there is nothing left to commit");
    assert_eq!(shop.products().get(3).first(&mut other).unwrap().title, "Last");
    assert_eq!(shop.products().get(2).first(&mut other).unwrap().title, "Torch");
    shop.read_everything(&mut other);
    shop.read_everything(&mut conn);
}

#[test]
fn t16_reads_in_immediate_and_exclusive_transactions_hit_nothing() {
    let shop = Shop::new();
    let mut conn = shop.conn();
    assert_eq!([(); 2].map(|()| shop.row_cost(&mut conn, 1)), [1, 0]);
    conn.immediate_transaction(|conn| {
        assert_eq!(shop.row_cost(conn, 1), 1);
        Ok::<(), Error>(())
    })
    .unwrap();
    conn.exclusive_transaction(|conn| {
        assert_eq!(shop.row_cost(conn, 1), 1);
        Ok::<(), Error>(())
    })
    .unwrap();
    assert_eq!(shop.row_cost(&mut conn, 1), 0);
}

#[test]
fn t14_a_transaction_that_sqlite_ended_by_itself_hides_nothing() {
    let failing: [fn(&mut Conn) -> QueryResult<()>; 2] = [
        |conn| conn.batch_execute("INSERT OR ROLLBACK INTO products VALUES (1, 7, 'x', 'X', 1, 1)"),
        |conn| {
            let sql = "INSERT OR ROLLBACK INTO products VALUES (1, 7, 'x', 'X', 1, 1) RETURNING id";
            sql_query(sql).load::<Id>(conn).map(drop)
        },
    ];
    for fail in failing {
        let shop = Shop::new();
        let (mut other, mut conn) = (shop.warm(), on_stage(&shop));
        retitle(&mut conn, 1, "Undone").unwrap();
        shop.read_everything(&mut conn);
        assert!(fail(&mut conn).is_err());
        assert_eq!(title(&shop, &mut conn, 1).1, "Lamp");
        shop.read_everything(&mut conn);
        // From here on every statement commits by itself.
        retitle(&mut conn, 1, "New").unwrap();
        assert_eq!(title(&shop, &mut other, 1).1, "New");
        retitle(&mut other, 1, "Newer").unwrap();
        assert_eq!(title(&shop, &mut conn, 1).1, "Newer");
        conn.transaction(|conn| retitle(conn, 1, "Newest")).unwrap();
        assert_eq!(title(&shop, &mut other, 1).1, "Newest");
        shop.read_everything(&mut other);
        shop.read_everything(&mut conn);
    }
}
