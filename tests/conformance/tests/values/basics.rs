//! What each call does.

use std::sync::Arc;
use std::time::Duration;

use cache_core::store::{MemoryStore, NoneStore};
use cache_core::{Cache, ErrorKind, Kind, ManualClock, Timeout};

use crate::kit::{Town, build, each};

const HOUR: Duration = Duration::from_secs(3_600);
const YEAR: Duration = Duration::from_secs(365 * 86_400);

#[test]
fn b1_what_is_missing_is_absent_and_a_stored_none_is_not() {
    each(|kit| {
        assert_eq!(kit.cache.get::<Option<u32>>("k").unwrap(), None);
        kit.cache.set("k", &None::<u32>, ()).unwrap();
        assert_eq!(kit.peer.get::<Option<u32>>("k").unwrap(), Some(None));
        assert!(kit.peer.contains_key("k").unwrap() && !kit.peer.contains_key("l").unwrap());
        assert_eq!(kit.cache.get_or("k", Some(7)).unwrap(), None);
        assert_eq!(kit.cache.get_or("l", 7).unwrap(), 7);
    });
}

#[test]
fn what_was_set_last_is_what_is_got_in_every_process() {
    each(|kit| {
        for value in 0..5_i32 {
            kit.cache.set("k", &value, ()).unwrap();
            assert_eq!(kit.peer.get("k").unwrap(), Some(value));
            kit.peer.set("k", &(value + 100), ()).unwrap();
            assert_eq!(kit.cache.get("k").unwrap(), Some(value + 100));
        }
    });
}

#[test]
fn b2_add_stores_where_nothing_is_and_says_so() {
    each(|kit| {
        assert!(kit.cache.add("k", &1, ()).unwrap());
        assert!(!kit.peer.add("k", &2, ()).unwrap());
        assert_eq!(kit.peer.get("k").unwrap(), Some(1));
        kit.cache.delete("k").unwrap();
        assert!(kit.peer.add("k", &3, HOUR).unwrap());
        assert_eq!(kit.cache.get("k").unwrap(), Some(3));
    });
}

#[test]
fn b3_delete_says_whether_there_was_a_value() {
    each(|kit| {
        assert!(!kit.cache.delete("k").unwrap());
        kit.cache.set("k", &1, ()).unwrap();
        assert!(kit.peer.delete("k").unwrap());
        assert!(!kit.cache.delete("k").unwrap());
        assert_eq!(kit.cache.get::<i32>("k").unwrap(), None);
    });
}

#[test]
fn b9_touch_gives_another_life() {
    each(|kit| {
        assert!(!kit.cache.touch("k", HOUR).unwrap());
        for key in ["longer", "shorter", "never", "gone", "default"] {
            kit.cache.set(key, &1, HOUR).unwrap();
        }
        assert!(kit.peer.touch("longer", HOUR * 2).unwrap());
        assert!(kit.peer.touch("shorter", Duration::from_secs(10)).unwrap());
        assert!(kit.peer.touch("never", Timeout::NEVER).unwrap());
        assert!(kit.peer.touch("gone", Duration::ZERO).unwrap());
        assert!(kit.peer.touch("default", ()).unwrap());
        assert!(!kit.cache.contains_key("gone").unwrap());
        let kept = || ["longer", "shorter", "never", "default"].map(|key| kit.cache.get::<i32>(key).unwrap().is_some());
        kit.pass(10);
        assert_eq!(kept(), [true, false, true, true]);
        kit.pass(290);
        assert_eq!(kept(), [true, false, true, false]);
        kit.pass(3_600);
        assert_eq!(kept(), [true, false, true, false]);
        kit.pass(3_600);
        assert_eq!(kept(), [false, false, true, false]);
        assert!(!kit.cache.touch("longer", HOUR).unwrap());
    });
}

