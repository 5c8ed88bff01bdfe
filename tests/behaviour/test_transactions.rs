//! Transactions of tests, which never commit: in them the cache behaves as if everything were committed, and nothing
//! of it is left afterwards.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Barrier, Mutex};

use cache_diesel::prelude::*;
use cache_diesel::{Bypass, Event, Kind, begin_test_transaction, treat_as_committed};
use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::r2d2::{ConnectionManager, CustomizeConnection, Pool};
use diesel::result::Error;

use crate::database::{BEGIN_COMMITS, Conn, Database, OTHER_SCOPES_AFTER_INSERT, PARTICULAR, insert_back, try_in};
use crate::harness::{Shop, list_cost, new_product, products};
use crate::kept::cache;
use crate::line::prelude::*;
use crate::transactions::{retitle, title};

/// A connection in a test transaction.
pub fn on_stage(shop: &Shop) -> Conn {
    let mut conn = shop.conn();
    begin_test_transaction(&mut conn).unwrap();
    conn
}

pub fn roll_back(conn: &mut Conn) {
    AnsiTransactionManager::rollback_transaction(conn).unwrap();
}

#[test]
fn t14_reads_inside_hit() {
    let shop = Shop::new();
    let mut conn = on_stage(&shop);
    assert!(shop.read_everything(&mut conn) > 0);
    assert_eq!(shop.read_everything(&mut conn), 0);
    assert_eq!(shop.products().get_many([1, 2, 3]).load(&mut conn).unwrap().len(), 3);
    let counts = shop.counts("product", Kind::Detail);
    assert_eq!(counts.bypass_count, 0);
}

#[test]
fn t14_what_was_saved_is_read_and_then_cached() {
    let shop = Shop::new();
    let mut conn = on_stage(&shop);
    shop.read_everything(&mut conn);
    shop.products().save(&new_product(1, 8, "new")).execute(&mut conn).unwrap();
    assert_eq!(title(&shop, &mut conn, 1), (1, "NEW".into()));
    assert_eq!(shop.row_cost(&mut conn, 2), 0, "a save leaves other rows");
    shop.read_everything(&mut conn);
    assert_eq!(shop.read_everything(&mut conn), 0);

    insert_back!(shop.products(), new_product(4, 7, "other"), &mut conn).unwrap();
    assert_eq!(shop.row_cost(&mut conn, 1), 0, "an insert leaves rows");
    assert_eq!(shop.shelf_cost(&mut conn, 7), 1);
    let others = OTHER_SCOPES_AFTER_INSERT;
    assert_eq!(shop.shelf_cost(&mut conn, 8), others, "and the scopes that the new row is not in");

    shop.products().delete(2).execute(&mut conn).unwrap();
    assert_eq!((shop.row_cost(&mut conn, 1), shop.row_cost(&mut conn, 2)), (0, 1));
    retitle(&mut conn, 1, "Plain").unwrap();
    assert_eq!(title(&shop, &mut conn, 1), (1, "Plain".into()));
    conn.batch_execute("DELETE FROM products WHERE id = 3").unwrap();
    shop.read_everything(&mut conn);
    assert_eq!(shop.read_everything(&mut conn), 0);
}

#[test]
fn t14_a_transaction_inside_counts_when_it_is_committed() {
    let shop = Shop::new();
    let mut conn = on_stage(&shop);
    shop.read_everything(&mut conn);
    conn.transaction(|conn| {
        retitle(conn, 1, "New")?;
        assert_eq!([(); 2].map(|()| title(&shop, conn, 1)), [(); 2].map(|()| (1, "New".into())));
        conn.transaction(|conn| retitle(conn, 2, "Newer"))
    })
    .unwrap();
    assert_eq!([1, 2].map(|id| title(&shop, &mut conn, id)), [(1, "New".into()), (1, "Newer".into())]);
    shop.read_everything(&mut conn);
    assert_eq!(shop.read_everything(&mut conn), 0);
}

