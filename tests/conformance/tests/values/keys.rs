//! Which keys are the same.

use cache_core::store::{Put, Store};
use cache_core::{CacheKey, Fingerprint, KeyBytes, Kind, Life, Timeout};
use conformance::{FailingStore, shared};

use crate::kit::{build, each};

/// Keys that a store might take apart, cut short or read as a pattern.
fn awkward() -> Vec<String> {
    let mut keys: Vec<String> = [
        "", " ", ":", "*", "?", "[ab]", "a", "A", "b", "a:b", "a b", "a\0b", "a\nb", "a\r\nb", "{a}", "\\", "%", "é",
        "e\u{301}", "💡", "\u{7f}", "1", "01", "-",
    ]
    .map(str::to_owned)
    .into();
    keys.extend([29, 30, 31, 250, 251, 100_000].map(|length| "k".repeat(length)));
    keys.push(format!("{}x", "k".repeat(100_000)));
    keys
}

#[test]
fn k7_b14_a_key_means_itself_only() {
    each(|kit| {
        let keys = awkward();
        for (value, key) in keys.iter().enumerate() {
            assert!(kit.cache.add(key, &value, Timeout::NEVER).unwrap(), "{key:.40?}");
        }
        for (value, key) in keys.iter().enumerate() {
            assert_eq!(kit.peer.get(key).unwrap(), Some(value), "{key:.40?}");
        }
        for (value, key) in keys.iter().enumerate() {
            assert!(kit.cache.delete(key).unwrap(), "{key:.40?}");
            let left = kit.peer.get_many::<usize>(&keys).unwrap();
            assert_eq!(left.len(), keys.len() - value - 1, "{key:.40?}");
        }
    });
}

#[test]
fn keys_are_taken_in_any_form() {
    each(|kit| {
        let owned = String::from("k");
        kit.cache.set(&owned, &1, ()).unwrap();
        assert_eq!(kit.cache.get::<i32>(owned.clone()).unwrap(), Some(1));
        assert_eq!(kit.cache.get_many::<i32>(&[owned]).unwrap()["k"], 1);
        assert!(kit.cache.delete("k").unwrap());
    });
}

#[test]
fn keys_of_values_do_not_meet_those_of_managers() {
    let store = FailingStore::new(cache_core::store::MemoryStore::with_capacity(1 << 20).unwrap());
    let clock = cache_core::ManualClock::new();
    let cache = build(store.clone(), &clock);
    cache.set("k", &1, ()).unwrap();
    let part = Fingerprint::of(&[b"values"]);
    let now = cache_core::Clock::now(&clock);
    let puts = Kind::ALL.into_iter().filter(|kind| *kind != Kind::Value).map(|kind| Put {
        key: CacheKey { space: part, manager: part, kind, id: KeyBytes::of("k") },
        value: shared(b"x"),
        life: Life::starting(now, Timeout::NEVER),
        tokens: vec![],
        weight: 1,
        codec: None,
    });
    store.put(puts.collect(), None, now).unwrap();
    assert_eq!(cache.get("k").unwrap(), Some(1));
}
