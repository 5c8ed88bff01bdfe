//! Diesel's transactions: what others see, when, and what a rollback leaves.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

use cache_diesel::{Event, Kind};
use diesel::connection::{InstrumentationEvent, SimpleConnection};
use diesel::result::Error;

use crate::database::{Conn, SAVE, try_in};
use crate::harness::{Product, Shop, list_cost, new_product, products};
use crate::line::prelude::*;

pub fn retitle(conn: &mut Conn, id: i32, title: &str) -> QueryResult<usize> {
    diesel::update(products::table.find(id)).set(products::title.eq(title)).execute(conn)
}

/// The title of a row as others see it, and the statements that it took.
#[track_caller]
pub fn title(shop: &Shop, conn: &mut Conn, id: i32) -> (usize, String) {
    let cost = shop.row_cost(conn, id);
    (cost, shop.products().get(id).first(conn).unwrap().title.clone())
}

fn old() -> (usize, String) {
    (0, "Lamp".into())
}

pub fn new() -> (usize, String) {
    (1, "New".into())
}

#[test]
fn t1_others_see_what_was_committed_while_a_transaction_is_open() {
    let shop = Shop::new();
    let mut other = shop.warm();
    let done = shop.conn().transaction(|conn| {
        retitle(conn, 1, "New")?;
        assert_eq!(title(&shop, &mut other, 1), old());
        assert_eq!(shop.read_everything(&mut other), 0);
        Ok::<(), Error>(())
    });
    assert_eq!((done, title(&shop, &mut other, 1)), (Ok(()), new()));
    shop.read_everything(&mut other);
}

#[test]
fn t1_a_fill_during_the_transaction_does_not_outlive_the_commit() {
    let shop = Shop::new();
    let mut other = shop.conn();
    shop.conn()
        .transaction(|conn| {
            retitle(conn, 1, "New")?;
            assert_eq!(shop.row_cost(&mut other, 1), 1);
            shop.read_everything(&mut other);
            Ok::<(), Error>(())
        })
        .unwrap();
    assert_eq!(title(&shop, &mut other, 1), new());
    shop.read_everything(&mut other);
}

#[test]
fn t2_a_transaction_sees_its_own_writes_and_stores_none_of_them() {
    let shop = Shop::new();
    let mut conn = shop.conn();
    let stored = || shop.cache.statistics().total().store_count;
    let rolled_back = conn.transaction(|conn| {
        retitle(conn, 1, "New")?;
        assert_eq!(title(&shop, conn, 1), new());
        let (first, second) = (shop.read_everything(conn), shop.read_everything(conn));
        assert_eq!(first, second);
        Err::<(), Error>(Error::RollbackTransaction)
    });
    assert_eq!((rolled_back, stored()), (Err(Error::RollbackTransaction), 0));
    assert_eq!(shop.products().get(1).first(&mut conn).unwrap().title, "Lamp");
    shop.read_everything(&mut conn);
}

#[test]
fn t3_the_new_value_is_read_after_the_commit() {
    let shop = Shop::new();
    let mut conn = shop.warm();
    conn.transaction(|conn| retitle(conn, 1, "New")).unwrap();
    assert_eq!(title(&shop, &mut conn, 1), new());
    assert_eq!(title(&shop, &mut shop.conn(), 1), (0, "New".into()));
}

#[test]
fn t4_a_rollback_leaves_entries_valid() {
    let shop = Shop::new();
    let mut other = shop.warm();
    let mut conn = shop.conn();
    let result = conn.transaction(|conn| {
        retitle(conn, 1, "New")?;
        shop.products().insert(new_product(4, 7, "new")).execute(conn)?;
        shop.products().delete(2).execute(conn)?;
        Err::<(), Error>(Error::NotFound)
    });
    assert_eq!(result, Err(Error::NotFound));
    assert_eq!(shop.read_everything(&mut other), 0);
    assert_eq!(shop.read_everything(&mut conn), 0);
}

#[test]
fn t4_an_early_return_rolls_back() {
    fn work(conn: &mut Conn) -> QueryResult<Product> {
        conn.transaction(|conn| {
            retitle(conn, 1, "New")?;
            products::table.find(99).first(conn)
        })
    }
    let shop = Shop::new();
    let mut other = shop.warm();
    assert_eq!(work(&mut shop.conn()), Err(Error::NotFound));
    assert_eq!(shop.read_everything(&mut other), 0);
}

#[test]
fn t5_a_savepoint_that_rolls_back_takes_nothing_else_with_it() {
    let shop = Shop::new();
    let mut other = shop.warm();
    shop.conn()
        .transaction(|conn| {
            retitle(conn, 1, "New")?;
            let inner = conn.transaction(|conn| {
                retitle(conn, 3, "Undone")?;
                Err::<(), Error>(Error::RollbackTransaction)
            });
            assert_eq!(inner, Err(Error::RollbackTransaction));
            assert_eq!(shop.read_everything(&mut other), 0);
            retitle(conn, 2, "Later")
        })
        .unwrap();
    let titles = [1, 2, 3].map(|id| title(&shop, &mut other, id).1);
    assert_eq!(titles, ["New", "Later", "Table"]);
    shop.read_everything(&mut other);
    assert_eq!(shop.read_everything(&mut other), 0);
}

