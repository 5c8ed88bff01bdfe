//! `write_through`: a row that a write gives back is stored with it, once it is committed.

use std::sync::mpsc;

use cache_diesel::prelude::*;
use cache_diesel::{Kind, Mode, Unstored};
use diesel::connection::SimpleConnection;
use diesel::result::Error;

use crate::database::{Conn, NUMBERED_KEY, PARTICULAR, SAVE, try_in};
use crate::harness::Shop;
use crate::kept::cache_at;
use crate::line::prelude::*;
use crate::stores::SpyStore;

diesel::table! {
    slips (id) {
        id -> Integer,
        text -> Text,
        state -> Text,
        shelf -> Integer,
    }
}

#[derive(AsChangeset, Cached, Clone, Debug, Identifiable, Insertable, PartialEq, Queryable, Selectable)]
#[diesel(table_name = slips)]
#[cached(key = "slip", scope(shelf), write_through)]
pub struct Slip {
    pub id: i32,
    pub text: String,
    pub state: String,
    pub shelf: i32,
}

/// Where the database gives no row back, a save reads it again; in a transaction that may be an older one.
const IS_READ_AGAIN: bool = SAVE.len() > 1;

pub fn schema() -> String {
    format!(
        "CREATE TABLE slips (
             id {NUMBERED_KEY}, text VARCHAR(255) NOT NULL, state VARCHAR(20) NOT NULL DEFAULT 'new',
             shelf INTEGER NOT NULL DEFAULT 7
         );
         INSERT INTO slips VALUES (101, 'one', 'old', 7), (102, 'two', 'old', 8);"
    )
}

fn desk() -> Shop {
    Shop::with_tables(&schema())
}

pub fn slip(id: i32, text: &str) -> Slip {
    Slip { id, text: text.into(), state: "old".into(), shelf: 7 }
}

pub fn slips_of(shop: &Shop) -> SlipManager {
    Slip::cached_in(&shop.name)
}

/// Whether row `id` is read without SQL. It has to be what the database has.
#[track_caller]
pub fn is_stored(shop: &Shop, conn: &mut Conn, id: i32) -> bool {
    let read = |conn: &mut Conn| slips_of(shop).get(id).first(conn);
    shop.cost(conn, read, |conn| slips::table.find(id).first::<Slip>(conn)) == 0
}

pub fn unstored(shop: &Shop, reason: Unstored) -> u64 {
    shop.cache.statistics().unstored_count("slip", reason)
}

/// Has the database asked what it declares, and the connection where it leads: in transactions nobody is.
pub fn ask(shop: &Shop, conn: &mut Conn) {
    slips_of(shop).get(102).refresh().first(conn).unwrap();
}

/// How many rows were stored by their writes.
fn stored(shop: &Shop) -> u64 {
    shop.counts("slip", Kind::Detail).write_through_count
}

#[test]
fn d19_a_row_that_was_saved_needs_no_sql() {
    let shop = desk();
    let (mut conn, mut other) = (shop.conn(), shop.conn());
    slips_of(&shop).save(&slip(101, "uno")).execute(&mut conn).unwrap();
    assert!(is_stored(&shop, &mut other, 101));
    let row = slips_of(&shop).save(&slip(101, "eins")).get_result(&mut conn).unwrap();
    assert_eq!(row.text, "eins");
    assert!(is_stored(&shop, &mut conn, 101));
    assert_eq!(slips_of(&shop).get(101).first(&mut other).unwrap().text, "eins");
    assert_eq!((stored(&shop), shop.counts("slip", Kind::Detail).load_count), (2, 0));
}

#[test]
fn d19_a_row_that_was_inserted_needs_no_sql_and_has_its_defaults() {
    let shop = desk();
    let (mut conn, mut other) = (shop.conn(), shop.conn());
    let row = slips_of(&shop).insert(slips::text.eq("three")).get_result(&mut conn).unwrap();
    assert_eq!((row.state.as_str(), row.shelf), ("new", 7));
    assert!(is_stored(&shop, &mut other, row.id));
}

