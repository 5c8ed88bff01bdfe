//! Loads that wait for themselves, or for each other.

use std::error::Error as StdError;
use std::sync::{Barrier, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use cache_core::{Cache, Error, ErrorKind, Result};

use crate::kit::{Kit, Town, each};

/// Nobody waits for so long who does not wait for himself.
const AT_ONCE: Duration = Duration::from_secs(4);

/// Asks for `key`, and while that is loaded for what comes after it.
fn within(cache: &Cache, keys: &[&str]) -> Result<i64> {
    let [key, inner @ ..] = keys else { return Ok(1) };
    cache.get_or_set(key, (), || within(cache, inner))
}

#[track_caller]
fn assert_circle(given: Result<i64>, keys: &[&str]) {
    let error = given.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Circle);
    let said = error.to_string();
    assert!(keys.iter().any(|key| said == format!("loading `{key}` waits for itself")), "{said}");
}

#[test]
fn a_load_that_asks_for_its_own_key_fails_at_once_with_that_key() {
    each(|kit| {
        let began = Instant::now();
        assert_circle(within(&kit.cache, &["a", "a"]), &["a"]);
        assert_circle(within(&kit.cache, &["a", "b", "c", "a"]), &["a"]);
        assert!(began.elapsed() < AT_ONCE, "{:?} over {}", began.elapsed(), kit.name);
        assert_eq!(within(&kit.cache, &["a", "b"]).unwrap(), 1, "nothing is left of it");
        assert_eq!(kit.cache.get::<i64>("a").unwrap(), Some(1));
    });
}

#[test]
fn a_load_within_its_own_key_goes_on_where_somebody_has_set_or_deleted_it() {
    each(|kit| {
        let set = kit.cache.get_or_set("a", (), || {
            kit.cache.set("a", &7_i64, ())?;
            within(&kit.cache, &["a"])
        });
        assert_eq!(set.unwrap(), 7);
        kit.cache.delete("a").unwrap();
        let deleted = kit.cache.get_or_set("a", (), || {
            kit.cache.set("a", &7_i64, ())?;
            kit.cache.delete("a")?;
            within(&kit.cache, &["a"])
        });
        assert_eq!(deleted.unwrap(), 1);
    });
}

#[test]
fn a_load_that_asks_for_its_own_key_ends_though_the_store_fails() {
    let town = Town::new();
    let process = town.process();
    process.link.part(true);
    assert_circle(within(&process.cache, &["a", "a"]), &["a"]);
    let other = town.process();
    let link = other.link.clone();
    let parted = other.cache.get_or_set("a", (), || {
        link.part(true);
        within(&other.cache, &["a"])
    });
    assert_circle(parted, &["a"]);
}

/// As many threads as keys: each loads its own, and then asks for the next one's.
fn circle(kit: &Kit, keys: &[&'static str]) -> Vec<Result<i64>> {
    let barrier = Barrier::new(keys.len());
    thread::scope(|scope| {
        let loads = keys.iter().enumerate().map(|(at, key)| {
            let (barrier, next) = (&barrier, keys[(at + 1) % keys.len()]);
            scope.spawn(move || {
                kit.cache.get_or_set(key, (), || {
                    barrier.wait();
                    within(&kit.cache, &[next])
                })
            })
        });
        let loads: Vec<_> = loads.collect();
        loads.into_iter().map(|load| load.join().unwrap()).collect()
    })
}

#[test]
fn loads_that_wait_for_each_other_end_at_once_and_one_fails_with_a_key_of_theirs() {
    for keys in [&["a", "b"][..], &["a", "b", "c"], &["a", "b", "c", "d", "e"]] {
        each(|kit| {
            let began = Instant::now();
            let given = circle(kit, keys);
            assert!(began.elapsed() < AT_ONCE, "{:?} over {}", began.elapsed(), kit.name);
            // Whoever waited for the load that failed loads by himself.
            let failed: Vec<_> = given.into_iter().filter(Result::is_err).collect();
            assert!(!failed.is_empty());
            failed.into_iter().for_each(|given| assert_circle(given, keys));
        });
    }
}

#[test]
fn caches_that_wait_for_each_other_make_a_circle_too() {
    each(|kit| {
        let (other, barrier) = (Cache::memory(), Barrier::new(2));
        let began = Instant::now();
        let given = thread::scope(|scope| {
            let here = scope.spawn(|| {
                kit.cache.get_or_set("here", (), || {
                    barrier.wait();
                    within(&other, &["there"])
                })
            });
            let there = scope.spawn(|| {
                other.get_or_set("there", (), || {
                    barrier.wait();
                    within(&kit.cache, &["here"])
                })
            });
            [here.join().unwrap(), there.join().unwrap()]
        });
        assert!(began.elapsed() < AT_ONCE, "{:?} over {}", began.elapsed(), kit.name);
        assert!(given.iter().any(Result::is_err));
    });
}

#[test]
fn threads_that_wait_for_one_that_waits_for_nobody_are_no_circle() {
    each(|kit| {
        let (started, starts) = mpsc::channel();
        let values = thread::scope(|scope| {
            let slow = scope.spawn(|| {
                kit.cache.get_or_set("slow", (), || {
                    started.send(()).unwrap();
                    thread::sleep(Duration::from_millis(50));
                    within(&kit.cache, &["other"])
                })
            });
            starts.recv().unwrap();
            let waits: Vec<_> =
                ["a", "b", "c"].map(|key| scope.spawn(move || within(&kit.cache, &[key, "slow"]))).into();
            let mut values: Vec<_> = waits.into_iter().map(|wait| wait.join().unwrap().unwrap()).collect();
            values.push(slow.join().unwrap().unwrap());
            values
        });
        assert_eq!(values, [1; 4]);
    });
}

#[test]
fn a_circle_is_told_in_what_the_load_fails_with() {
    let cache = Cache::memory();
    let boxed =
        cache.get_or_set("a", (), || cache.get_or_set("a", (), || Ok::<i64, Box<dyn StdError + Send + Sync>>(1)));
    assert_eq!(boxed.unwrap_err().to_string(), "loading `a` waits for itself");
    let io = cache.get_or_set("a", (), || cache.get_or_set("a", (), || Ok::<i64, std::io::Error>(1)));
    assert!(io.unwrap_err().get_ref().is_some_and(|error| error.is::<Error>()));
}

#[test]
#[should_panic(expected = "loading `a` waits for itself")]
fn a_circle_of_loads_that_cannot_fail_panics() {
    let cache = Cache::memory();
    let load = || cache.get_or_set("a", (), || Ok::<i64, std::convert::Infallible>(1));
    let _ = cache.get_or_set("a", (), load);
}

/// What other processes wait for is not known.
#[test]
fn a_circle_over_processes_ends_when_one_has_waited_long_enough() {
    let town = Town::new();
    let [one, other] = [town.process(), town.process()];
    let between = other.cache.clone();
    let given = one.cache.get_or_set("a", (), || between.get_or_set("b", (), || within(&between, &["a"])));
    assert_eq!(given.unwrap(), 1);
}