#[test]
fn t14_the_rollback_of_a_transaction_inside_leaves_entries_valid() {
    let shop = Shop::new();
    let mut conn = on_stage(&shop);
    retitle(&mut conn, 1, "New").unwrap();
    shop.read_everything(&mut conn);
    let undone = conn.transaction(|conn| {
        retitle(conn, 1, "Undone")?;
        shop.products().delete(2).execute(conn)?;
        shop.read_everything(conn);
        Err::<(), Error>(Error::RollbackTransaction)
    });
    assert_eq!(undone, Err(Error::RollbackTransaction));
    assert_eq!(shop.read_everything(&mut conn), 0);
    assert_eq!(title(&shop, &mut conn, 1), (0, "New".into()));
}

#[test]
fn t14_nothing_is_left_on_the_connection() {
    let shop = Shop::new();
    let (mut other, mut conn) = (shop.warm(), shop.warm());
    for round in ["first", "second"] {
        begin_test_transaction(&mut conn).unwrap();
        assert_eq!(title(&shop, &mut conn, 1), (1, "Lamp".into()), "{round}: what was cached before is not seen");
        retitle(&mut conn, 1, "New").unwrap();
        shop.products().insert(new_product(4, 7, "new")).execute(&mut conn).unwrap();
        shop.read_everything(&mut conn);
        roll_back(&mut conn);
        assert_eq!(shop.read_everything(&mut conn), 0, "{round}: the entries from before are valid");
        assert_eq!(shop.read_everything(&mut other), 0, "{round}");
    }
    retitle(&mut conn, 1, "Newer").unwrap();
    assert_eq!(title(&shop, &mut other, 1), (1, "Newer".into()));
    conn.transaction(|conn| {
        assert_eq!(shop.row_cost(conn, 1), 1, "a transaction is one again");
        QueryResult::Ok(())
    })
    .unwrap();
}

#[test]
fn t14_nothing_is_left_when_the_connection_goes() {
    let shop = Shop::new();
    let (mut other, mut test, mut conn) = (shop.conn(), on_stage(&shop), on_stage(&shop));
    shop.read_everything(&mut test);
    retitle(&mut conn, 1, "New").unwrap();
    shop.read_everything(&mut conn);
    drop(conn);
    assert_eq!(shop.read_everything(&mut test), 0, "other tests are not disturbed");
    shop.read_everything(&mut other);
    assert_eq!(title(&shop, &mut on_stage(&shop), 1), (1, "Lamp".into()));
}

#[test]
fn t14_diesels_test_transaction_can_be_switched() {
    let shop = Shop::new();
    let mut conn = shop.warm();
    conn.test_transaction(|conn| {
        retitle(conn, 1, "Before")?;
        treat_as_committed(conn)?;
        treat_as_committed(conn)?;
        assert_eq!(title(&shop, conn, 1), (1, "Before".into()));
        assert_eq!(shop.row_cost(conn, 1), 0);
        retitle(conn, 1, "New")?;
        treat_as_committed(conn)?;
        assert_eq!(title(&shop, conn, 1), (1, "New".into()));
        QueryResult::Ok(())
    });
    assert_eq!(shop.read_everything(&mut conn), 0);
}

#[test]
fn t14_tests_in_parallel_do_not_meet() {
    let shop = Shop::new();
    let mut outside = shop.warm();
    let turns = Barrier::new(2);
    let test = |name: &'static str, is_first: bool| {
        let mut conn = on_stage(&shop);
        assert_eq!(shop.products().get(1).first(&mut conn).unwrap().title, "Lamp");
        turns.wait();
        // SQLite has one writer at a time: the second one reads while the first one writes.
        if is_first {
            retitle(&mut conn, 1, name).unwrap();
        }
        turns.wait();
        let expected = if is_first { name } else { "Lamp" };
        let read = shop.products().get(1).entry(&mut conn).unwrap();
        assert_eq!((read.value.title.as_str(), read.is_hit()), (expected, !is_first), "{name}");
        assert!(shop.products().get(1).entry(&mut conn).unwrap().is_hit());
        turns.wait();
        roll_back(&mut conn);
    };
    std::thread::scope(|scope| {
        scope.spawn(|| test("one", true));
        scope.spawn(|| test("two", false));
    });
    assert_eq!(shop.read_everything(&mut outside), 0);
}

