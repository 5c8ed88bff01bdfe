//! Computations that wait for themselves, over whatever threads and tasks their work is carried to.

use core::pin::pin;
use core::task::{Context, Poll};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::task::{Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use cache_core::{Cache, Computation, Error, ErrorKind, Result, carry, carry_task};

use crate::kit::{Kit, each};

/// Nobody waits for so long who does not wait for himself.
const AT_ONCE: Duration = Duration::from_secs(4);

struct Unparked(Thread);

impl Wake for Unparked {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn block_on<T>(task: impl Future<Output = T>) -> T {
    let (mut task, waker) = (pin!(task), Waker::from(Arc::new(Unparked(thread::current()))));
    loop {
        match task.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(done) => return done,
            Poll::Pending => thread::park(),
        }
    }
}

fn of<'a>(cache: &Cache, key: &'a str) -> Computation<'a> {
    cache.computation(key).depends_on_nothing()
}

/// Does `work` on another thread, which works for the computation of this one.
fn elsewhere<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    let work = carry(work);
    thread::scope(|scope| scope.spawn(work).join().unwrap())
}

/// The same of a task.
fn spawned<T: Send>(task: impl Future<Output = T> + Send) -> T {
    let task = carry_task(task);
    thread::scope(|scope| scope.spawn(|| block_on(task)).join().unwrap())
}

/// How the value of one key asks for that of another.
type Way = fn(&Cache, &str, &(dyn Fn() -> Result<i64> + Sync)) -> Result<i64>;

/// Every way, with its name.
const WAYS: [(&str, Way); 6] = [
    ("on a thread", |cache, key, inner| of(cache, key).value(inner)),
    ("on another thread", |cache, key, inner| of(cache, key).value(|| elsewhere(inner))),
    ("on a third thread", |cache, key, inner| of(cache, key).value(|| elsewhere(|| elsewhere(inner)))),
    ("in a task", |cache, key, inner| block_on(of(cache, key).value_async(async || inner()))),
    ("in another task", |cache, key, inner| block_on(of(cache, key).value_async(async || spawned(async { inner() })))),
    ("in a load", |cache, key, inner| of(cache, key).value(|| elsewhere(|| cache.get_or_set(key, (), inner)))),
];

#[track_caller]
fn assert_circle(given: Result<i64>, keys: &[&str], what: &str) {
    let error = given.expect_err(what);
    assert_eq!(error.kind(), ErrorKind::Circle, "{what}");
    let said = error.to_string();
    assert!(keys.iter().any(|key| said == format!("loading `{key}` waits for itself")), "{what}: {said}");
}

#[test]
fn a_computation_that_asks_for_its_own_key_fails_at_once_however_it_does_so() {
    each(|kit| {
        for (name, way) in WAYS {
            for (other_name, other) in WAYS {
                let (cache, what) = (&kit.cache, format!("{name}, {other_name}, over {}", kit.name));
                let began = Instant::now();
                assert_circle(way(cache, "a", &|| other(cache, "a", &|| Ok(1))), &["a"], &what);
                let through = way(cache, "a", &|| other(cache, "b", &|| way(cache, "a", &|| Ok(1))));
                assert_circle(through, &["a"], &what);
                assert!(began.elapsed() < AT_ONCE, "{:?}: {what}", began.elapsed());
            }
            assert_eq!(way(&kit.cache, "a", &|| Ok(1)).unwrap(), 1, "nothing is left of it");
            of(&kit.cache, "a").invalidate().unwrap();
            kit.cache.delete("a").unwrap();
        }
    });
}

/// Two values, each of which asks for the other one, at the same time.
fn both(kit: &Kit, way: Way) -> [Result<i64>; 2] {
    let barrier = Barrier::new(2);
    let ask = |own: &'static str, other: &'static str| {
        let (cache, barrier) = (&kit.cache, &barrier);
        move || {
            let inner = || {
                barrier.wait();
                way(cache, other, &|| Ok(1))
            };
            way(cache, own, &inner)
        }
    };
    thread::scope(|scope| {
        let both = [scope.spawn(ask("a", "b")), scope.spawn(ask("b", "a"))];
        both.map(|one| one.join().unwrap())
    })
}

#[test]
fn computations_that_wait_for_each_other_end_at_once_and_one_fails_with_a_key_of_theirs() {
    each(|kit| {
        for (name, way) in WAYS {
            let (began, what) = (Instant::now(), format!("{name}, over {}", kit.name));
            let failed: Vec<_> = both(kit, way).into_iter().filter(Result::is_err).collect();
            assert!(began.elapsed() < AT_ONCE, "{:?}: {what}", began.elapsed());
            assert!(!failed.is_empty(), "{what}");
            failed.into_iter().for_each(|given| assert_circle(given, &["a", "b"], &what));
            ["a", "b"].into_iter().for_each(|key| of(&kit.cache, key).invalidate().unwrap());
            ["a", "b"].into_iter().for_each(|key| _ = kit.cache.delete(key).unwrap());
        }
    });
}

#[test]
fn a_load_whose_computation_carries_its_own_key_elsewhere_fails_at_once() {
    each(|kit| {
        let (cache, began) = (&kit.cache, Instant::now());
        let load = || of(cache, "inner").value(|| elsewhere(|| cache.get_or_set("a", (), || Ok::<_, Error>(1))));
        assert_circle(cache.get_or_set("a", (), load), &["a"], kit.name);
        assert!(began.elapsed() < AT_ONCE, "{:?} over {}", began.elapsed(), kit.name);
    });
}

#[test]
fn parts_of_a_value_that_wait_for_the_same_are_no_circle() {
    each(|kit| {
        let (cache, barrier, count) = (&kit.cache, Barrier::new(3), AtomicUsize::new(0));
        let part = |_: usize| {
            let (barrier, count) = (&barrier, &count);
            carry(move || {
                barrier.wait();
                of(cache, "part").value(|| {
                    count.fetch_add(1, Ordering::SeqCst);
                    thread::sleep(Duration::from_millis(20));
                    Ok::<i64, Error>(1)
                })
            })
        };
        let whole = of(cache, "whole").value(|| {
            thread::scope(|scope| {
                let parts: Vec<_> = (0..3).map(part).map(|work| scope.spawn(work)).collect();
                parts.into_iter().map(|part| part.join().unwrap()).sum::<Result<i64>>()
            })
        });
        assert_eq!((whole.unwrap(), count.into_inner()), (3, 1), "over {}", kit.name);
    });
}

#[test]
fn one_key_has_a_value_of_each_type_within_the_other_too() {
    each(|kit| {
        let count = AtomicUsize::new(0);
        let both = || {
            let text = of(&kit.cache, "a").value(|| {
                count.fetch_add(1, Ordering::SeqCst);
                let number = of(&kit.cache, "a").value(|| {
                    count.fetch_add(1, Ordering::SeqCst);
                    Ok::<i32, Error>(7)
                })?;
                Ok::<String, Error>(number.to_string())
            });
            let number = of(&kit.cache, "a").value(|| {
                count.fetch_add(1, Ordering::SeqCst);
                Ok::<i32, Error>(8)
            });
            (text.unwrap(), number.unwrap())
        };
        for _ in 0..3 {
            assert_eq!(both(), ("7".to_owned(), 7), "over {}", kit.name);
        }
        assert_eq!(count.swap(0, Ordering::SeqCst), 2, "neither has pushed the other one out");
        of(&kit.cache, "a").invalidate().unwrap();
        assert_eq!((both().1, count.into_inner()), (7, 2), "both have ended");
    });
}
