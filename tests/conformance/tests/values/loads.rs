//! Loads on behalf of those who ask for what is not there.

use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Barrier, mpsc};
use std::thread;
use std::time::Duration;

use cache_core::{Cache, Timeout};
use conformance::simulation::Operation;

use crate::kit::{Kit, Process, Town, each};

fn load(cache: &Cache, value: i64) -> i64 {
    load_while(cache, value, || {})
}

/// Does `work` within the load.
fn load_while(cache: &Cache, value: i64, work: impl FnOnce()) -> i64 {
    let loaded = cache.get_or_set("k", (), || {
        work();
        Ok::<_, Infallible>(value)
    });
    loaded.unwrap()
}

#[test]
fn b17_what_is_there_is_not_loaded() {
    each(|kit| {
        assert_eq!(load(&kit.cache, 1), 1);
        assert_eq!(load(&kit.peer, 2), 1);
        assert_eq!(kit.cache.get("k").unwrap(), Some(1_i64));
        kit.pass(300);
        assert_eq!(load(&kit.peer, 3), 3);
    });
}

#[test]
fn b17_a_loaded_none_is_stored() {
    each(|kit| {
        let loads = AtomicUsize::new(0);
        for cache in [&kit.cache, &kit.peer, &kit.cache] {
            let found = cache.get_or_set("k", (), || {
                loads.fetch_add(1, Ordering::SeqCst);
                Ok::<_, Infallible>(None::<String>)
            });
            assert_eq!(found, Ok(None));
        }
        assert_eq!(loads.load(Ordering::SeqCst), 1);
        assert_eq!(kit.cache.get::<Option<String>>("k").unwrap(), Some(None));
    });
}

#[test]
fn errors_of_the_load_reach_the_caller_and_store_nothing() {
    each(|kit| {
        assert_eq!(kit.cache.get_or_set("k", (), || Err::<i64, _>("no luck")), Err("no luck"));
        assert!(!kit.cache.contains_key("k").unwrap());
        assert_eq!(load(&kit.cache, 1), 1);
    });
}

#[test]
fn a_panic_of_the_load_leaves_nothing_and_holds_nobody_up() {
    each(|kit| {
        assert!(catch_unwind(AssertUnwindSafe(|| load_while(&kit.cache, 1, || panic!("no luck")))).is_err());
        assert_eq!(load(&kit.peer, 2), 2);
        assert_eq!(load(&kit.cache, 3), 2);
    });
}

type Change = fn(&Cache);

/// What may happen while somebody loads, and what is there afterwards.
const CHANGES: [(&str, Change, Option<i64>); 6] = [
    ("set", |cache| cache.set("k", &7_i64, Timeout::NEVER).unwrap(), Some(7)),
    ("add", |cache| assert!(cache.add("k", &7_i64, ()).unwrap()), Some(7)),
    ("load", |cache| assert_eq!(cache.get_or_set("k", (), || Ok::<_, ()>(7_i64)), Ok(7)), Some(7)),
    ("delete", |cache| assert!(!cache.delete("k").unwrap()), None),
    (
        "set and delete",
        |cache| {
            cache.set("k", &7_i64, ()).unwrap();
            assert!(cache.delete("k").unwrap());
        },
        None,
    ),
    ("clear", |cache| cache.clear().unwrap(), None),
];

#[test]
fn b17_a_load_that_was_overtaken_stores_nothing_and_gives_the_winner() {
    each(|kit| {
        for (name, change, left) in CHANGES {
            // Whoever loads in the same process would wait for the load that it is in.
            if name == "load" && kit.name == "in memory" {
                continue;
            }
            kit.cache.clear().unwrap();
            let peer = kit.peer.clone();
            let given = load_while(&kit.cache, 1, || change(&peer));
            let expected = if name == "load" { given } else { left.unwrap_or(1) };
            assert_eq!(given, expected, "{name}");
            assert_eq!(kit.peer.get::<i64>("k").unwrap(), left.map(|_| given), "{name}");
        }
    });
}

#[test]
fn b17_a_value_that_had_expired_is_overtaken_as_well() {
    each(|kit| {
        for (name, change, left) in CHANGES.into_iter().filter(|(name, ..)| *name != "load") {
            kit.cache.set("k", &5_i64, Duration::from_secs(1)).unwrap();
            kit.pass(1);
            let peer = kit.peer.clone();
            assert_eq!(load_while(&kit.cache, 1, || change(&peer)), left.unwrap_or(1), "{name}");
            assert_eq!(kit.peer.get::<i64>("k").unwrap(), left, "{name}");
        }
    });
}

#[test]
fn a_load_that_takes_longer_than_its_slot_stays_vacant_stores_nothing() {
    let town = Town::new();
    let [one, other] = [town.process(), town.process()];
    let slow = |seconds| {
        let clock = town.clock.clone();
        load_while(&one.cache, 1, || clock.advance(Duration::from_secs(seconds)))
    };
    assert_eq!(slow(301), 1);
    assert!(!other.cache.contains_key("k").unwrap());
    assert_eq!(slow(299), 1);
    assert!(other.cache.contains_key("k").unwrap());
}

