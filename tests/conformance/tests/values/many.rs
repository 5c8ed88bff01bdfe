//! Several values in one call.

use std::collections::HashMap;
use std::time::Duration;

use cache_core::Timeout;

use crate::kit::{Town, each};

#[test]
fn b4_only_those_that_are_there_are_got() {
    each(|kit| {
        assert!(kit.cache.set_many(&[("a", 1), ("b", 2), ("b", 3)], ()).unwrap().is_empty());
        kit.cache.set("short", &4, Duration::from_secs(1)).unwrap();
        kit.cache.set("text", "x", ()).unwrap();
        kit.pass(1);
        let found = kit.peer.get_many::<i32>(&["a", "none", "b", "short", "a", "text"]).unwrap();
        assert_eq!(found, HashMap::from([("a".to_owned(), 1), ("b".to_owned(), 3)]), "the later of two wins");
    });
}

#[test]
fn b5_delete_many_counts_those_that_were_there() {
    each(|kit| {
        kit.cache.set_many(&[("a", 1), ("b", 2), ("c", 3)], ()).unwrap();
        assert_eq!(kit.peer.delete_many(&["a", "none", "c"]).unwrap(), 2);
        assert_eq!(kit.cache.get_many::<i32>(&["a", "b", "c"]).unwrap(), HashMap::from([("b".to_owned(), 2)]));
        assert_eq!(kit.peer.delete_many(&["b", "b"]).unwrap(), 1);
    });
}

#[test]
fn b5_set_many_names_what_could_not_be_stored() {
    each(|kit| {
        let large = "x".repeat(3 * 1024 * 1024);
        kit.cache.set("large", "old", ()).unwrap();
        let left = kit.cache.set_many(&[("a", "1".to_owned()), ("large", large), ("b", "2".to_owned())], ()).unwrap();
        assert_eq!(left, ["large"]);
        let found = kit.peer.get_many::<String>(&["a", "large", "b"]).unwrap();
        assert_eq!((found.len(), &*found["a"], &*found["b"]), (2, "1", "2"));
        let left = kit.cache.set_many(&[("a", Some(None)), ("b", None), ("c", Some(Some(1)))], ()).unwrap();
        assert_eq!(left, ["a"]);
        assert_eq!(kit.peer.get::<Option<Option<i32>>>("c").unwrap(), Some(Some(Some(1))));
    });
}

#[test]
fn b10_set_many_with_a_timeout_of_zero_leaves_nothing() {
    each(|kit| {
        kit.cache.set("a", &1, Timeout::NEVER).unwrap();
        assert!(kit.cache.set_many(&[("a", 1), ("b", 2)], Duration::ZERO).unwrap().is_empty());
        assert!(kit.peer.get_many::<i32>(&["a", "b"]).unwrap().is_empty());
    });
}

#[test]
fn b5_nothing_to_do_makes_no_round_trip_and_many_make_as_many_as_one() {
    let town = Town::new();
    let process = town.process();
    let trips = |work: &dyn Fn() -> bool| {
        let before = process.link.round_trips();
        assert!(work());
        process.link.round_trips() - before
    };
    let cache = &process.cache;
    cache.set("warm", &1, ()).unwrap();
    let nothing: [&str; 0] = [];
    assert_eq!(trips(&|| cache.get_many::<i32>(&nothing).unwrap().is_empty()), 0);
    assert_eq!(trips(&|| cache.set_many(NO_ENTRIES, ()).unwrap().is_empty()), 0);
    assert_eq!(trips(&|| cache.set_many(NO_ENTRIES, Duration::ZERO).unwrap().is_empty()), 0);
    assert_eq!(trips(&|| cache.delete_many(&nothing).unwrap() == 0), 0);
    assert_eq!(trips(&|| cache.get("warm").unwrap() == Some(1)), 1);
    assert_eq!(trips(&|| cache.get_many::<i32>(&["warm", "a", "b"]).unwrap().len() == 1), 1);
    assert_eq!(trips(&|| cache.set("a", &1, ()).is_ok()), 2);
    assert_eq!(trips(&|| cache.set_many(&[("a", 1), ("b", 2), ("c", 3)], ()).unwrap().is_empty()), 2);
    assert_eq!(trips(&|| cache.touch("a", ()).unwrap()), 2);
    assert_eq!(trips(&|| cache.get_or_set("a", (), || Err(())).is_ok_and(|value: i32| value == 1)), 1);
    assert_eq!(trips(&|| cache.get_or_set("new", (), || Ok::<_, ()>(1)).is_ok()), 6);
    assert_eq!(trips(&|| cache.incr("a", 1).unwrap() == 2), 2);
    assert_eq!(trips(&|| cache.delete_many(&["a", "b", "none"]).unwrap() == 2), 2);
    assert_eq!(trips(&|| !cache.delete("none").unwrap()), 1);
}

const NO_ENTRIES: &[(&str, i32)] = &[];

#[test]
fn b17_what_is_not_there_is_loaded_at_once_and_whoever_sets_it_meanwhile_wins() {
    each(|kit| {
        kit.cache.set("a", &1, ()).unwrap();
        let found = kit.cache.get_or_set_many(&["b", "a", "c", "b", "d"], (), |missing| {
            assert_eq!(missing, ["b", "c", "d"]);
            kit.peer.set("c", &30, ()).unwrap();
            let loaded = [("b", 2), ("c", 3), ("nobody asked", 9)];
            Ok::<_, cache_core::Error>(HashMap::from(loaded.map(|(key, value)| (key.to_owned(), value))))
        });
        let expected = [("a", 1), ("b", 2), ("c", 30)].map(|(key, value)| (key.to_owned(), value));
        let mut found = found.unwrap();
        assert_eq!(found.remove("nobody asked"), Some(9));
        assert_eq!((found, kit.cache.contains_key("nobody asked").unwrap()), (HashMap::from(expected.clone()), false));
        assert_eq!(kit.peer.get_many::<i32>(&["a", "b", "c", "d"]).unwrap(), HashMap::from(expected));
        let failed = kit.cache.get_or_set_many::<i32, _>(&["a", "d"], (), |_| Err("gives up"));
        assert_eq!(failed, Err("gives up"));
    });
}