#[test]
fn t14_a_panic_leaves_nothing() {
    let shop = Shop::new();
    let (mut other, mut conn) = (shop.warm(), shop.conn());
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        conn.test_transaction(|conn| -> QueryResult<()> {
            treat_as_committed(conn)?;
            retitle(conn, 1, "New")?;
            shop.read_everything(conn);
            panic!("on purpose")
        })
    }));
    assert!(panicked.is_err());
    assert_eq!(shop.read_everything(&mut other), 0);
    assert_eq!(shop.products().get(1).first(&mut conn).unwrap().title, "New", "nobody has rolled back");
    roll_back(&mut conn);
    assert_eq!(shop.read_everything(&mut conn), 0);
}

#[test]
fn t14_without_the_switch_reads_bypass() {
    let shop = Shop::new();
    let mut conn = shop.warm();
    conn.begin_test_transaction().unwrap();
    assert_eq!([(); 2].map(|()| shop.row_cost(&mut conn, 1)), [1, 1]);
    roll_back(&mut conn);
    assert_eq!(shop.read_everything(&mut conn), 0);
}

#[test]
fn t14_should_it_be_committed_others_see_it() {
    let shop = Shop::new();
    let (mut other, mut conn) = (shop.warm(), on_stage(&shop));
    retitle(&mut conn, 1, "New").unwrap();
    conn.transaction(|conn| insert_back!(shop.products(), new_product(4, 7, "new"), conn)).unwrap();
    shop.read_everything(&mut conn);
    assert_eq!(shop.read_everything(&mut other), 0);
    AnsiTransactionManager::commit_transaction(&mut conn).unwrap();
    assert_eq!(title(&shop, &mut other, 1), (1, "New".into()));
    shop.read_everything(&mut other);
    shop.read_everything(&mut conn);
    assert_eq!(shop.read_everything(&mut conn), 0);
}

#[test]
fn t14_a_statement_that_fails_inside_hides_nothing() {
    let shop = Shop::new();
    let mut conn = on_stage(&shop);
    retitle(&mut conn, 1, "New").unwrap();
    shop.read_everything(&mut conn);
    let insert = diesel::insert_into(products::table).values(new_product(2, 7, "new"));
    let twice = try_in(&mut conn, |conn| insert.execute(conn));
    assert!(twice.is_err());
    shop.read_everything(&mut conn);
    assert_eq!(shop.read_everything(&mut conn), 0, "the cache is in use after it");
    retitle(&mut conn, 1, "Newer").unwrap();
    assert_eq!(title(&shop, &mut conn, 1), (1, "Newer".into()));
    assert_eq!(shop.row_cost(&mut conn, 1), 0);
}

#[test]
fn t14_transaction_control_by_hand_turns_the_switch_off() {
    for sql in ["SAVEPOINT s", "BEGIN", "COMMIT", "ROLLBACK"] {
        let shop = Shop::new();
        let (mut other, mut conn) = (shop.warm(), on_stage(&shop));
        retitle(&mut conn, 1, "New").unwrap();
        shop.read_everything(&mut conn);
        let _refused = conn.batch_execute(sql);
        let is_committed = sql == "COMMIT" || BEGIN_COMMITS && sql == "BEGIN";
        assert_eq!([(); 2].map(|()| shop.row_cost(&mut conn, 1)), [1, 1], "{sql}");
        assert_eq!(title(&shop, &mut other, 1).1, if is_committed { "New" } else { "Lamp" }, "{sql}");
        shop.read_everything(&mut other);
        retitle(&mut conn, 2, "Late").unwrap();
        let _refused = AnsiTransactionManager::rollback_transaction(&mut conn);
        shop.read_everything(&mut other);
        shop.read_everything(&mut conn);
    }
}

