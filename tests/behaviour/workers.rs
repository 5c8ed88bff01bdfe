//! What the workers of older systems do, row by row of the table in docs/coming-from-django.md: the rows that the programs on
//! that page do not show.

use core::time::Duration;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Instant, UNIX_EPOCH};

use cache_core::ManualClock;
use cache_core::store::{Names, RemoteStore};
use cache_diesel::prelude::*;
use cache_diesel::{Error, Origin};
use conformance::Time;
use conformance::simulation::{Server, SimulatedLink};

use crate::harness::{Named, Shop};
use crate::kept::cache_at;

const HOUR: Duration = Duration::from_secs(3600);

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn shop() -> (Shop, ManualClock) {
    let clock = ManualClock::new();
    // The thread that renews intents does not know the time of a test.
    (Shop::with(cache_at(&clock).intent_life(HOUR)), clock)
}

#[cached_fn(
    cache = "workers", depends_on_nothing, key = first_letter, label = "by letter", relevance_timeout = "10 minutes",
    timeout = "1 hour"
)]
fn by_letter(#[cached_fn(skip)] calls: &AtomicUsize, word: &str) -> Result<String, Error> {
    Ok(format!("{word} {}", calls.fetch_add(1, Ordering::SeqCst)))
}

fn first_letter(word: &&str) -> Option<char> {
    word.chars().next()
}

#[test]
fn a_key_made_of_the_arguments_names_the_value() {
    let (shop, _clock) = shop();
    let (_named, calls) = (Named::new("workers", &shop.cache), AtomicUsize::new(0));
    let of = |word: &str| by_letter(&calls, word).unwrap();
    assert_eq!((of("lamp"), of("light"), of("table")), ("lamp 0".into(), "lamp 0".into(), "table 1".into()));
    by_letter::invalidate("lantern").unwrap();
    assert_eq!((of("light"), of("table")), ("light 2".into(), "table 1".into()));
}

#[test]
fn an_entity_is_a_value_with_what_is_known_of_it() {
    let (shop, clock) = shop();
    let (_named, calls) = (Named::new("workers", &shop.cache), AtomicUsize::new(0));
    let of = |word: &str| by_letter::entry(&calls, word).unwrap();
    let first = of("lamp");
    assert_eq!((first.origin, first.is_hit()), (Origin::Miss, false));
    clock.advance(seconds(1));
    let found = of("lamp");
    let since =
        |moment: Option<std::time::SystemTime>| moment.unwrap().duration_since(first.created_at().unwrap()).unwrap();
    assert_eq!((found.origin, found.is_hit()), (Origin::Hit, true));
    assert_eq!((since(found.created_at()), since(found.soft_deadline())), (seconds(0), seconds(600)));
    assert_eq!(since(found.hard_deadline()), HOUR);
    assert!(found.created_at().unwrap() > UNIX_EPOCH);
}

#[test]
fn relevance_is_over_for_the_first_caller_and_the_others_are_given_what_is_there() {
    let (shop, clock) = shop();
    let (_named, calls) = (Named::new("workers", &shop.cache), AtomicUsize::new(0));
    let value = |relevance: &dyn Fn() -> Result<i32, Error>| {
        let computation = shop.cache.computation("relevant").timeout(HOUR).relevance_timeout(seconds(600));
        computation.depends_on_nothing().entry(relevance).unwrap()
    };
    value(&|| Ok(1));
    clock.advance(seconds(600));
    let other = core::cell::Cell::new(None);
    let first = value(&|| {
        other.set(Some(value(&|| Ok(3))));
        Ok(2)
    });
    let other = other.take().unwrap();
    assert_eq!((first.value, first.origin), (2, Origin::Miss), "he computes it anew");
    assert_eq!((other.value, other.origin), (1, Origin::Stale));
    assert_eq!((value(&|| Ok(4)).value, by_letter(&calls, "x").unwrap().len()), (2, 3));
}

/// Two processes over one server, and what the second one is given while the first one computes for as long as it is let.
fn while_another_process_computes(tick: Duration, ticks: u32) -> (String, usize) {
    let server = Server::new(Time::real());
    let process = || {
        let link = SimulatedLink::new(&server, Names::starting_with("workers").unwrap());
        Cache::builder().store(RemoteStore::new(link)).lease_life(seconds(60)).build().unwrap()
    };
    let (one, two) = (process(), process());
    let ((begun, has_begun), (end, is_let)) = (channel(), channel::<()>());
    let slow = thread::spawn(move || {
        let value = one.computation("slow").depends_on_nothing().value(|| {
            begun.send(()).unwrap();
            _ = is_let.recv_timeout(seconds(20));
            Ok::<_, Error>("the first".to_owned())
        });
        value.unwrap()
    });
    has_begun.recv().unwrap();
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let waiting = thread::spawn(move || {
        let computation = two.computation("slow").depends_on_nothing().tick(tick).wait(tick * ticks);
        let value = computation.value(|| {
            counted.fetch_add(1, Ordering::SeqCst);
            Ok::<_, Error>("the second".to_owned())
        });
        value.unwrap()
    });
    // Whoever waits for no more than a few ticks does not wait for this.
    let until = Instant::now() + tick * 5;
    while Instant::now() < until && !waiting.is_finished() {
        thread::sleep(Duration::from_millis(1));
    }
    drop(end);
    let value = waiting.join().unwrap();
    assert_eq!(slow.join().unwrap(), "the first");
    (value, calls.load(Ordering::SeqCst))
}

#[test]
fn another_process_that_computes_is_asked_with_each_tick_and_no_more_often_than_was_said() {
    let millis = Duration::from_millis;
    assert_eq!(while_another_process_computes(millis(20), 4_000), ("the first".into(), 0));
    assert_eq!(while_another_process_computes(millis(100), 2), ("the second".into(), 1));
}