#[test]
fn d19_a_transaction_stores_its_rows_when_it_is_committed() {
    let shop = desk();
    let (mut conn, mut other) = (shop.conn(), shop.conn());
    ask(&shop, &mut conn);
    let id = conn
        .transaction(|conn| {
            slips_of(&shop).save(&slip(101, "uno")).execute(conn)?;
            let row = slips_of(&shop).insert(slips::text.eq("three")).get_result(conn)?;
            assert_eq!(stored(&shop), 0);
            QueryResult::Ok(row.id)
        })
        .unwrap();
    assert_eq!(is_stored(&shop, &mut other, 101), !IS_READ_AGAIN);
    assert!(is_stored(&shop, &mut other, id));
    assert!(is_stored(&shop, &mut other, 102), "other rows stay");
}

#[test]
fn d20_a_transaction_that_is_rolled_back_stores_nothing() {
    let shop = desk();
    let (mut conn, mut other) = (shop.conn(), shop.conn());
    ask(&shop, &mut conn);
    slips_of(&shop).get(101).first(&mut other).unwrap();
    let failed: QueryResult<()> = conn.transaction(|conn| {
        slips_of(&shop).save(&slip(101, "uno")).execute(conn)?;
        slips_of(&shop).insert(slips::text.eq("three")).get_result(conn)?;
        Err(Error::RollbackTransaction)
    });
    failed.unwrap_err();
    assert_eq!(stored(&shop), 0);
    assert!(is_stored(&shop, &mut other, 101), "the entry from before is as good as it was");
    assert_eq!(slips_of(&shop).get(101).first(&mut conn).unwrap().text, "one");
    assert!(unstored(&shop, Unstored::RolledBack) >= 1);
}

#[test]
fn d20_a_savepoint_that_is_rolled_back_stores_nothing() {
    let shop = desk();
    let (mut conn, mut other) = (shop.conn(), shop.conn());
    ask(&shop, &mut conn);
    conn.transaction(|conn| {
        let inner: QueryResult<()> = conn.transaction(|conn| {
            slips_of(&shop).save(&slip(101, "uno")).execute(conn)?;
            slips_of(&shop).insert(slips::text.eq("three")).get_result(conn)?;
            Err(Error::RollbackTransaction)
        });
        inner.unwrap_err();
        QueryResult::Ok(())
    })
    .unwrap();
    assert_eq!(stored(&shop), 0);
    assert!(!is_stored(&shop, &mut other, 101));
}

#[test]
fn an_inner_transaction_that_goes_through_counts_with_the_outer_one() {
    let shop = desk();
    let (mut conn, mut other) = (shop.conn(), shop.conn());
    ask(&shop, &mut conn);
    let id = conn.transaction(|conn| {
        let row = conn.transaction(|conn| slips_of(&shop).insert(slips::text.eq("three")).get_result(conn))?;
        conn.transaction(|conn| slips_of(&shop).delete(102).execute(conn))?;
        QueryResult::Ok(row.id)
    });
    assert!(is_stored(&shop, &mut other, id.unwrap()));
}

#[test]
fn a_later_statement_of_the_transaction_that_may_have_changed_the_row_keeps_it_out() {
    let others: [(&str, bool); 3] = [
        ("UPDATE slips SET text = 'new' WHERE id < 1000", false),
        ("DELETE FROM slips WHERE shelf = 8", false),
        ("UPDATE products SET title = 'New'", true),
    ];
    for (sql, is_kept) in others {
        let shop = desk();
        let (mut conn, mut other) = (shop.conn(), shop.conn());
        ask(&shop, &mut conn);
        let id = conn.transaction(|conn| {
            let row = slips_of(&shop).insert(slips::text.eq("three")).get_result(conn)?;
            diesel::sql_query(sql).execute(conn)?;
            QueryResult::Ok(row.id)
        });
        assert_eq!(is_stored(&shop, &mut other, id.unwrap()), is_kept, "{sql}");
        assert_eq!(unstored(&shop, Unstored::Rewritten), u64::from(!is_kept), "{sql}");
    }
}