#[test]
fn t14_what_others_commit_is_seen_where_the_database_shows_it() {
    let shop = Shop::new();
    let mut committing = shop.conn();
    // Its snapshot is taken at the first read: until then it sees what others commit.
    let mut conn = on_stage(&shop);
    retitle(&mut committing, 1, "New").unwrap();
    assert_eq!(title(&shop, &mut conn, 1), (1, "New".into()));
    assert_eq!(shop.row_cost(&mut conn, 1), 0);
    let mut untracked = shop.untracked();
    for write in [&mut (|| retitle(&mut committing, 1, "Newer").unwrap()) as &mut dyn FnMut() -> usize, &mut || {
        shop.products().save(&new_product(2, 9, "other")).execute(&mut untracked).unwrap()
    }] {
        write();
        assert_eq!(shop.row_cost(&mut conn, 1), 1, "who knows whether this database shows it");
        assert_eq!(shop.row_cost(&mut conn, 1), 0);
    }
}

#[test]
fn t14_listeners_are_told_as_after_a_commit() {
    let shop = Shop::new();
    let told: Arc<Mutex<Vec<Vec<String>>>> = Arc::default();
    let heard = Arc::clone(&told);
    let here = std::thread::current().id();
    shop.cache.listen("log", move |event| {
        if let Event::Invalidated { tables, .. } = event
            && std::thread::current().id() == here
        {
            heard.lock().unwrap().push(tables.iter().map(|table| (*table).to_owned()).collect());
        }
    });
    let mut conn = on_stage(&shop);
    retitle(&mut conn, 1, "New").unwrap();
    conn.transaction(|conn| {
        retitle(conn, 2, "New")?;
        diesel::delete(crate::harness::categories::table.find(9)).execute(conn)?;
        assert_eq!(told.lock().unwrap().len(), 1);
        QueryResult::Ok(())
    })
    .unwrap();
    assert_eq!(*told.lock().unwrap(), [vec!["products"], vec!["categories", "products"]]);
    roll_back(&mut conn);
    assert_eq!(told.lock().unwrap().len(), 2);
}

#[test]
fn t14_clears_by_hand_work_inside() {
    let shop = Shop::new();
    let mut conn = on_stage(&shop);
    let products = shop.products();
    let warm = |conn: &mut Conn| {
        shop.read_everything(conn);
        assert_eq!(shop.read_everything(conn), 0);
    };
    warm(&mut conn);
    products.clear_detail(1).unwrap();
    assert_eq!([1, 2].map(|id| shop.row_cost(&mut conn, id)), [1, 0]);
    warm(&mut conn);
    products.clear_list("active").unwrap();
    let active = || products.all("active", products::is_active.eq(true));
    assert_eq!((list_cost!(shop, &mut conn, active()), shop.every_cost(&mut conn)), (1, 0));
    warm(&mut conn);
    // What is cleared at a commit is cleared in every cache: no other test reads that row.
    assert_eq!([77, 77, 2].map(|id| shop.row_cost(&mut conn, id)), [1, 0, 0]);
    conn.transaction(|conn| {
        products.clear_detail(77).after(conn).unwrap();
        // Somebody fills it again before the commit.
        QueryResult::Ok(())
    })
    .unwrap();
    assert_eq!([77, 2].map(|id| shop.row_cost(&mut conn, id)), [1, 0]);
    warm(&mut conn);
    shop.cache.clear().unwrap();
    assert_eq!(shop.row_cost(&mut conn, 1), 1);
}

