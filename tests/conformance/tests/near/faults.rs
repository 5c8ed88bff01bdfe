//! Whatever becomes of the link and of the server: what was missed is not served.

use std::time::{Duration, Instant};

use cache_core::store::{Outcome, Release, Store, Writer};
use conformance::redis_server::{Hands, RedisServer};
use conformance::tag;
use redis::Value;

use crate::kit::{Process, STALENESS, policy, within};

/// Another process writes; gives when that was done.
fn change(process: &Process) -> Instant {
    let release = Release { tag: tag(1), outcome: Outcome::Changed };
    process.other.release(Writer::fresh(), &[release], &[], process.subject.now()).unwrap();
    Instant::now()
}

/// Looks on until nothing has been served from memory for a while; gives when something was served last.
fn last_hit(process: &Process) -> Option<Instant> {
    let (begin, mut last) = (Instant::now(), None);
    while begin.elapsed() < STALENESS * 3 {
        let now = Instant::now();
        if process.recalls(1) {
            last = Some(now);
        }
        std::thread::sleep(Duration::from_micros(500));
    }
    last
}

#[test]
fn behind_a_link_that_is_half_open_hits_stop_in_time() {
    let process = Process::of_short_trust();
    let was_seen = (0..20).any(|_| {
        process.keep(1);
        process.hands.cable().stall(true);
        let changed = change(&process);
        let last = last_hit(&process);
        assert!(last.is_none_or(|last| last.saturating_duration_since(changed) < STALENESS), "{changed:?} {last:?}");
        process.hands.cable().stall(false);
        process.hands.cable().cut();
        process.keep(1);
        // On a busy machine trust may be over before the first look.
        last.is_some()
    });
    assert!(was_seen, "nobody told");
}

#[test]
fn a_server_that_stands_still_is_not_believed_for_long() {
    let process = Process::of_short_trust();
    let was_seen = (0..20).any(|_| {
        process.keep(1);
        process.hands.server().hang(true);
        let stopped = Instant::now();
        let last = last_hit(&process);
        assert!(last.is_none_or(|last| last.saturating_duration_since(stopped) < STALENESS));
        process.hands.server().hang(false);
        within(Duration::from_secs(10), || process.recalls(1) || process.subject.serves(1) && process.recalls(1));
        // On a busy machine trust may be over before the first look.
        last.is_some()
    });
    assert!(was_seen);
}

#[test]
fn a_connection_that_the_server_kills_ends_everything_that_was_kept() {
    let process = Process::new();
    for link in 2..6 {
        process.keep(1);
        process.hands.server().run::<Value>(&["CLIENT", "KILL", "TYPE", "normal"]);
        within(Duration::from_secs(10), || process.counts().link_count >= link);
        assert!(!process.recalls(1));
    }
    process.keep(1);
}

#[test]
fn a_server_that_is_flushed_tells_so_and_the_link_goes_on() {
    let process = Process::new();
    for command in ["FLUSHALL", "FLUSHDB"] {
        process.keep(1);
        process.hands.server().run::<Value>(&[command]);
        within(Duration::from_secs(5), || !process.recalls(1));
    }
}

#[test]
fn tokens_that_are_dropped_or_expire_are_told() {
    let process = Process::new();
    process.keep(1);
    process.subject.hand().lose_token(&tag(1));
    within(Duration::from_secs(5), || !process.recalls(1));
    process.keep(1);
    let names = cache_core::store::Names::starting_with("shop").unwrap();
    let name = names.tag(&tag(1)).token;
    process.hands.server().run::<Value>(&["PEXPIRE", name.as_str(), "50"]);
    within(Duration::from_secs(5), || !process.recalls(1));
    assert_eq!(process.counts().link_count, 1);
}

#[test]
fn tokens_that_are_evicted_are_told() {
    let server = RedisServer::start_with(&["maxmemory 4mb", "maxmemory-policy allkeys-random"]);
    let process = Process::on(Hands::on(server), policy());
    process.keep(1);
    let filler = "x".repeat(20_000);
    within(Duration::from_secs(20), || {
        let id = Writer::fresh().bits().to_string();
        process.hands.server().run::<Value>(&["SET", &id, &filler]);
        !process.recalls(1)
    });
}

#[test]
fn another_life_of_the_server_ends_everything_that_was_kept() {
    let process = Process::new();
    process.keep(1);
    process.hands.server().restart_with_everything();
    assert!(!process.recalls(1) || process.counts().link_count == 1);
    within(Duration::from_secs(10), || process.counts().link_count >= 2);
    assert!(!process.recalls(1));
    process.keep(1);
    process.hands.server().restart_empty();
    within(Duration::from_secs(10), || !process.recalls(1));
    process.keep(1);
}

#[test]
fn a_server_that_becomes_a_replica_is_not_believed_for_long() {
    let process = Process::of_short_trust();
    process.keep(1);
    let other = RedisServer::start();
    let port = other.port().to_string();
    process.hands.server().run::<Value>(&["REPLICAOF", "127.0.0.1", &port]);
    let changed = Instant::now();
    let last = last_hit(&process);
    assert!(last.is_none_or(|last| last.saturating_duration_since(changed) < STALENESS));
    assert!(!process.counts().is_trusted);
    process.hands.server().run::<Value>(&["REPLICAOF", "NO", "ONE"]);
    process.keep(1);
}

#[test]
fn what_is_told_late_is_not_waited_for() {
    let process = Process::of_short_trust();
    process.keep(1);
    process.hands.cable().delay(STALENESS);
    let changed = change(&process);
    let last = last_hit(&process);
    assert!(last.is_none_or(|last| last.saturating_duration_since(changed) < STALENESS));
    process.hands.cable().delay(Duration::ZERO);
    process.keep(1);
}
