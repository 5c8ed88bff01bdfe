//! Tests when reads see the writes of this process and of others.

use std::time::Duration;

use cache_core::Tag;
use cache_core::store::{Outcome, Placing, Release, Store, Writer};
use conformance::tag;

use crate::kit::{Process, within};

#[test]
fn own_writes_are_seen_when_they_return() {
    let process = Process::new();
    let subject = &process.subject;
    for _ in 0..50 {
        process.keep(1);
        subject.change(tag(1));
        assert!(!process.recalls(1));
    }
}

#[test]
fn own_intents_take_entries_out_of_memory_and_nothing_comes_back_under_them() {
    let process = Process::new();
    let subject = &process.subject;
    process.keep(1);
    let writer = Writer::fresh();
    subject.place(writer, tag(1), 100);
    assert!(!process.recalls(1));
    for _ in 0..20 {
        assert!(subject.serves(1), "the server has it");
        assert!(!process.recalls(1));
    }
    subject.release(writer, tag(1), Outcome::Unchanged);
    assert!(!process.recalls(1));
    within(Duration::from_secs(5), || subject.serves(1) && process.recalls(1));
}

#[test]
fn own_writes_that_fail_take_entries_out_of_memory_too() {
    let process = Process::new();
    process.keep(1);
    process.hands.server().kill();
    let release = Release { tag: tag(1), outcome: Outcome::Changed };
    process.subject.store().release(Writer::fresh(), &[release], &[], process.subject.now()).unwrap_err();
    assert!(!process.recalls(1));
}

#[test]
fn what_another_process_writes_is_told() {
    let process = Process::new();
    let mut delays: Vec<Duration> = (0..20)
        .map(|_| {
            process.keep(1);
            let release = Release { tag: tag(1), outcome: Outcome::Changed };
            process.other.release(Writer::fresh(), &[release], &[], process.subject.now()).unwrap();
            within(Duration::from_secs(5), || !process.recalls(1))
        })
        .collect();
    delays.sort_unstable();
    assert_eq!(process.counts().link_count, 1, "told, and not found out by losing the link");
    assert!(delays[10] < Duration::from_millis(100), "{delays:?}");
}

#[test]
fn the_intent_of_another_process_is_told_before_it_commits() {
    let process = Process::new();
    process.keep(1);
    process
        .other
        .place(&Placing::new(Writer::fresh(), &[tag(1)], Duration::from_secs(9)), process.subject.now())
        .unwrap();
    within(Duration::from_secs(5), || !process.recalls(1));
    assert!(process.subject.serves(1), "the server has it");
    assert!(!process.recalls(1), "a token under an intent is not kept");
}

#[test]
fn a_clear_elsewhere_ends_everything() {
    let process = Process::new();
    process.keep_under(1, &[Tag::root(), tag(1)]);
    process.keep_under(2, &[Tag::root(), tag(2)]);
    let release = Release { tag: Tag::root(), outcome: Outcome::Changed };
    process.other.release(Writer::fresh(), &[release], &[], process.subject.now()).unwrap();
    within(Duration::from_secs(5), || !process.recalls(1) && !process.recalls(2));
}

#[test]
fn two_prefixes_on_one_server_do_not_concern_each_other() {
    let process = Process::new();
    process.keep(1);
    let release = Release { tag: tag(1), outcome: Outcome::Changed };
    let elsewhere = process.hands.store("shop2");
    elsewhere.seed(&[tag(1)], &[], process.subject.now()).unwrap();
    elsewhere.release(Writer::fresh(), &[release], &[], process.subject.now()).unwrap();
    std::thread::sleep(Duration::from_millis(100));
    // A late heartbeat suspends trust for a moment. An entry that was dropped does not come back.
    within(Duration::from_secs(5), || process.recalls(1));
}