#[test]
fn b10_a_timeout_of_zero_leaves_nothing() {
    each(|kit| {
        kit.cache.set("k", &1, ()).unwrap();
        kit.cache.set("k", &2, Duration::ZERO).unwrap();
        assert_eq!(kit.peer.get::<i32>("k").unwrap(), None);
        assert!(!kit.cache.add("k", &2, Duration::ZERO).unwrap());
        assert_eq!(kit.peer.get::<i32>("k").unwrap(), None);
        assert_eq!(kit.cache.get_or_set("k", Duration::ZERO, || Ok::<_, ()>(3)), Ok(3));
        assert_eq!(kit.peer.get::<i32>("k").unwrap(), None);
    });
}

#[test]
fn b11_the_default_lasts_five_minutes_and_others_as_long_as_they_say() {
    each(|kit| {
        kit.cache.set("default", &1, ()).unwrap();
        kit.cache.set("fraction", &1, Duration::from_millis(1_500)).unwrap();
        kit.cache.set("year", &1, YEAR).unwrap();
        kit.cache.set("never", &1, Timeout::NEVER).unwrap();
        let kept = || ["default", "fraction", "year", "never"].map(|key| kit.peer.get::<i32>(key).unwrap().is_some());
        kit.pass(1);
        assert_eq!(kept(), [true, true, true, true]);
        kit.pass(1);
        assert_eq!(kept(), [true, false, true, true]);
        kit.pass(297);
        assert_eq!(kept(), [true, false, true, true]);
        kit.pass(1);
        assert_eq!(kept(), [false, false, true, true]);
        kit.pass(29 * 86_400);
        assert_eq!(kept(), [false, false, true, true]);
        kit.pass(YEAR.as_secs());
        assert_eq!(kept(), [false, false, false, kit.keeps_for_ever()]);
        kit.pass(50 * YEAR.as_secs());
        assert_eq!(kept(), [false, false, false, kit.keeps_for_ever()]);
    });
}

#[test]
fn b11_the_default_is_that_of_the_cache() {
    let clock = ManualClock::new();
    let cache = Cache::builder().clock(clock.clone()).value_timeout(HOUR).build().unwrap();
    cache.set("k", &1, ()).unwrap();
    clock.advance(HOUR - Duration::from_secs(1));
    assert!(cache.contains_key("k").unwrap());
    clock.advance(Duration::from_secs(1));
    assert!(!cache.contains_key("k").unwrap());
}

#[test]
fn b12_what_has_expired_counts_as_absent() {
    each(|kit| {
        let expire = |key: &str| {
            kit.cache.set(key, &1, HOUR).unwrap();
            kit.pass(3_600);
        };
        expire("k");
        assert_eq!(kit.peer.get::<i32>("k").unwrap(), None);
        assert!(!kit.peer.contains_key("k").unwrap());
        assert!(kit.peer.get_many::<i32>(&["k"]).unwrap().is_empty());
        assert!(kit.peer.incr("k", 1).is_err());
        assert!(!kit.peer.touch("k", ()).unwrap());
        assert!(!kit.peer.delete("k").unwrap());
        expire("k");
        assert!(kit.peer.incr_version("k").is_err());
        assert!(kit.peer.add("k", &2, ()).unwrap());
        expire("k");
        assert_eq!(kit.peer.get_or_set("k", (), || Ok::<_, ()>(5)), Ok(5));
        assert_eq!(kit.cache.get("k").unwrap(), Some(5));
    });
}

#[test]
fn b12_on_a_server_a_value_expires_by_the_servers_clock_only() {
    let town = Town::new();
    let (right, ahead) = (town.process().cache, town.process_ahead(HOUR * 24));
    right.set("lock", &1, HOUR).unwrap();
    assert_eq!(ahead.get::<i32>("lock").unwrap(), Some(1));
    assert!(!ahead.add("lock", &2, HOUR).unwrap(), "it has not expired");
    assert_eq!(ahead.incr("lock", 1).unwrap(), 2);
    town.clock.advance(HOUR);
    assert!(!right.contains_key("lock").unwrap() && !ahead.contains_key("lock").unwrap());
    ahead.set("lock", &3, HOUR).unwrap();
    assert_eq!(right.get("lock").unwrap(), Some(3));
    town.clock.advance(HOUR);
    assert_eq!(right.get::<i32>("lock").unwrap(), None);
}

