//! Tests refreshes: claimed once, run by few threads, ended by a shutdown.

use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Instant;

use super::{Claim, Claims, Refreshes};
use crate::cache::Cache;
use crate::name::key::{CacheKey, Fingerprint, KeyBytes, Kind};

const LONG: Duration = Duration::from_secs(20);

fn key(id: i32) -> CacheKey {
    let name = Fingerprint::of(&[b"refresh"]);
    CacheKey { space: name, manager: name, kind: Kind::Detail, id: KeyBytes::of(&id) }
}

fn wait_for(what: &str, is_so: impl Fn() -> bool) {
    let until = Instant::now() + LONG;
    while !is_so() {
        assert!(Instant::now() < until, "{what}");
        thread::yield_now();
    }
}

#[test]
fn c18_an_entry_is_claimed_once() {
    let cache = Cache::memory();
    let claim = cache.claim_refresh(key(1)).unwrap();
    assert!(cache.claim_refresh(key(1)).is_none());
    assert!(cache.claim_refresh(key(2)).is_some());
    claim.done();
    assert!(cache.claim_refresh(key(1)).is_some());
}

#[test]
fn what_could_not_be_refreshed_is_left_alone_for_a_moment() {
    let (cache, now) = (Cache::memory(), Instant::now());
    drop(cache.claim_refresh(key(1)).unwrap());
    assert!(cache.claim_refresh(key(1)).is_none());
    assert_eq!(cache.statistics().refresh_failure_count, 1);
    let mut claims = Claims::default();
    claims.0.insert(key(1), Some(now + Claim::PAUSE));
    assert!(!claims.claim(key(1), now));
    assert!(claims.claim(key(1), now + Claim::PAUSE));
    assert!(!claims.claim(key(1), now + Claim::PAUSE * 2), "it is under way");
}

#[test]
fn failures_do_not_add_up_without_end() {
    let (mut claims, now) = (Claims::default(), Instant::now());
    for id in 0..10_000 {
        claims.0.insert(key(id), Some(now));
        claims.claim(key(-1 - id), now);
        claims.0.insert(key(-1 - id), Some(now));
    }
    assert!(claims.0.len() <= Claims::MOST_CLAIMS + 1);
}

#[test]
fn few_threads_run_many_refreshes() {
    let cache = Cache::memory();
    let (now, most, run) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    let counts = Arc::new((now, most, run));
    for _ in 0..200 {
        let counts = Arc::clone(&counts);
        assert!(cache.refresh_later(Box::new(move || {
            let (now, most, run) = &*counts;
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            thread::yield_now();
            now.fetch_sub(1, Ordering::SeqCst);
            run.fetch_add(1, Ordering::SeqCst);
        })));
    }
    wait_for("all are run", || counts.2.load(Ordering::SeqCst) == 200);
    assert!(counts.1.load(Ordering::SeqCst) <= Refreshes::MOST_THREADS);
}

#[test]
fn a_panic_is_counted_and_leaves_the_threads_at_work() {
    let cache = Cache::memory();
    for _ in 0..20 {
        assert!(cache.refresh_later(Box::new(|| panic!("on purpose"))));
    }
    wait_for("all have panicked", || cache.statistics().refresh_panic_count == 20);
    let (told, tells) = mpsc::channel();
    assert!(cache.refresh_later(Box::new(move || told.send(()).unwrap())));
    tells.recv_timeout(LONG).unwrap();
}

#[test]
fn a_shutdown_waits_for_what_was_taken_and_takes_nothing_more() {
    let cache = Cache::memory();
    let run = Arc::new(AtomicUsize::new(0));
    for _ in 0..20 {
        let run = Arc::clone(&run);
        assert!(cache.refresh_later(Box::new(move || {
            thread::sleep(Duration::from_millis(2));
            run.fetch_add(1, Ordering::SeqCst);
        })));
    }
    cache.shutdown(LONG).unwrap();
    assert_eq!(run.load(Ordering::SeqCst), 20);
    assert!(!cache.refresh_later(Box::new(|| panic!("nobody runs it"))));
}

#[test]
fn a_shutdown_waits_no_longer_than_it_is_told_and_never_for_itself() {
    let cache = Cache::memory();
    let (go, goes) = mpsc::channel::<()>();
    let (begin, begins) = mpsc::channel();
    let (told, tells) = mpsc::channel();
    let own = cache.clone();
    assert!(cache.refresh_later(Box::new(move || {
        begin.send(()).unwrap();
        _ = goes.recv_timeout(LONG);
        own.shutdown(LONG).unwrap();
        told.send(()).unwrap();
    })));
    // What nobody has begun yet would be dropped.
    begins.recv_timeout(LONG).unwrap();
    let began = Instant::now();
    cache.shutdown(Duration::from_millis(10)).unwrap();
    assert!(began.elapsed() < LONG / 2);
    go.send(()).unwrap();
    tells.recv_timeout(LONG / 2).unwrap();
}

#[test]
fn the_threads_end_with_the_cache() {
    let cache = Cache::memory();
    let thread_count = cache.0.refreshes.workers.counter();
    let (told, tells) = mpsc::channel();
    assert!(cache.refresh_later(Box::new(move || told.send(()).unwrap())));
    tells.recv_timeout(LONG).unwrap();
    drop(cache);
    wait_for("the threads have ended", || thread_count() == 0);
}

#[test]
fn a_child_process_begins_anew() {
    let cache = Cache::memory();
    let claim = cache.claim_refresh(key(1)).unwrap();
    let refreshes = &cache.0.refreshes;
    let waiting = cache.claim_refresh(key(2)).unwrap();
    refreshes.workers.fork(Box::new(move || waiting.done()));
    refreshes.process.store(0, Ordering::SeqCst);
    let (told, tells) = mpsc::channel();
    assert!(cache.claim_refresh(key(1)).is_some());
    assert!(cache.refresh_later(Box::new(move || told.send(()).unwrap())));
    tells.recv_timeout(LONG).unwrap();
    drop(claim);
}
