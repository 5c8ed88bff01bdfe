//! Sentinels: the primary by its name, and another one when it dies.

use std::sync::Arc;
use std::time::Duration;

use cache_core::Cache;
use cache_core::policy::NearPolicy;
use cache_core::store::{RedisStore, Store};
use conformance::redis_server::{Sentinels, Several};
use conformance::{Subject, Time, tag};

use crate::moving::Row;

fn subject(sentinels: &Sentinels) -> Subject {
    let store = RedisStore::from_url(&sentinels.url("shop")).unwrap();
    store.shared().unwrap().set_operation_timeout(Duration::from_secs(5));
    Subject::new(store, Time::real())
}

#[test]
fn whom_sentinels_name_keeps_the_contract_of_what_processes_share() {
    let hands = Several(Arc::new(Sentinels::steady()));
    conformance::slot_contract_holds!(hands.subject());
    conformance::shared_store_contract_holds!(hands.subject());
}

#[test]
fn near_memory_in_front_of_whom_sentinels_name_keeps_the_contract() {
    let hands = Several(Arc::new(Sentinels::steady()));
    let policy = NearPolicy::with_capacity(1 << 20).max_staleness(Duration::from_secs(5));
    conformance::store_contract_holds!(hands.near(policy));
}

#[test]
fn a_primary_dies_under_load_and_is_not_taken_for_it_when_it_is_back() {
    let sentinels = Sentinels::start();
    let row = Row::at(sentinels.url("shop"));
    let [old, new] = sentinels.servers();
    row.while_in_use(|| {
        old.kill();
        sentinels.await_primary(new);
        // It thinks that it is a primary until the sentinels tell it otherwise.
        old.start_again();
        let subject = subject(&sentinels);
        let token = subject.under(tag(2));
        subject.put(2, vec![token]);
        let is_there = |name: String| new.run::<u64>(&["EXISTS", &name]) == 1;
        let names = cache_core::store::Names::starting_with("shop").unwrap();
        assert!(is_there(names.tag(&tag(2)).token.to_string()), "the new one was asked");
    });
}

#[test]
fn a_replica_that_missed_a_release_brings_nothing_back_when_sentinels_promote_it() {
    let sentinels = Sentinels::start();
    let subject = subject(&sentinels);
    let fill = || {
        let tokens = vec![subject.under(cache_core::Tag::root()), subject.under(tag(1))];
        subject.put(1, tokens);
        assert!(subject.serves(1));
    };
    fill();
    let [old, new] = sentinels.servers();
    conformance::redis_server::await_that("a replica that has all", || {
        new.run::<u64>(&["DBSIZE"]) == old.run::<u64>(&["DBSIZE"])
    });
    new.hang(true);
    subject.change(tag(1));
    old.kill();
    new.hang(false);
    sentinels.await_primary(new);
    assert!(!subject.serves(1), "the release was lost");
    fill();
}

#[test]
fn a_sentinel_by_a_plain_url_and_a_name_that_nobody_knows_are_told_by_name() {
    let sentinels = Sentinels::start();
    let refused = |url: &str| Cache::from_url(url).expect_err(url).to_string();
    let plain = format!("redis://127.0.0.1:{}?prefix=shop", sentinels.port());
    assert!(refused(&plain).contains("redis+sentinel://"), "{}", refused(&plain));
    let other = sentinels.url("shop").replace("/main", "/other");
    assert!(refused(&other).contains("no primary of the name"), "{}", refused(&other));
    Cache::from_url(&sentinels.url("shop")).unwrap();
}