#[test]
fn b14_values_of_every_form_come_back_equal() {
    each(|kit| {
        let (cache, peer) = (&kit.cache, &kit.peer);
        cache.set("text", "größe 💡\0", ()).unwrap();
        assert_eq!(peer.get::<String>("text").unwrap().unwrap(), "größe 💡\0");
        cache.set("slice", &[1, 2, 3][..], ()).unwrap();
        assert_eq!(peer.get::<Vec<i32>>("slice").unwrap().unwrap(), [1, 2, 3]);
        let pair = (Some("a".to_owned()), vec![f64::MIN_POSITIVE, -0.0]);
        cache.set("pair", &pair, ()).unwrap();
        assert_eq!(peer.get("pair").unwrap(), Some(pair));
        cache.set_arc("arc", Arc::new(u64::MAX), ()).unwrap();
        assert_eq!(peer.get_arc::<u64>("arc").unwrap().as_deref(), Some(&u64::MAX));
        let every: Vec<u8> = (0..=u8::MAX).cycle().take(70_000).collect();
        for bytes in [&every[..], &every[..256], b"", b"\xc4"] {
            cache.set_bytes("bytes", bytes, ()).unwrap();
            assert_eq!(peer.get_bytes("bytes").unwrap().unwrap().as_slice(), bytes);
            assert_eq!(peer.get::<Vec<u8>>("bytes").unwrap().unwrap(), bytes);
        }
    });
}

#[test]
fn b14_what_could_not_be_read_again_is_refused_everywhere_and_leaves_nothing() {
    each(|kit| {
        kit.cache.set("k", &1, ()).unwrap();
        assert!(kit.cache.set("k", &Some(()), ()).is_err());
        assert!(kit.cache.add("l", &Some(None::<i32>), ()).is_err());
        assert_eq!((kit.peer.get("k").unwrap(), kit.peer.get::<i32>("l").unwrap()), (None::<i32>, None));
    });
}

#[test]
fn a_value_of_another_type_is_a_miss_and_stays() {
    each(|kit| {
        kit.cache.set("k", "text", ()).unwrap();
        assert_eq!(kit.cache.get::<i32>("k").unwrap(), None);
        assert!(kit.cache.contains_key("k").unwrap() && !kit.cache.add("k", &1, ()).unwrap());
        assert_eq!(kit.cache.get::<String>("k").unwrap().unwrap(), "text");
        kit.cache.set("n", &7_u8, ()).unwrap();
        assert_eq!(kit.cache.get::<u64>("n").unwrap(), Some(7), "its bytes allow that");
        assert_eq!(kit.cache.get_or_set("k", (), || Ok::<_, ()>(9)), Ok(9));
        assert_eq!(kit.cache.get("k").unwrap(), Some(9));
    });
}

#[test]
fn b6_clear_ends_all_values_of_this_cache() {
    each(|kit| {
        let handles = [kit.cache.clone(), kit.cache.with_version(2), kit.cache.with_prefix("p")];
        handles.iter().for_each(|cache| cache.set("k", &1, Timeout::NEVER).unwrap());
        kit.peer.clear().unwrap();
        assert!(handles.iter().all(|cache| cache.get::<i32>("k").unwrap().is_none()));
        assert!(handles.iter().all(|cache| cache.add("k", &2, ()).unwrap()));
        assert_eq!(kit.peer.get("k").unwrap(), Some(2));
    });
}

#[test]
fn b16_values_count_for_the_bound_of_a_store_in_memory() {
    let store = MemoryStore::with_capacity(1024 * 1024).unwrap();
    let cache = build(store, &ManualClock::new());
    for key in 0..1_000 {
        cache.set(key.to_string(), &"x".repeat(10_000), Timeout::NEVER).unwrap();
    }
    assert!(cache.usage().weight <= 1024 * 1024 && cache.usage().entries > 20);
    cache.set("large", "short", ()).unwrap();
    cache.set("large", &"x".repeat(500_000), ()).unwrap();
    assert_eq!(cache.get::<String>("large").unwrap(), None, "too large, and what was there is gone");
}

