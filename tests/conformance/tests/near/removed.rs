//! Entries that are removed from the server: copies in memory end too.

use std::time::Duration;

use cache_core::store::Store;
use cache_core::{Tag, Timeout};
use conformance::{bytes_of, key, shared, tag};

use crate::kit::{Process, within};

#[test]
fn an_entry_that_another_process_removes_is_not_served_from_memory_any_more() {
    let process = Process::new();
    for _ in 0..20 {
        process.keep(1);
        process.keep_under(2, &[Tag::root(), tag(1)]);
        process.keep_under(3, &[]);
        process.other.remove(&[key(1), key(3)], process.subject.now()).unwrap();
        within(Duration::from_secs(5), || !process.recalls(1) && !process.recalls(3));
        assert!(process.recalls(2), "another entry under the same tag");
        assert!(process.subject.find(1).is_none() && process.subject.find(3).is_none());
    }
    assert_eq!(process.counts().link_count, 1, "told, and not found out by losing the link");
}

#[test]
fn an_entry_that_this_process_removes_is_gone_when_that_returns() {
    let process = Process::new();
    for _ in 0..20 {
        process.keep(1);
        process.subject.store().remove(&[key(1)], process.subject.now()).unwrap();
        assert!(!process.recalls(1));
        assert!(process.subject.find(1).is_none());
    }
}

#[test]
fn an_entry_that_cannot_be_removed_from_the_server_is_gone_from_memory() {
    let process = Process::new();
    process.keep(1);
    process.hands.server().kill();
    process.subject.store().remove(&[key(1)], process.subject.now()).unwrap_err();
    assert!(!process.recalls(1));
}

#[test]
fn what_is_stored_after_a_removal_is_kept_again() {
    let process = Process::new();
    process.keep(1);
    process.other.remove(&[key(1)], process.subject.now()).unwrap();
    within(Duration::from_secs(5), || !process.recalls(1));
    process.keep(1);
    let token = process.subject.under(tag(1));
    process.subject.put_value(1, shared(b"newer"), vec![token], Timeout::from_secs(600));
    let found = process.subject.find(1).unwrap();
    assert_eq!(bytes_of(&found.value).unwrap(), b"newer");
    within(Duration::from_secs(5), || {
        assert!(process.subject.serves(1));
        process.recalls(1)
    });
}

#[test]
fn an_entry_that_another_process_replaces_unasked_is_found_when_it_is_looked_for() {
    let process = Process::new();
    process.keep(1);
    process.other.remove(&[key(1)], process.subject.now()).unwrap();
    let token = process.subject.under(tag(1));
    let peer = process.subject.peer(None);
    peer.put_value(1, shared(b"theirs"), vec![token], Timeout::from_secs(600));
    within(Duration::from_secs(5), || {
        let found = process.subject.find(1).unwrap();
        bytes_of(&found.value).unwrap() == b"theirs"
    });
}