#[test]
fn t14_reads_without_a_connection_take_theirs() {
    let database = Database::fresh();
    let url = database.url();
    let shop = Shop::at(database, cache().database(url));
    let mut pool = Some(shop.warm());
    let mut taken = 0;
    let mut read = |pool: &mut Option<Conn>| {
        let read = shop.products().get(1).first_with(|| {
            taken += 1;
            Ok::<_, Error>(pool.take().unwrap())
        });
        (read.unwrap().title.clone(), taken)
    };
    assert_eq!(read(&mut pool), ("Lamp".into(), 0), "the cache was told its database");

    let conn = pool.as_mut().unwrap();
    begin_test_transaction(conn).unwrap();
    retitle(conn, 1, "New").unwrap();
    assert_eq!(read(&mut pool), ("New".into(), 1));
    assert_eq!(title(&shop, &mut shop.conn(), 1).1, "Lamp");
}

#[test]
fn t14_every_use_of_a_pooled_connection_is_inside() {
    #[derive(Debug)]
    struct InTest;
    impl CustomizeConnection<Conn, diesel::r2d2::Error> for InTest {
        fn on_acquire(&self, conn: &mut Conn) -> Result<(), diesel::r2d2::Error> {
            begin_test_transaction(conn).map_err(diesel::r2d2::Error::QueryError)
        }
    }
    let shop = Shop::new();
    let manager = ConnectionManager::<Conn>::new(shop.url());
    let pool = Pool::builder().max_size(1).connection_customizer(Box::new(InTest)).build(manager).unwrap();
    let is_hit = || shop.products().get(1).entry(&mut pool.get().unwrap()).unwrap().is_hit();
    assert_eq!([is_hit(), is_hit()], [false, true]);
    pool.get().unwrap().transaction(|conn| retitle(conn, 1, "New")).unwrap();
    assert_eq!([is_hit(), is_hit()], [false, true]);
    assert_eq!(shop.products().get(1).first_with(|| pool.get().map_err(|_| Error::NotFound)).unwrap().title, "New");
    drop(pool);
    assert_eq!(title(&shop, &mut shop.conn(), 1).1, "Lamp");
}

#[test]
fn t14_the_switch_says_where_it_cannot_be_turned_on() {
    let shop = Shop::new();
    let mut conn = shop.conn();
    assert!(matches!(treat_as_committed(&mut conn), Err(Error::NotInTransaction)));
    conn.test_transaction(|conn| {
        assert!(matches!(begin_test_transaction(conn), Err(Error::AlreadyInTransaction)));
        conn.transaction(|conn| {
            let nested = treat_as_committed(conn).unwrap_err().to_string();
            assert!(nested.contains("before another transaction"), "{nested}");
            QueryResult::Ok(())
        })
    });
    let mut untracked = shop.untracked();
    let refused = begin_test_transaction(&mut untracked).unwrap_err().to_string();
    assert!(refused.contains("no tracker") && refused.contains("cache_diesel::track"), "{refused}");
    untracked.transaction(|_| QueryResult::Ok(())).unwrap();
    shop.track(&mut untracked);
    begin_test_transaction(&mut untracked).unwrap();
    assert_eq!([(); 2].map(|()| shop.row_cost(&mut untracked, 1)), [1, 0]);
}

#[test]
fn t14_a_particular_session_bypasses_inside_too() {
    let shop = Shop::new();
    let mut conn = shop.conn();
    conn.batch_execute(PARTICULAR).unwrap();
    let reasons: Arc<Mutex<Vec<Bypass>>> = Arc::default();
    let heard = Arc::clone(&reasons);
    shop.cache.listen("bypasses", move |event| {
        if let Event::Bypassed { reason, .. } = event {
            heard.lock().unwrap().push(*reason);
        }
    });
    begin_test_transaction(&mut conn).unwrap();
    assert_eq!([(); 2].map(|()| shop.row_cost(&mut conn, 1)), [1, 1]);
    assert_eq!(*reasons.lock().unwrap(), [Bypass::ParticularSession; 2]);
}
