//! What the stores in this process do beside the contract, which the package `conformance` has.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::sync::Arc;

use cache_core::store::{MemoryStore, NoneStore, Outcome, Put, Release, Seed, Store, Stored, Wanted, Writer};
use cache_core::{CacheKey, Database, Fingerprint, KeyBytes, Kind, Life, Tag, Timeout, Timestamp, Token, Value, Worth};

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_nanos(seconds * 1_000_000_000)
}

fn memory() -> MemoryStore {
    MemoryStore::with_capacity(1024 * 1024).unwrap()
}

fn key(id: u64) -> CacheKey {
    let part = Fingerprint::of(&[b"test"]);
    CacheKey { space: part, manager: part, kind: Kind::Detail, id: KeyBytes::of(&id) }
}

fn tag(id: u64) -> Tag {
    Database::named("test").table("t").row(KeyBytes::of(&id))
}

fn seed(store: &dyn Store, tag: Tag, now: Timestamp) -> Seed {
    store.seed(&[tag], &[], now).unwrap().seeds[0]
}

fn put(store: &dyn Store, id: u64, tokens: Vec<(Tag, Token)>, now: Timestamp) -> Stored {
    put_weighing(store, id, tokens, now, 8)
}

fn put_weighing(store: &dyn Store, id: u64, tokens: Vec<(Tag, Token)>, now: Timestamp, weight: usize) -> Stored {
    let life = Life::starting(now, Timeout::from_secs(100));
    let entry = Put { key: key(id), value: Value::Shared(Arc::new(id)), life, tokens, weight, codec: None };
    store.put(vec![entry], None, now).unwrap()[0]
}

fn worth(store: &dyn Store, id: u64, now: Timestamp) -> Option<Worth> {
    let wanted = Wanted { key: key(id), tags: &Vec::new, codec: None };
    store.look(&[wanted], now).unwrap().remove(0).found.map(|found| found.worth)
}

fn release(store: &dyn Store, writer: Writer, tag: Tag, outcome: Outcome, now: Timestamp) {
    store.release(writer, &[Release { tag, outcome }], &[], now).unwrap();
}

#[test]
fn b16_memory_is_bounded_and_what_is_used_stays() {
    let store = memory();
    for id in 0..100_000 {
        put(&store, id, vec![], at(1));
        worth(&store, 0, at(1));
    }
    let usage = store.usage();
    assert!(usage.weight <= 1024 * 1024, "{usage:?}");
    assert!(usage.entries > 1_000, "{usage:?}");
    assert_eq!(worth(&store, 0, at(1)), Some(Worth::Fresh));
}

#[test]
fn an_entry_too_large_is_declined_and_replaces_what_was_there() {
    let store = memory();
    put(&store, 1, vec![], at(1));
    assert_eq!(put_weighing(&store, 1, vec![], at(1), 200 * 1024), Stored::Declined);
    assert_eq!(worth(&store, 1, at(1)), None);
}

#[test]
fn o6_tags_that_no_entry_depends_on_are_forgotten() {
    let store = memory();
    for id in 0..200_000 {
        seed(&store, tag(id), at(1));
    }
    assert!(store.usage().tags < 10_000, "{:?}", store.usage());
}

#[test]
fn g6_a_tag_lives_as_long_as_the_entries_under_it() {
    let store = memory();
    let token = seed(&store, tag(0), at(1)).token;
    put(&store, 0, vec![(tag(0), token)], at(1));
    for id in 1..50_000 {
        seed(&store, tag(id), at(1));
    }
    assert_eq!(seed(&store, tag(0), at(2)).token, token);
    assert_eq!(worth(&store, 0, at(2)), Some(Worth::Fresh));
}

#[test]
fn b18_a_store_that_keeps_nothing_shares_no_tokens() {
    let store = NoneStore;
    assert_ne!(seed(&store, tag(1), at(1)).token, seed(&store, tag(1), at(1)).token);
    assert_eq!(put(&store, 1, vec![], at(1)), Stored::Declined);
    assert_eq!(worth(&store, 1, at(1)), None);
}

#[test]
fn concurrent_changes_are_never_lost() {
    let store = memory();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for round in 0..2_000_u64 {
                    let id = round % 7;
                    let token = seed(&store, tag(id), at(1)).token;
                    release(&store, Writer::fresh(), tag(id), Outcome::Changed, at(1));
                    // Another thread may have stored since, but not under this token.
                    put(&store, id, vec![(tag(id), token)], at(1));
                    assert_ne!(seed(&store, tag(id), at(1)).token, token);
                }
            });
        }
    });
}

#[test]
fn other_loads_do_not_keep_a_fill_from_being_stored_and_tags_that_nobody_holds_go() {
    let store = memory();
    for fill in 0..50 {
        let token = seed(&store, tag(fill), at(1)).token;
        for other in 0..1_500 {
            seed(&store, tag(1_000_000 + fill * 10_000 + other), at(1));
        }
        assert_eq!(put(&store, fill, vec![(tag(fill), token)], at(1)), Stored::Kept, "fill {fill}");
    }
    assert!(store.usage().tags < 10_000, "{:?}", store.usage());
}