#[test]
fn t6_nothing_is_invalidated_before_the_outermost_commit() {
    let shop = Shop::new();
    let mut other = shop.warm();
    shop.conn()
        .transaction(|conn| {
            conn.transaction(|conn| conn.transaction(|conn| retitle(conn, 1, "New")))?;
            assert_eq!(shop.read_everything(&mut other), 0);
            Ok::<(), Error>(())
        })
        .unwrap();
    assert_eq!(title(&shop, &mut other, 1), new());
}

#[test]
fn t7_an_outer_rollback_undoes_an_inner_commit() {
    let shop = Shop::new();
    let mut other = shop.warm();
    let outer = shop.conn().transaction(|conn| {
        conn.transaction(|conn| retitle(conn, 1, "New"))?;
        Err::<(), Error>(Error::RollbackTransaction)
    });
    assert_eq!(outer, Err(Error::RollbackTransaction));
    assert_eq!(shop.read_everything(&mut other), 0);
}

#[test]
fn t8_the_cache_changes_after_the_commit() {
    let shop = Shop::new();
    let log: Arc<Mutex<Vec<String>>> = Arc::default();
    let (heard, seen) = (Arc::clone(&log), Arc::clone(&log));
    let here = std::thread::current().id();
    shop.cache.listen("log", move |event| {
        if let Event::Invalidated { .. } = event
            && std::thread::current().id() == here
        {
            heard.lock().unwrap().push("invalidated".into());
        }
    });
    let mut conn = shop.conn_with(Arc::new(Mutex::new(move |event: &InstrumentationEvent<'_>| {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            let text = query.to_string();
            seen.lock().unwrap().push(text.split_whitespace().next().unwrap_or_default().into());
        }
    })));
    log.lock().unwrap().clear();
    let row = Product { title: "New".into(), ..products::table.find(1).first(&mut shop.conn()).unwrap() };
    conn.transaction(|conn| shop.products().save(&row).execute(conn)).unwrap();
    assert_eq!(*log.lock().unwrap(), [&["BEGIN"], SAVE, &["COMMIT", "invalidated"]].concat());
    log.lock().unwrap().clear();
    shop.products().save(&row).execute(&mut conn).unwrap();
    assert_eq!(*log.lock().unwrap(), [SAVE, &["invalidated"]].concat());
}

#[test]
fn t16_reads_in_a_transaction_hit_and_fill_nothing() {
    let shop = Shop::new();
    let mut conn = shop.conn();
    conn.transaction(|conn| {
        assert_eq!([(); 2].map(|()| shop.row_cost(conn, 1)), [1, 1]);
        Ok::<(), Error>(())
    })
    .unwrap();
    let counts = shop.counts("product", Kind::Detail);
    assert_eq!((counts.bypass_count, counts.store_count, counts.miss_count), (2, 0, 0));
    assert_eq!([(); 2].map(|()| shop.row_cost(&mut conn, 1)), [1, 0]);
}

#[test]
fn a_statement_that_fails_inside_does_not_hide_the_others() {
    let shop = Shop::new();
    let (mut other, mut conn) = (shop.warm(), shop.conn());
    conn.transaction(|conn| {
        retitle(conn, 1, "New")?;
        let twice =
            try_in(conn, |conn| diesel::insert_into(products::table).values(new_product(2, 7, "new")).execute(conn));
        assert!(twice.is_err());
        retitle(conn, 3, "Last")
    })
    .unwrap();
    assert_eq!(shop.products().get(1).first(&mut other).unwrap().title, "New");
    assert_eq!(shop.products().get(3).first(&mut other).unwrap().title, "Last");
    shop.read_everything(&mut other);
    assert_eq!(shop.read_everything(&mut conn), 0, "the connection is in no transaction");
}

#[test]
fn a_panic_inside_leaves_what_was_committed() {
    let shop = Shop::new();
    let (mut other, mut conn) = (shop.warm(), shop.conn());
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        conn.transaction(|conn| -> QueryResult<()> {
            retitle(conn, 1, "New")?;
            panic!("on purpose")
        })
    }));
    assert!(panicked.is_err());
    assert_eq!(title(&shop, &mut other, 1), old());
    assert!(shop.row_cost(&mut conn, 1) == 1, "nobody ended the transaction");
    drop(conn);
    assert_eq!(title(&shop, &mut other, 1).1, "Lamp");
    shop.read_everything(&mut other);
}

#[test]
fn a_transaction_that_is_begun_by_hand_through_diesel_counts() {
    use crate::line::{AnsiTransactionManager, TransactionManager};
    let shop = Shop::new();
    let (mut other, mut conn) = (shop.warm(), shop.conn());
    AnsiTransactionManager::begin_transaction(&mut conn).unwrap();
    retitle(&mut conn, 1, "New").unwrap();
    assert_eq!(title(&shop, &mut other, 1), old());
    AnsiTransactionManager::commit_transaction(&mut conn).unwrap();
    assert_eq!(title(&shop, &mut other, 1), new());
}

