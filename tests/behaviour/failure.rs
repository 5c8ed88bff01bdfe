//! Stores and databases that fail: the query's result is right, and the failure is counted.

use cache_core::store::{MemoryStore, NoneStore};
use cache_diesel::prelude::*;
use cache_diesel::{Event, Kind, MIB};
use conformance::FailingStore;
use diesel::connection::SimpleConnection;
use diesel::result::Error;

use crate::harness::{Shop, products};
use crate::line::prelude::*;
use crate::transactions::retitle;

fn failing() -> (FailingStore, Shop) {
    let store = FailingStore::new(MemoryStore::with_capacity(16 * MIB).unwrap());
    let shop = Shop::with(Cache::builder().store(store.clone()));
    (store, shop)
}

#[test]
fn f1_reads_are_answered_by_the_database_while_the_store_cannot_be_read() {
    let (store, shop) = failing();
    let mut conn = shop.warm();
    store.fail_reads(true);
    assert_eq!([(); 2].map(|()| shop.row_cost(&mut conn, 1)), [1, 1]);
    assert_eq!(shop.counts("product", Kind::Detail).store_failure_count, 2);
    assert!(shop.read_everything(&mut conn) > 0);
    store.fail_reads(false);
    assert_eq!(shop.read_everything(&mut conn), 0);
}

#[test]
fn f2_reads_are_answered_while_nothing_can_be_stored() {
    let (store, shop) = failing();
    let mut conn = shop.conn();
    store.fail_writes(true);
    assert_eq!([(); 2].map(|()| shop.row_cost(&mut conn, 1)), [1, 1]);
    let counts = shop.counts("product", Kind::Detail);
    assert_eq!((counts.store_count, counts.load_count), (0, 2));
    // Tests beside this one write too: that fails in this store as well, and each look-up then tries to make up for it.
    // `tests/alone` has the same with numbers that are exact.
    assert!(counts.store_failure_count >= 2);
    shop.read_everything(&mut conn);
    store.fail_writes(false);
    shop.read_everything(&mut conn);
    assert_eq!(shop.read_everything(&mut conn), 0);
}

#[test]
fn f1_a_dead_store_costs_neither_rows_nor_errors() {
    let (store, shop) = failing();
    let mut conn = shop.conn();
    store.fail_reads(true);
    store.fail_writes(true);
    shop.read_everything(&mut conn);
    retitle(&mut conn, 1, "New").unwrap();
    shop.products().delete(2).execute(&mut conn).unwrap();
    shop.read_everything(&mut conn);
    assert!(shop.products().clear().is_err(), "only calls about the cache itself fail");
}

#[test]
fn f6_a_write_succeeds_though_its_invalidation_fails() {
    let (store, shop) = failing();
    let mut conn = shop.conn();
    store.fail_writes(true);
    assert_eq!(retitle(&mut conn, 1, "New"), Ok(1));
    assert!(shop.cache.statistics().invalidation_failure_count > 0);
}

#[test]
fn f7_what_a_failed_invalidation_was_about_is_not_served_once_the_store_is_back() {
    for writes_only in [true, false] {
        let (store, shop) = failing();
        let mut conn = shop.warm();
        store.fail_writes(true);
        store.fail_reads(!writes_only);
        retitle(&mut shop.conn(), 1, "New").unwrap();
        assert_eq!(shop.products().get(1).first(&mut conn).unwrap().title, "New", "while it is away");
        store.fail_writes(false);
        store.fail_reads(false);
        assert_eq!(shop.products().get(1).first(&mut conn).unwrap().title, "New", "when it is back");
        shop.read_everything(&mut conn);
        assert_eq!(shop.read_everything(&mut conn), 0);
    }
}

#[test]
fn f7_a_release_that_fails_after_the_intent_was_placed_serves_nothing_old() {
    let (store, shop) = failing();
    let (mut conn, failing) = (shop.warm(), store.clone());
    let hook = crate::harness::once_at(crate::harness::Moment::Start, "UPDATE", move || failing.fail_writes(true));
    retitle(&mut shop.conn_with(hook), 1, "New").unwrap();
    assert_eq!(shop.products().get(1).first(&mut conn).unwrap().title, "New", "while it is away");
    store.fail_writes(false);
    assert_eq!(shop.products().get(1).first(&mut conn).unwrap().title, "New", "when it is back");
    shop.read_everything(&mut conn);
}

#[test]
fn f12_a_failing_database_reaches_the_caller_and_nothing_is_stored() {
    let shop = Shop::new();
    let mut conn = shop.conn();
    shop.conn().batch_execute("ALTER TABLE products RENAME TO hidden").unwrap();
    assert!(matches!(shop.products().get(1).first(&mut conn), Err(Error::DatabaseError(..))));
    assert!(matches!(shop.products().get_by_slug("lamp").first(&mut conn), Err(Error::DatabaseError(..))));
    assert!(matches!(shop.products().every().load(&mut conn), Err(Error::DatabaseError(..))));
    assert!(matches!(shop.products().every().count(&mut conn), Err(Error::DatabaseError(..))));
    assert!(matches!(shop.products().get_many([1]).load(&mut conn), Err(Error::DatabaseError(..))));
    let total = shop.cache.statistics().total();
    assert_eq!((total.store_count, total.load_count, total.load_failure_count), (0, 5, 5));
    shop.conn().batch_execute("ALTER TABLE hidden RENAME TO products").unwrap();
    shop.read_everything(&mut conn);
    assert_eq!(shop.read_everything(&mut conn), 0);
}

#[test]
fn b18_a_cache_that_keeps_nothing_asks_each_time() {
    for builder in [Cache::builder().none(), Cache::builder().store(NoneStore)] {
        let shop = Shop::with(builder);
        let mut conn = shop.conn();
        assert_eq!([(); 2].map(|()| shop.row_cost(&mut conn, 1)), [1, 1]);
        retitle(&mut conn, 1, "New").unwrap();
        assert_eq!(shop.read_everything(&mut conn), shop.read_everything(&mut conn));
        assert_eq!(shop.cache.statistics().total().hit_count, 0);
    }
}

#[test]
fn a_listener_that_panics_is_counted_and_costs_nothing() {
    let shop = Shop::new();
    let mut conn = shop.conn();
    shop.cache.listen("panics", |event| {
        assert!(!matches!(event, Event::Stored { .. }), "on purpose");
    });
    assert_eq!([(); 2].map(|()| shop.row_cost(&mut conn, 1)), [1, 0]);
    assert_eq!(shop.cache.listener_panic_count(), 1);
}

#[test]
fn a_small_cache_gives_right_answers_and_stays_small() {
    let shop = Shop::with(Cache::builder().memory(64 * 1024));
    let mut conn = shop.conn();
    for id in 10..300 {
        let mut row = crate::harness::new_product(id, id % 5, &format!("slug {id}"));
        row.title = "x".repeat(2_000);
        diesel::insert_into(products::table).values(row).execute(&mut conn).unwrap();
    }
    for id in (10..300).chain(10..300) {
        shop.row_cost(&mut conn, id);
    }
    shop.every_cost(&mut conn);
    assert_eq!(shop.every_cost(&mut conn), 1, "the list is larger than the cache");
    assert!(shop.cache.usage().weight <= 64 * 1024, "{:?}", shop.cache.usage());
}