#[test]
fn b17_those_who_ask_at_once_load_once() {
    each(|kit| {
        let (loads, barrier) = (AtomicUsize::new(0), Barrier::new(8));
        thread::scope(|scope| {
            for at in 0..8 {
                let (loads, barrier) = (&loads, &barrier);
                let cache = if at % 2 == 0 { kit.cache.clone() } else { kit.peer.clone() };
                scope.spawn(move || {
                    barrier.wait();
                    let found = load_while(&cache, 5, || {
                        loads.fetch_add(1, Ordering::SeqCst);
                        thread::sleep(Duration::from_millis(50));
                    });
                    assert_eq!(found, 5);
                });
            }
        });
        assert_eq!(loads.load(Ordering::SeqCst), 1, "{}", kit.name);
    });
}

#[test]
fn b17_who_opened_a_slot_that_was_filled_since_does_not_load() {
    for operation in [Operation::Read, Operation::Open] {
        let town = Town::new();
        let process = town.process();
        let between = process.clone();
        process.link.after(operation, move || assert_eq!(load(&between.cache, 1), 1));
        assert_eq!(load_while(&process.cache, 2, || panic!("it is there already")), 1);
    }
}

#[test]
fn c14_those_who_wait_get_a_value_though_the_first_fails() {
    each(|kit: &Kit| {
        let (started, starts) = mpsc::channel();
        let waits = thread::scope(|scope| {
            let first = scope.spawn(|| {
                kit.cache.get_or_set("k", (), || {
                    started.send(()).unwrap();
                    thread::sleep(Duration::from_millis(30));
                    Err::<i64, _>("gives up")
                })
            });
            starts.recv().unwrap();
            let second = scope.spawn(|| load(&kit.cache, 2));
            let third = scope.spawn(|| load(&kit.peer, 2));
            assert_eq!(first.join().unwrap(), Err("gives up"));
            (second.join().unwrap(), third.join().unwrap())
        });
        assert_eq!(waits, (2, 2));
        assert_eq!(kit.cache.get("k").unwrap(), Some(2_i64));
    });
}

#[test]
fn c12_who_asks_after_a_change_does_not_wait_for_a_load_from_before() {
    each(|kit| {
        for (name, change, left) in CHANGES.into_iter().filter(|(_, _, left)| left.is_none()) {
            kit.cache.clear().unwrap();
            let peer = kit.peer.clone();
            let mut later = None;
            let old = load_while(&kit.cache, 1, || {
                change(&peer);
                later = Some(load(&peer, 2));
            });
            assert_eq!((later, old), (Some(2), 2), "{name}: the later load won");
            assert_eq!(kit.cache.get("k").unwrap(), Some(2_i64), "{name} {left:?}");
        }
    });
}

#[test]
fn c11_who_waits_for_a_process_that_died_takes_its_place() {
    let town = Town::new();
    let [dead, reader] = [town.process(), town.process()];
    let died = dead.link.clone();
    let dies = catch_unwind(AssertUnwindSafe(|| {
        load_while(&dead.cache, 1, || {
            died.part(true);
            panic!("it dies");
        })
    }));
    assert!(dies.is_err());
    let clock = town.clock.clone();
    reader.link.after(Operation::Lease, move || clock.advance(Duration::from_secs(60)));
    assert_eq!(load(&reader.cache, 2), 2);
    assert_eq!(reader.cache.get("k").unwrap(), Some(2_i64));
}

#[test]
fn a_value_that_cannot_be_set_is_given_all_the_same_and_counted() {
    each(|kit| {
        let found = kit.cache.get_or_set("k", (), || Ok::<_, Infallible>(Some(None::<i32>)));
        assert_eq!(found, Ok(Some(None)));
        assert!(!kit.cache.contains_key("k").unwrap());
        assert_eq!(kit.cache.statistics().total().store_failure_count, 1);
    });
}

#[test]
fn b17_a_load_at_every_point_of_another_one_leaves_one_value() {
    let operations = [Operation::Read, Operation::Open, Operation::Lease, Operation::Swap, Operation::EndLease];
    for operation in operations {
        for is_before in [true, false] {
            let town = Town::new();
            let [one, other]: [Process; 2] = [town.process(), town.process()];
            one.cache.set("warm", &1, ()).unwrap();
            let between = other.clone();
            let hook = move || assert!([1, 2].contains(&load(&between.cache, 2)));
            if is_before {
                one.link.before(operation, hook)
            } else {
                one.link.after(operation, hook)
            }
            let given = load(&one.cache, 1);
            let there = other.cache.get::<i64>("k").unwrap();
            assert_eq!(there, Some(given), "{operation:?} {is_before}");
        }
    }
}