#[test]
fn of_two_writes_of_one_row_the_last_one_is_stored() {
    let shop = desk();
    let (mut conn, mut other) = (shop.conn(), shop.conn());
    ask(&shop, &mut conn);
    let id = conn.transaction(|conn| {
        let row = slips_of(&shop).insert(slips::text.eq("three")).get_result(conn)?;
        slips_of(&shop).save(&slip(row.id, "four")).execute(conn)?;
        slips_of(&shop).save(&slip(102, "due")).execute(conn)?;
        QueryResult::Ok(row.id)
    });
    let id = id.unwrap();
    for row in [id, 102] {
        assert_eq!(is_stored(&shop, &mut other, row), !IS_READ_AGAIN);
    }
    diesel::update(slips::table.find(id)).set(slips::text.eq("five")).execute(&mut conn).unwrap();
    assert!(!is_stored(&shop, &mut other, id));
}

#[test]
fn a_row_that_another_write_has_changed_before_the_release_is_not_stored() {
    let store = SpyStore::new();
    let shop = Shop::with(Cache::builder().store(store.clone()));
    let (mut conn, mut other) = (shop.conn(), shop.conn());
    conn.batch_execute(&schema()).unwrap();
    slips_of(&shop).get(101).first(&mut conn).unwrap();
    store.before_next_release(move || {
        diesel::update(slips::table.find(101)).set(slips::text.eq("other")).execute(&mut other).unwrap();
    });
    slips_of(&shop).save(&slip(101, "uno")).execute(&mut conn).unwrap();
    assert!(!is_stored(&shop, &mut conn, 101));
    assert_eq!(slips_of(&shop).get(101).first(&mut conn).unwrap().text, "other");
    assert_eq!((stored(&shop), unstored(&shop, Unstored::Overtaken)), (0, 1));
}

#[test]
fn a_new_row_that_another_write_has_changed_before_the_release_is_not_stored() {
    let store = SpyStore::new();
    let shop = Shop::with(Cache::builder().store(store.clone()));
    let (mut conn, mut other) = (shop.conn(), shop.conn());
    conn.batch_execute(&schema()).unwrap();
    slips_of(&shop).get(101).first(&mut conn).unwrap();
    store.before_next_release(move || {
        let rows = slips::table.filter(slips::text.eq("three"));
        diesel::update(rows).set(slips::state.eq("other")).execute(&mut other).unwrap();
    });
    let row = slips_of(&shop).insert(slips::text.eq("three")).get_result(&mut conn).unwrap();
    assert_eq!(row.state, "new");
    assert!(!is_stored(&shop, &mut conn, row.id));
    assert_eq!((stored(&shop), unstored(&shop, Unstored::Overtaken)), (0, 1));
}

#[test]
fn a_write_that_was_committed_before_and_is_released_after_ends_what_is_stored() {
    let store = SpyStore::new();
    let shop = Shop::with(Cache::builder().store(store.clone()));
    let (mut conn, mut other) = (shop.conn(), shop.conn());
    conn.batch_execute(&schema()).unwrap();
    slips_of(&shop).get(101).first(&mut conn).unwrap();
    let (manager, (told, asked)) = (slips_of(&shop), mpsc::channel());
    store.before_next_release(move || {
        // The save sees what was committed, and is stored.
        manager.save(&slip(101, "uno")).execute(&mut other).unwrap();
        told.send(manager.get(101).first(&mut other).unwrap().text.clone()).unwrap();
    });
    diesel::update(slips::table.find(101)).set(slips::text.eq("first")).execute(&mut conn).unwrap();
    assert_eq!((asked.recv().unwrap(), stored(&shop)), ("uno".to_owned(), 1));
    assert!(!is_stored(&shop, &mut conn, 101));
}

#[test]
fn a_clear_in_between_keeps_the_row_out() {
    let store = SpyStore::new();
    let shop = Shop::with(Cache::builder().store(store.clone()));
    let mut conn = shop.conn();
    conn.batch_execute(&schema()).unwrap();
    slips_of(&shop).get(102).first(&mut conn).unwrap();
    let manager = slips_of(&shop);
    store.before_next_release(move || drop(manager.clear().unwrap()));
    slips_of(&shop).save(&slip(101, "uno")).execute(&mut conn).unwrap();
    // Its tokens are from before the clear.
    assert!(!is_stored(&shop, &mut conn, 101));
    if !IS_READ_AGAIN {
        conn.transaction(|conn| {
            slips_of(&shop).save(&slip(101, "due")).execute(conn)?;
            slips_of(&shop).clear_detail(101).after(conn).unwrap();
            QueryResult::Ok(())
        })
        .unwrap();
        assert!(!is_stored(&shop, &mut conn, 101));
        assert_eq!(unstored(&shop, Unstored::Rewritten), 1);
    }
}

