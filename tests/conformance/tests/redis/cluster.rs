//! A cluster: what every store keeps to, primaries that die, slots that are moved.

use std::sync::Arc;
use std::time::Duration;

use cache_core::policy::NearPolicy;
use cache_core::store::{Placing, RedisStore, Store, Wanted, Writer};
use cache_core::{Cache, Clock, Tag};
use conformance::redis_server::{RedisCluster, RedisServer, Several, await_that};
use conformance::{Subject, Time, codec, key, tag};

use crate::moving::Row;

/// A cluster of which no primary dies.
fn hands() -> Several<RedisCluster> {
    Several(Arc::new(RedisCluster::steady()))
}

fn policy() -> NearPolicy {
    NearPolicy::with_capacity(1 << 20).max_staleness(Duration::from_secs(5))
}

fn fill(subject: &Subject) {
    let token = subject.under(tag(1));
    let root = subject.under(Tag::root());
    subject.put(1, vec![root, token]);
    assert!(subject.serves(1));
}

#[test]
fn a_cluster_keeps_the_contract_of_what_processes_share() {
    let hands = hands();
    conformance::slot_contract_holds!(hands.subject());
    conformance::shared_store_contract_holds!(hands.subject());
}

#[test]
fn near_memory_in_front_of_a_cluster_keeps_the_contract() {
    let hands = hands();
    conformance::store_contract_holds!(hands.near(policy()));
}

#[test]
fn a_primary_of_a_cluster_dies_under_load_and_comes_back() {
    let cluster = RedisCluster::start();
    let row = Row::at(cluster.url("shop"));
    row.while_in_use(|| {
        let (old, new) = (cluster.primary_of("shop"), cluster.replica_of("shop"));
        old.kill();
        await_that("a replica that takes over", || new.run::<String>(&["INFO", "replication"]).contains("role:master"));
        old.start_again();
        cluster.await_health();
    });
}

#[test]
fn a_slot_is_moved_under_load() {
    let cluster = RedisCluster::start();
    let row = Row::at(cluster.url("shop"));
    row.while_in_use(|| {
        let to = cluster.begin_to_move("shop");
        std::thread::sleep(Duration::from_millis(100));
        cluster.end_to_move("shop", to);
    });
}

#[test]
fn nothing_is_read_while_a_slot_is_moved_and_everything_is_loaded_anew_afterwards() {
    let hands = hands();
    let subject = hands.subject();
    fill(&subject);
    let to = hands.0.begin_to_move("shop");
    // Over the connection from before: a new one is refused anyway.
    let wanted = Wanted { key: key(1), tags: &Vec::new, codec: Some(codec()) };
    assert!(subject.store().look(&[wanted], subject.now()).is_err(), "every key is there, and nobody reads");
    let tags = [tag(1)];
    let asked = Placing::new(Writer::fresh(), &tags, Duration::from_secs(1));
    assert!(subject.store().place(&asked, subject.now()).is_err(), "for no writer can say what it changes");
    hands.0.end_to_move("shop", to);
    assert!(!subject.serves(1));
    fill(&subject);
}

#[test]
fn a_replica_that_missed_a_release_brings_nothing_back_when_it_takes_over() {
    let hands = Several(Arc::new(RedisCluster::start()));
    let subject = hands.near(policy());
    fill(&subject);
    let (old, new) = (hands.0.primary_of("shop"), hands.0.replica_of("shop"));
    await_that("a replica that has all", || new.run::<u64>(&["DBSIZE"]) == old.run::<u64>(&["DBSIZE"]));
    new.hang(true);
    subject.change(tag(1));
    old.kill();
    new.hang(false);
    await_that("a replica that takes over", || new.run::<String>(&["INFO", "replication"]).contains("role:master"));
    let found = || {
        subject.store().look(&[], subject.now()).is_ok() && subject.store().seed(&[tag(1)], &[], subject.now()).is_ok()
    };
    await_that("a cluster that works", found);
    assert!(!subject.serves(1), "the release was lost");
    fill(&subject);
    let is_told = || subject.store().shared().unwrap().near_counts(subject.now()).unwrap().is_trusted;
    await_that("memory that the new primary tells of changes", is_told);
}

#[test]
fn a_primary_that_is_cut_off_holds_nobody_up_for_long_and_is_not_read_when_it_is_back() {
    let cluster = RedisCluster::start();
    let row = Row::at(cluster.url("shop"));
    row.while_in_use(|| {
        let (old, new) = (cluster.primary_of("shop"), cluster.replica_of("shop"));
        old.hang(true);
        await_that("a replica that takes over", || new.run::<String>(&["INFO", "replication"]).contains("role:master"));
        // Readers and writers find the new one.
        row.await_progress();
        old.hang(false);
    });
}

#[test]
fn a_cluster_without_the_slot_and_servers_of_another_kind_are_told_by_name() {
    let cluster = RedisCluster::steady();
    let refused = |url: &str| Cache::from_url(url).expect_err(url).to_string();
    let node = &cluster.nodes()[0];
    assert!(refused(&node.url("shop")).contains("redis+cluster://"), "{}", refused(&node.url("shop")));
    let alone = RedisServer::start();
    let url = format!("redis+cluster://127.0.0.1:{}?prefix=shop", alone.port());
    assert!(refused(&url).contains("no part of a cluster"), "{}", refused(&url));
    let url = format!("redis+sentinel://127.0.0.1:{}/main", alone.port());
    assert!(refused(&url).contains("sentinel"), "{}", refused(&url));
    let store = RedisStore::from_url(&cluster.url("shop")).unwrap();
    let time = Time::real();
    let seeded = || store.seed(&[tag(1)], &[], time.now());
    seeded().unwrap();
    cluster.take_slot_away("shop");
    let error = seeded().unwrap_err();
    assert!(format!("{error:?}").contains("slot") || format!("{error:?}").contains("CLUSTERDOWN"), "{error:?}");
    let other = RedisStore::from_url(&cluster.url("other")).unwrap();
    other.seed(&[tag(1)], &[], time.now()).unwrap();
}
