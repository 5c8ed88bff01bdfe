//! Writes that must not happen if the store is not told of them.

use std::thread;
use std::time::Duration;

use cache_core::store::{MemoryStore, Operation};
use cache_diesel::{MIB, Writes};
use conformance::FailingStore;
use diesel::result::Error;

use crate::database::Conn;
use crate::harness::{Product, Shop, new_product, products};
use crate::line::prelude::*;
use crate::outage::{quick, recovers};
use crate::presence::Alone;
use crate::transactions::retitle;

/// A shop whose writes are strict. Others have to be closed: a write concerns every cache.
struct Strict {
    store: FailingStore,
    shop: Shop,
    _alone: Alone,
}

impl Strict {
    fn new() -> Self {
        let alone = Alone::wait();
        let store = FailingStore::elsewhere(MemoryStore::with_capacity(16 * MIB).unwrap());
        let shop = Shop::with(quick(&store).writes(Writes::Strict));
        Self { store, shop, _alone: alone }
    }

    fn refuse(&self, refuse: bool) {
        self.store.fail(Operation::Place, refuse);
    }
}

impl Drop for Strict {
    fn drop(&mut self) {
        // The cache stays configured: other tests write to it.
        self.refuse(false);
    }
}

type Write = fn(&Shop, &mut Conn) -> QueryResult<usize>;

const WRITES: [Write; 4] = [
    |shop, conn| shop.products().insert(new_product(5, 7, "new")).execute(conn),
    |shop, conn| shop.products().save(&Product { title: "New".into(), ..new_product(1, 7, "lamp") }).execute(conn),
    |shop, conn| shop.products().delete(1).execute(conn),
    |shop, conn| shop.products().write(diesel::update(products::table).set(products::title.eq("New"))).execute(conn),
];

fn rows(conn: &mut Conn) -> Vec<Product> {
    products::table.order(products::id).load(conn).unwrap()
}

#[track_caller]
fn is_refused<T: std::fmt::Debug>(result: QueryResult<T>) {
    let error = result.unwrap_err();
    let Error::QueryBuilderError(cause) = &error else { panic!("{error:?}") };
    assert!(cause.downcast_ref::<cache_diesel::Error>().is_some(), "{cause:?}");
}

#[test]
fn a_strict_write_fails_before_its_statement_if_its_intents_are_not_taken() {
    let strict = Strict::new();
    let before = rows(&mut strict.shop.conn());
    for mut conn in [strict.shop.conn(), strict.shop.untracked()] {
        for write in WRITES {
            strict.refuse(true);
            is_refused(write(&strict.shop, &mut conn));
            assert_eq!(rows(&mut conn), before);
        }
    }
    strict.refuse(false);
    let mut conn = strict.shop.conn();
    for write in WRITES {
        // The breaker may leave the store alone for a moment yet.
        let mut tries = 0;
        while write(&strict.shop, &mut conn).is_err() {
            tries += 1;
            assert!(tries < 1_000, "the store is back");
            thread::sleep(Duration::from_millis(1));
        }
        recovers(&strict.shop);
    }
}

#[test]
fn a_plain_write_goes_on_where_managers_are_strict() {
    let strict = Strict::new();
    let mut conn = strict.shop.warm();
    strict.refuse(true);
    assert_eq!(retitle(&mut conn, 1, "New"), Ok(1));
    assert_eq!(strict.shop.products().get(1).first(&mut conn).unwrap().title, "New");
}

#[test]
fn a_strict_write_in_a_transaction_is_refused_and_the_rest_can_be_committed() {
    let strict = Strict::new();
    let mut conn = strict.shop.warm();
    conn.transaction(|conn| {
        retitle(conn, 1, "New")?;
        strict.refuse(true);
        is_refused(strict.shop.products().delete(2).execute(conn));
        strict.refuse(false);
        QueryResult::Ok(())
    })
    .unwrap();
    assert_eq!(rows(&mut conn).len(), 3);
    recovers(&strict.shop);
}

#[test]
fn a_rollback_ends_the_intents_of_strict_writes_and_leaves_the_entries() {
    let strict = Strict::new();
    let mut conn = strict.shop.warm();
    let released = strict.store.call_count(Operation::Release);
    let failed: QueryResult<()> = conn.transaction(|conn| {
        strict.shop.products().delete(2).execute(conn)?;
        assert_eq!(strict.store.call_count(Operation::Release), released, "they stand until the end");
        Err(Error::RollbackTransaction)
    });
    assert_eq!(failed, Err(Error::RollbackTransaction));
    assert_eq!(strict.store.call_count(Operation::Release), released + 1);
    assert_eq!(strict.shop.read_everything(&mut conn), 0);
}

#[test]
fn a_strict_write_that_fails_in_the_database_leaves_no_intent() {
    let strict = Strict::new();
    let mut conn = strict.shop.warm();
    assert!(strict.shop.products().insert(new_product(1, 7, "lamp")).execute(&mut conn).is_err());
    let (places, releases) = (strict.store.call_count(Operation::Place), strict.store.call_count(Operation::Release));
    assert!(places > 0 && releases > 0);
    strict.shop.read_everything(&mut conn);
    assert_eq!(strict.shop.read_everything(&mut conn), 0);
}