#[test]
fn t14_a_test_transaction_leaks_nothing() {
    let shop = Shop::new();
    let (mut other, mut conn) = (shop.warm(), shop.conn());
    conn.test_transaction(|conn| {
        conn.transaction(|conn| shop.products().save(&new_product(1, 8, "new")).execute(conn))?;
        assert_eq!(shop.products().get_by_slug("new").first(conn)?.id, 1);
        shop.read_everything(conn);
        Ok::<(), Error>(())
    });
    assert_eq!(shop.read_everything(&mut other), 0);
    conn.begin_test_transaction().unwrap();
    retitle(&mut conn, 1, "New").unwrap();
    shop.read_everything(&mut conn);
    drop(conn);
    shop.read_everything(&mut other);
    assert_eq!(title(&shop, &mut other, 1).1, "Lamp");
}

/// The statements of a read of the row 1 and of the list of its shelf that ask to be answered from the cache.
fn inside(shop: &Shop, conn: &mut Conn) -> [usize; 2] {
    let row = || shop.products().get(1).cached_in_transaction();
    let shelf = || shop.products().all_by_category_id(7).cached_in_transaction();
    [
        shop.cost(conn, |conn| row().first(conn), |conn| products::table.find(1).first::<Product>(conn)),
        list_cost!(shop, conn, shelf()),
    ]
}

#[test]
fn a_transaction_that_has_written_nothing_may_be_answered_from_the_cache() {
    let shop = Shop::new();
    let mut other = shop.warm();
    let mut conn = shop.conn();
    shop.products().get(3).first(&mut conn).unwrap();
    let many = |conn: &mut Conn| shop.products().get_many([1, 3]).cached_in_transaction().load(conn).unwrap();
    conn.transaction(|conn| {
        assert_eq!(inside(&shop, conn), [0, 0]);
        assert_eq!(shop.counted(|| many(conn)).0, 0);
        assert_eq!(shop.row_cost(conn, 1), 1, "a read that does not ask for it");
        // In a savepoint, and after mere reads, too.
        products::table.count().get_result::<i64>(conn)?;
        conn.transaction(|conn| {
            assert_eq!(inside(&shop, conn), [0, 0]);
            QueryResult::Ok(())
        })?;
        QueryResult::Ok(())
    })
    .unwrap();
    retitle(&mut other, 1, "New").unwrap();
    let stored = shop.cache.statistics().total().store_count;
    conn.transaction(|conn| {
        assert_eq!([inside(&shop, conn), inside(&shop, conn)], [[1, 1]; 2], "what is not cached is not stored");
        assert_eq!(shop.counted(|| many(conn)).0, 1);
        QueryResult::Ok(())
    })
    .unwrap();
    assert_eq!(shop.cache.statistics().total().store_count, stored);
    assert_eq!(title(&shop, &mut conn, 1), new());
}

#[test]
fn a_transaction_that_has_written_is_answered_by_the_database() {
    type Write = fn(&Shop, &mut Conn) -> QueryResult<()>;
    let writes: [(&str, Write); 5] = [
        ("plain", |_, conn| retitle(conn, 1, "New").map(drop)),
        ("through the manager", |shop, conn| {
            shop.products().write(diesel::delete(products::table.find(2))).execute(conn).map(drop)
        }),
        ("in a savepoint that is rolled back", |_, conn| {
            let undone: QueryResult<()> = conn.transaction(|conn| {
                retitle(conn, 1, "New")?;
                Err(Error::RollbackTransaction)
            });
            assert_eq!(undone, Err(Error::RollbackTransaction));
            Ok(())
        }),
        ("of which nobody knows what it does", |_, conn| {
            try_in(conn, |conn| diesel::sql_query("FLY TO THE MOON").execute(conn)).unwrap_err();
            Ok(())
        }),
        ("named", |_, conn| crate::line::write_by_name(conn, "products", "SELECT 1")),
    ];
    for (name, write) in writes {
        let shop = Shop::new();
        let mut conn = shop.warm();
        let done: QueryResult<()> = conn.transaction(|conn| {
            assert_eq!(inside(&shop, conn), [0, 0], "{name}");
            write(&shop, conn)?;
            assert_eq!(inside(&shop, conn), [1, 1], "{name}");
            Err(Error::RollbackTransaction)
        });
        assert_eq!(done, Err(Error::RollbackTransaction), "{name}");
        conn.transaction(|conn| {
            inside(&shop, conn);
            QueryResult::Ok(())
        })
        .unwrap();
        shop.read_everything(&mut conn);
    }
}

#[test]
fn a_raw_transaction_is_answered_from_the_cache_until_it_writes() {
    let shop = Shop::new();
    let mut conn = shop.warm();
    conn.batch_execute("BEGIN").unwrap();
    assert_eq!(inside(&shop, &mut conn), [0, 0]);
    retitle(&mut conn, 1, "New").unwrap();
    assert_eq!(inside(&shop, &mut conn), [1, 1]);
    conn.batch_execute("COMMIT").unwrap();
    assert_eq!(title(&shop, &mut conn, 1), new());
}