#[test]
fn b18_a_store_that_keeps_nothing_keeps_no_values() {
    let cache = build(NoneStore, &ManualClock::new());
    cache.set("k", &1, ()).unwrap();
    assert_eq!(cache.get::<i32>("k").unwrap(), None);
    assert!(!cache.add("k", &1, ()).unwrap() && !cache.touch("k", ()).unwrap() && !cache.delete("k").unwrap());
    assert_eq!(cache.set_many(&[("a", 1), ("b", 2)], ()).unwrap(), ["a", "b"]);
    assert!(cache.incr("k", 1).is_err());
    assert_eq!(cache.get_or_set("k", (), || Ok::<_, ()>(3)), Ok(3));
    cache.clear().unwrap();
}

#[test]
fn o1_reads_and_writes_are_counted() {
    each(|kit| {
        let cache = &kit.cache;
        cache.set("a", &1, ()).unwrap();
        cache.add("a", &1, ()).unwrap();
        cache.add("b", &1, ()).unwrap();
        cache.incr("b", 1).unwrap();
        cache.get::<i32>("a").unwrap();
        cache.get_many::<i32>(&["a", "b", "c"]).unwrap();
        cache.get_or_set("c", (), || Ok::<_, ()>(1)).unwrap();
        cache.get_or_set("c", (), || Ok::<_, ()>(1)).unwrap();
        cache.get_or_set("d", (), || Err::<i32, _>(())).unwrap_err();
        cache.delete("a").unwrap();
        cache.delete("a").unwrap();
        cache.contains_key("b").unwrap();
        let counts = cache.statistics().of(Cache::VALUES, Kind::Value);
        let seen = [counts.hit_count, counts.miss_count, counts.store_count, counts.delete_count];
        assert_eq!(seen, [4, 3, 4, 1]);
        assert_eq!([counts.load_count, counts.load_failure_count, counts.store_failure_count], [2, 1, 0]);
    });
}

#[test]
fn what_is_refused_ends_what_was_there() {
    type Refused = Option<Option<i32>>;
    let calls: [fn(&Cache); 4] = [
        |cache| assert_eq!(cache.set("k", &Refused::Some(None), ()).unwrap_err().kind(), ErrorKind::Codec),
        |cache| {
            let refused = cache.set_arc("k", Arc::new(Refused::Some(None)), Timeout::NEVER);
            assert_eq!(refused.unwrap_err().kind(), ErrorKind::Codec);
        },
        |cache| assert_eq!(cache.set_many(&[("k", Refused::Some(None)), ("other", None)], ()).unwrap(), ["k"]),
        |cache| {
            // Another type cannot be read from what is there.
            assert_eq!(cache.get_or_set("k", (), || Ok::<_, ()>(vec![Refused::Some(None)])), Ok(vec![Some(None)]));
        },
    ];
    for call in calls {
        each(|kit| {
            kit.cache.set("k", &7_i32, ()).unwrap();
            assert_eq!(kit.peer.get("k").unwrap(), Some(7_i32));
            call(&kit.cache);
            assert_eq!([&kit.cache, &kit.peer].map(|cache| cache.contains_key("k").unwrap()), [false; 2]);
        });
    }
}

#[test]
fn what_is_loaded_for_no_time_ends_a_value_of_another_type() {
    each(|kit| {
        kit.cache.set("k", "text", ()).unwrap();
        assert_eq!(kit.cache.get_or_set("k", Duration::ZERO, || Ok::<_, ()>(3)), Ok(3));
        assert!(!kit.peer.contains_key("k").unwrap());
    });
}

#[test]
fn an_add_that_is_refused_leaves_what_was_there() {
    each(|kit| {
        kit.cache.set("k", &7_i32, ()).unwrap();
        assert_eq!(kit.cache.add("k", &Some(None::<i32>), ()).unwrap_err().kind(), ErrorKind::Codec);
        assert_eq!(kit.peer.get("k").unwrap(), Some(7_i32));
    });
}