#[test]
fn a_statement_that_fails_keeps_the_rows_of_its_transaction_out() {
    let shop = desk();
    let (mut conn, mut other) = (shop.conn(), shop.conn());
    ask(&shop, &mut conn);
    let id = conn.transaction(|conn| {
        let row = slips_of(&shop).insert(slips::text.eq("three")).get_result(conn)?;
        let again = slips_of(&shop).insert((slips::id.eq(101), slips::text.eq("twice")));
        try_in(conn, |conn| again.execute(conn)).unwrap_err();
        QueryResult::Ok(row.id)
    });
    assert!(!is_stored(&shop, &mut other, id.unwrap()));
    assert_eq!((stored(&shop), unstored(&shop, Unstored::RolledBack)), (0, 1));
}

#[test]
fn what_is_not_stored_of_reads_is_not_stored_of_writes() {
    let shop = desk();
    let mut conn = shop.conn();
    slips_of(&shop).get(102).first(&mut conn).unwrap();
    let save = |conn: &mut Conn| slips_of(&shop).save(&slip(101, "uno")).execute(conn).unwrap();
    for mode in [Mode::ReadOnly, Mode::Off] {
        shop.cache.set_mode(mode);
        save(&mut conn);
    }
    shop.cache.set_mode(Mode::Normal);
    assert_eq!(unstored(&shop, Unstored::Off), 2);
    save(&mut shop.untracked());
    let mut particular = shop.conn();
    particular.batch_execute(PARTICULAR).unwrap();
    save(&mut particular);
    let mut replica = shop.conn();
    crate::line::replica(&mut replica).unwrap();
    save(&mut replica);
    assert_eq!((stored(&shop), unstored(&shop, Unstored::Session)), (0, 3));
    assert!(!is_stored(&shop, &mut conn, 101));
}

crate::line::only_blocking! {
    #[test]
    fn a_test_transaction_stores_nothing_by_its_writes() {
        let shop = desk();
        slips_of(&shop).get(102).first(&mut shop.conn()).unwrap();
        let mut conn = crate::test_transactions::on_stage(&shop);
        slips_of(&shop).save(&slip(101, "uno")).execute(&mut conn).unwrap();
        slips_of(&shop).insert(slips::text.eq("three")).get_result(&mut conn).unwrap();
        assert_eq!(slips_of(&shop).get(101).first(&mut conn).unwrap().text, "uno");
        assert_eq!((stored(&shop), unstored(&shop, Unstored::Session)), (0, 2));
    }
}

#[test]
fn rows_that_are_not_there_and_models_without_the_option_store_nothing() {
    let shop = desk();
    let mut conn = shop.conn();
    assert_eq!(slips_of(&shop).save(&slip(404, "none")).execute(&mut conn).unwrap(), 0);
    slips_of(&shop).delete(102).execute(&mut conn).unwrap();
    slips_of(&shop).insert((slips::id.eq(300), slips::text.eq("x"))).execute(&mut conn).unwrap();
    shop.categories().save(&crate::harness::Category { id: 1, name: "New".into() }).execute(&mut conn).unwrap();
    let statistics = shop.cache.statistics();
    assert_eq!((statistics.total().write_through_count, statistics.total().store_count), (0, 0));
    assert!(statistics.unstored.is_empty());
}

#[test]
fn what_is_stored_by_a_write_lives_as_long_as_what_a_read_stores() {
    let clock = cache_diesel::ManualClock::new();
    let shop = Shop::with(cache_at(&clock));
    let mut conn = shop.conn();
    conn.batch_execute(&schema()).unwrap();
    slips_of(&shop).save(&slip(101, "uno")).execute(&mut conn).unwrap();
    clock.advance(std::time::Duration::from_secs(59));
    assert!(is_stored(&shop, &mut conn, 101));
    clock.advance(std::time::Duration::from_secs(2));
    assert!(!is_stored(&shop, &mut conn, 101));
}
