//! Versions and prefixes, and other programs on the same server.

use std::time::Duration;

use cache_core::{ErrorKind, Timeout};

use crate::kit::{Town, each};

#[test]
fn b13_versions_and_prefixes_do_not_see_each_other() {
    each(|kit| {
        let (first, second) = (kit.cache.clone(), kit.peer.with_version(2));
        let (one, other) = (kit.cache.with_prefix("a"), kit.peer.with_prefix("a").with_prefix("b"));
        for (value, cache) in [&first, &second, &one, &other].into_iter().enumerate() {
            assert_eq!(cache.get::<usize>("k").unwrap(), None);
            cache.set("k", &value, ()).unwrap();
        }
        for (value, cache) in [&first, &second, &one, &other].into_iter().enumerate() {
            assert_eq!(cache.get("k").unwrap(), Some(value));
        }
        second.delete("k").unwrap();
        assert_eq!(kit.peer.get("k").unwrap(), Some(0_usize));
        assert_eq!(other.get("k").unwrap(), Some(3_usize));
    });
}

#[test]
fn b13_moving_a_version_makes_the_old_one_absent() {
    each(|kit| {
        let (first, second) = (&kit.cache, kit.peer.with_version(2));
        assert_eq!(first.incr_version("k").unwrap_err().kind(), ErrorKind::Absent);
        first.set("k", "x", Duration::from_secs(10)).unwrap();
        second.set("k", "in the way", ()).unwrap();
        kit.pass(5);
        assert_eq!(first.incr_version("k").unwrap(), 2);
        assert_eq!(first.get::<String>("k").unwrap(), None);
        assert_eq!(second.get::<String>("k").unwrap().unwrap(), "x");
        assert_eq!(second.decr_version("k").unwrap(), 1);
        assert_eq!(second.get::<String>("k").unwrap(), None);
        kit.pass(4);
        assert_eq!(first.get::<String>("k").unwrap().unwrap(), "x", "it lives as long as it would have");
        kit.pass(1);
        assert_eq!(first.get::<String>("k").unwrap(), None);
    });
}

#[test]
fn there_is_no_version_beyond_the_first_and_the_last() {
    each(|kit| {
        let (least, most) = (kit.cache.with_version(0), kit.cache.with_version(u32::MAX));
        least.set("k", &1, Timeout::NEVER).unwrap();
        most.set("k", &1, Timeout::NEVER).unwrap();
        assert_eq!(least.decr_version("k").unwrap_err().kind(), ErrorKind::Overflow);
        assert_eq!(most.incr_version("k").unwrap_err().kind(), ErrorKind::Overflow);
        assert!(least.contains_key("k").unwrap() && most.contains_key("k").unwrap());
        assert_eq!((least.incr_version("k").unwrap(), kit.cache.version()), (1, 1));
    });
}

#[test]
fn b6_b13_other_programs_on_the_server_are_left_alone() {
    let town = Town::new();
    let (one, other) = (town.process_called("one"), town.process_called("other"));
    one.cache.set("k", &1, ()).unwrap();
    other.cache.set("k", &2, ()).unwrap();
    one.cache.clear().unwrap();
    assert_eq!((one.cache.get::<i32>("k").unwrap(), other.cache.get::<i32>("k").unwrap()), (None, Some(2)));
}
