//! Numbers that many count at once.

use std::thread;
use std::time::Duration;

use cache_core::{Cache, ErrorKind, Timeout};

use crate::kit::{Town, each};

#[test]
fn b7_a_missing_key_and_what_is_no_number_are_errors() {
    each(|kit| {
        assert_eq!(kit.cache.incr("k", 1).unwrap_err().kind(), ErrorKind::Absent);
        assert_eq!(kit.cache.decr("k", 1).unwrap_err().kind(), ErrorKind::Absent);
        assert!(!kit.cache.contains_key("k").unwrap());
        kit.cache.set("k", "text", ()).unwrap();
        assert_eq!(kit.cache.incr("k", 1).unwrap_err().kind(), ErrorKind::Codec);
        assert_eq!(kit.cache.get::<String>("k").unwrap().unwrap(), "text");
        kit.cache.set("k", &(i64::MAX - 1), ()).unwrap();
        assert_eq!(kit.cache.incr("k", 1).unwrap(), i64::MAX);
        assert_eq!(kit.cache.incr("k", 1).unwrap_err().kind(), ErrorKind::Overflow);
        assert_eq!(kit.cache.get("k").unwrap(), Some(i64::MAX));
        assert_eq!(kit.cache.decr("k", i64::MAX).unwrap(), 0);
        assert_eq!(kit.cache.decr("k", 3).unwrap(), -3);
        assert_eq!(kit.cache.decr("k", i64::MIN).unwrap(), i64::MAX - 2);
    });
}

#[test]
fn b7_the_life_of_a_number_stays_what_it_is() {
    each(|kit| {
        kit.cache.set("k", &1_u8, Duration::from_secs(10)).unwrap();
        kit.cache.set("never", &1, Timeout::NEVER).unwrap();
        kit.pass(9);
        assert_eq!(kit.peer.incr("k", 300).unwrap(), 301);
        assert_eq!(kit.peer.incr("never", 1).unwrap(), 2);
        assert_eq!(kit.cache.get::<i32>("k").unwrap(), Some(301));
        kit.pass(1);
        assert!(!kit.cache.contains_key("k").unwrap());
        kit.pass(1_000_000);
        assert_eq!(kit.cache.get::<i64>("never").unwrap(), Some(2));
    });
}

#[test]
fn b8_concurrent_increments_add_up() {
    each(|kit| {
        kit.cache.set("k", &0, ()).unwrap();
        count_in_threads(&[kit.cache.clone(), kit.peer.clone(), kit.cache.clone(), kit.peer.clone()]);
    });
    let town = Town::new();
    let caches: Vec<Cache> = (0..6).map(|_| town.process().cache).collect();
    caches[0].set("k", &0, ()).unwrap();
    count_in_threads(&caches);
}

fn count_in_threads(caches: &[Cache]) {
    const TIMES: i64 = 100;
    thread::scope(|scope| {
        for cache in caches {
            scope.spawn(move || (0..TIMES).for_each(|_| assert!(cache.incr("k", 2).is_ok())));
            scope.spawn(move || (0..TIMES).for_each(|_| assert!(cache.decr("k", 1).is_ok())));
        }
    });
    let sum = i64::try_from(caches.len()).unwrap() * TIMES;
    assert_eq!(caches[0].get("k").unwrap(), Some(sum));
}

#[test]
fn b2_of_many_who_add_at_once_one_is_told_so() {
    each(|kit| {
        for round in 0..20 {
            let key = round.to_string();
            let winners: usize = thread::scope(|scope| {
                let add = |cache: Cache| {
                    let key = &key;
                    scope.spawn(move || usize::from(cache.add(key, &1, ()).unwrap()))
                };
                let tries: Vec<_> =
                    (0..6).map(|at| add(if at % 2 == 0 { kit.cache.clone() } else { kit.peer.clone() })).collect();
                tries.into_iter().map(|each| each.join().unwrap()).sum()
            });
            assert_eq!(winners, 1);
        }
    });
}
