//! A store outside of the process that fails or hangs: what reads and writes wait for, and what is served afterwards.

use std::thread;
use std::time::{Duration, Instant};

use cache_core::store::{MemoryStore, Operation};
use cache_diesel::MIB;
use cache_diesel::prelude::*;
use conformance::FailingStore;

use crate::harness::{Moment, Shop, once_at};
use crate::transactions::retitle;

/// A store that is taken for one outside of the process, and a shop on it.
///
/// Writes of other tests reach it too, and its breaker with them: what is counted here is what they cannot change.
fn elsewhere() -> (FailingStore, Shop) {
    let store = FailingStore::elsewhere(MemoryStore::with_capacity(16 * MIB).unwrap());
    let shop = Shop::with(quick(&store));
    (store, shop)
}

/// A cache that notices soon that its store is back.
pub fn quick(store: &FailingStore) -> cache_diesel::CacheBuilder {
    let pause = Duration::from_millis(10);
    Cache::builder().store(store.clone()).breaker_pause(pause, pause)
}

fn fail(store: &FailingStore, fail: bool) {
    store.fail_reads(fail);
    store.fail_writes(fail);
}

/// Reads until everything is served from the cache again; each read is compared with a plain one.
#[track_caller]
pub fn recovers(shop: &Shop) {
    let mut conn = shop.conn();
    let until = Instant::now() + Duration::from_secs(20);
    while shop.read_everything(&mut conn) > 0 {
        assert!(Instant::now() < until, "the cache does not come back");
    }
}

#[test]
fn f1_f2_a_dead_store_costs_neither_rows_nor_errors_and_comes_back() {
    for operations in [&Operation::ALL[..], &[Operation::Get], &[Operation::Seed], &[Operation::Put]] {
        let (store, shop) = elsewhere();
        let mut conn = shop.warm();
        operations.iter().for_each(|operation| store.fail(*operation, true));
        shop.read_everything(&mut conn);
        retitle(&mut conn, 1, "New").unwrap();
        shop.products().delete(2).execute(&mut conn).unwrap();
        shop.read_everything(&mut conn);
        assert!(shop.cache.statistics().store.failure_counts.values().sum::<u64>() > 0);
        fail(&store, false);
        recovers(&shop);
    }
}

#[test]
fn f4_reads_on_a_hanging_store_wait_for_a_few_calls_and_not_for_one_each() {
    const READS: u32 = 40;
    let hang = Duration::from_millis(50);
    let store = FailingStore::elsewhere(MemoryStore::with_capacity(16 * MIB).unwrap());
    let shop = Shop::with(Cache::builder().store(store.clone()).operation_timeout(hang));
    fail(&store, true);
    store.delay(hang);
    let read = |count: u32| {
        let mut conn = shop.conn();
        let began = Instant::now();
        (0..count).for_each(|_| assert_eq!(shop.products().get(1).first(&mut conn).unwrap().title, "Lamp"));
        began.elapsed()
    };
    let alone = read(READS);
    let together = thread::scope(|scope| {
        let readers: Vec<_> = (0..4).map(|_| scope.spawn(|| read(READS / 4))).collect();
        readers.into_iter().map(|reader| reader.join().unwrap()).max().unwrap()
    });
    store.delay(Duration::ZERO);
    assert!(alone < hang * READS, "{alone:?}: each read waited");
    assert!(together < hang * READS, "{together:?}: each read waited");
}

#[test]
fn f6_f7_a_write_succeeds_though_its_release_fails_and_nothing_old_is_served() {
    for fails_from in ["nowhere", "UPDATE"] {
        let (store, shop) = elsewhere();
        let (mut conn, failing) = (shop.warm(), store.clone());
        if fails_from == "nowhere" {
            fail(&store, true);
        }
        let hook = once_at(Moment::Start, fails_from, move || failing.fail(Operation::Release, true));
        assert_eq!(retitle(&mut shop.conn_with(hook), 1, "New"), Ok(1));
        assert!(shop.cache.statistics().store.release_pending_count > 0);
        for _ in 0..20 {
            assert_eq!(shop.products().get(1).first(&mut conn).unwrap().title, "New", "while it is away");
        }
        fail(&store, false);
        for _ in 0..20 {
            assert_eq!(shop.products().get(1).first(&mut conn).unwrap().title, "New", "when it is back");
        }
        recovers(&shop);
    }
}

#[test]
fn f13_a_shutdown_gets_through_what_is_pending_and_leaves_the_reads_to_the_database() {
    let (store, shop) = elsewhere();
    let other = Shop::with(quick(&store));
    let mut conn = shop.warm();
    store.fail(Operation::Release, true);
    retitle(&mut conn, 1, "New").unwrap();
    assert!(shop.cache.shutdown(Duration::from_secs(20)).is_err());
    store.fail(Operation::Release, false);
    shop.cache.shutdown(Duration::from_secs(20)).unwrap();
    assert_eq!([(); 2].map(|()| shop.row_cost(&mut conn, 1)), [1, 1]);
    retitle(&mut conn, 1, "Newer").unwrap();
    shop.read_everything(&mut conn);
    recovers(&other);
}

#[test]
fn c5_who_got_no_token_stores_nothing() {
    let (store, shop) = elsewhere();
    let mut conn = shop.conn();
    store.fail(Operation::Seed, true);
    shop.read_everything(&mut conn);
    assert_eq!(store.call_count(Operation::Put), 0);
    assert_eq!(shop.cache.statistics().total().store_count, 0);
    store.fail(Operation::Seed, false);
    recovers(&shop);
}

#[test]
fn c6_a_fill_while_a_second_writer_is_at_the_row_does_not_survive_that_one() {
    let (_, shop) = elsewhere();
    let shop = std::sync::Arc::new(shop);
    let other = std::sync::Arc::clone(&shop);
    shop.warm();
    let first = once_at(Moment::Start, "UPDATE", move || {
        let mut conn = other.conn();
        retitle(&mut conn, 1, "First").unwrap();
        assert_eq!(other.products().get(1).first(&mut conn).unwrap().title, "First");
    });
    retitle(&mut shop.conn_with(first), 1, "Second").unwrap();
    assert_eq!(shop.products().get(1).first(&mut shop.conn()).unwrap().title, "Second");
    recovers(&shop);
}
