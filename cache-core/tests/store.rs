//! What every store keeps to, and what the memory store does besides.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::sync::Arc;
use std::time::Duration;

use cache_core::store::{
    FailingStore, MemoryStore, NoneStore, Outcome, Put, Release, Seed, Store, Stored, Wanted, Writer,
};
use cache_core::{
    CacheKey, Database, Fingerprint, KeyBytes, Kind, Life, Tag, TagKind, Timeout, Timestamp, Token, Value, Worth,
};

const LIFE: Duration = Duration::from_secs(10);

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
    store.seed(&[tag], now).unwrap()[0]
}

fn put(store: &dyn Store, id: u64, tokens: Vec<(Tag, Token)>, now: Timestamp) -> Stored {
    put_weighing(store, id, tokens, now, 8)
}

fn put_weighing(store: &dyn Store, id: u64, tokens: Vec<(Tag, Token)>, now: Timestamp, weight: usize) -> Stored {
    let life = Life::starting(now, Timeout::from_secs(100));
    let entry = Put { key: key(id), value: Value::Shared(Arc::new(id)), life, tokens, weight, codec: None };
    store.put_many(vec![entry], now).unwrap()[0]
}

fn worth(store: &dyn Store, id: u64, now: Timestamp) -> Option<Worth> {
    store.get(&Wanted { key: key(id), tags: &Vec::new, codec: None }, now).unwrap().map(|found| found.worth)
}

fn release(store: &dyn Store, writer: Writer, tag: Tag, outcome: Outcome, now: Timestamp) {
    store.release(writer, &[Release { tag, outcome }], now).unwrap();
}

/// The contract, for stores that keep what they are given.
macro_rules! store_contract {
    ($module:ident, $store:expr) => {
        mod $module {
            use super::*;

            #[test]
            fn an_entry_is_served_while_its_tokens_are_the_present_ones() {
                let store = $store;
                let token = seed(&store, tag(1), at(1)).token;
                assert_eq!(put(&store, 1, vec![(tag(1), token)], at(1)), Stored::Kept);
                assert_eq!(worth(&store, 1, at(2)), Some(Worth::Fresh));
                assert_eq!(worth(&store, 2, at(2)), None);
                release(&store, Writer::fresh(), tag(2), Outcome::Changed, at(2));
                assert_eq!(worth(&store, 1, at(2)), Some(Worth::Fresh));
                release(&store, Writer::fresh(), tag(1), Outcome::Changed, at(2));
                assert_eq!(worth(&store, 1, at(2)), Some(Worth::Changed(TagKind::Row)));
            }

            #[test]
            fn an_entry_ends_at_its_hard_deadline() {
                let store = $store;
                put(&store, 1, vec![], at(1));
                assert_eq!(worth(&store, 1, at(100)), Some(Worth::Fresh));
                assert_eq!(worth(&store, 1, at(101)), Some(Worth::Expired));
            }

            #[test]
            fn a_tag_keeps_its_token_until_it_is_changed() {
                let store = $store;
                let first = seed(&store, tag(1), at(1));
                put(&store, 1, vec![(tag(1), first.token)], at(1));
                assert_eq!(seed(&store, tag(1), at(2)), first);
                release(&store, Writer::fresh(), tag(1), Outcome::Changed, at(2));
                assert_ne!(seed(&store, tag(1), at(2)).token, first.token);
            }

            #[test]
            fn c1_what_was_loaded_before_a_change_is_never_served() {
                let store = $store;
                let token = seed(&store, tag(1), at(1)).token;
                release(&store, Writer::fresh(), tag(1), Outcome::Changed, at(2));
                put(&store, 1, vec![(tag(1), token)], at(3));
                assert_ne!(worth(&store, 1, at(3)), Some(Worth::Fresh));
            }

            #[test]
            fn an_intent_stands_until_it_is_released() {
                let store = $store;
                let writer = Writer::fresh();
                let token = seed(&store, tag(1), at(1)).token;
                put(&store, 1, vec![(tag(1), token)], at(1));
                store.place(writer, &[tag(1)], LIFE, at(1)).unwrap();
                assert!(seed(&store, tag(1), at(2)).is_intended);
                assert_eq!(worth(&store, 1, at(2)), Some(Worth::Fresh));
                release(&store, writer, tag(1), Outcome::Unchanged, at(2));
                assert_eq!(seed(&store, tag(1), at(2)), Seed { token, is_intended: false });
                assert_eq!(worth(&store, 1, at(50)), Some(Worth::Fresh));
            }

            #[test]
            fn a_writer_that_never_comes_back_leaves_nothing_beyond_its_deadline() {
                let store = $store;
                let token = seed(&store, tag(1), at(1)).token;
                put(&store, 1, vec![(tag(1), token)], at(1));
                store.place(Writer::fresh(), &[tag(1)], LIFE, at(1)).unwrap();
                assert_eq!(worth(&store, 1, at(10)), Some(Worth::Fresh));
                assert_eq!(worth(&store, 1, at(11)), Some(Worth::Changed(TagKind::Row)));
                assert_ne!(seed(&store, tag(1), at(11)).token, token);
            }

            #[test]
            fn the_earliest_of_several_intents_kills_the_token_and_the_others_stand() {
                let store = $store;
                store.place(Writer::fresh(), &[tag(1)], LIFE, at(1)).unwrap();
                store.place(Writer::fresh(), &[tag(1)], LIFE * 2, at(1)).unwrap();
                let first = seed(&store, tag(1), at(2));
                let second = seed(&store, tag(1), at(12));
                assert!(first.is_intended && second.is_intended && first.token != second.token);
                let third = seed(&store, tag(1), at(22));
                assert!(!third.is_intended && second.token != third.token);
            }

            #[test]
            fn a_writer_that_does_not_know_changes_the_tag_now_and_at_the_deadline() {
                let store = $store;
                let writer = Writer::fresh();
                let before = seed(&store, tag(1), at(1)).token;
                store.place(writer, &[tag(1)], LIFE, at(1)).unwrap();
                release(&store, writer, tag(1), Outcome::Unknown(LIFE), at(5));
                let now = seed(&store, tag(1), at(5));
                assert!(now.is_intended && now.token != before);
                assert_eq!(seed(&store, tag(1), at(14)).token, now.token);
                let later = seed(&store, tag(1), at(15));
                assert!(!later.is_intended && later.token != now.token);
            }

            #[test]
            fn a_release_that_comes_late_changes_a_tag_that_was_seeded_meanwhile() {
                let store = $store;
                let writer = Writer::fresh();
                store.place(writer, &[tag(1)], LIFE, at(1)).unwrap();
                let token = seed(&store, tag(1), at(20)).token;
                put(&store, 1, vec![(tag(1), token)], at(20));
                release(&store, writer, tag(1), Outcome::Changed, at(21));
                assert_eq!(worth(&store, 1, at(21)), Some(Worth::Changed(TagKind::Row)));
            }

            #[test]
            fn many_entries_are_looked_up_in_order() {
                let store = $store;
                put(&store, 2, vec![], at(1));
                let wanted = [1, 2, 3].map(|id| Wanted { key: key(id), tags: &Vec::new, codec: None });
                let found = store.get_many(&wanted, at(1)).unwrap();
                assert_eq!(found.iter().map(Option::is_some).collect::<Vec<_>>(), [false, true, false]);
            }
        }
    };
}

store_contract!(memory_store, memory());
store_contract!(failing_store_that_does_not_fail, FailingStore::new(memory()));

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
fn a_store_that_keeps_nothing_shares_no_tokens() {
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
