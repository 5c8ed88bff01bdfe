//! Entries that are sent without waiting: what becomes of their replies, and of what is asked next.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use cache_core::store::{
    Lease, Link, Name, Packed, PipeliningStore, Put, RedisLink, RedisStore, Store, Stored, Writer,
};
use cache_core::{Life, Result, Tag, Timeout, Token};
use conformance::redis_server::{Hands, RedisServer};
use conformance::{Finds, Subject, Time, bytes_of, codec, key, shared, tag};

const TIMEOUT: Duration = Duration::from_millis(300);

fn sender(subject: &Subject) -> &dyn PipeliningStore {
    subject.store().shared().unwrap().pipelining().unwrap()
}

fn put(subject: &Subject, id: u64, value: &[u8], tokens: Vec<(Tag, Token)>) -> Put {
    let life = Life::starting(subject.now(), Timeout::from_secs(60));
    Put { key: key(id), value: shared(value), life, tokens, weight: value.len(), codec: Some(codec()) }
}

fn send(subject: &Subject, id: u64, value: &[u8]) -> Result<Vec<Stored>> {
    sender(subject).send(vec![put(subject, id, value, vec![])], None, subject.now())
}

fn found(subject: &Subject, id: u64) -> Option<Vec<u8>> {
    bytes_of(&subject.find(id)?.value)
}

fn unacknowledged(subject: &Subject) -> u64 {
    sender(subject).unacknowledged_count()
}

/// A process without patience.
fn hasty(server: &RedisServer) -> Subject {
    let store = RedisStore::from_url(&server.url("shop")).unwrap();
    store.shared().unwrap().set_operation_timeout(TIMEOUT);
    Subject::new(store, Time::real())
}

#[test]
fn what_was_sent_is_seen_by_the_next_look_up_of_the_thread() {
    let subject = Hands::on(RedisServer::start()).subject();
    for round in 0..500_u64 {
        send(&subject, round % 3, &round.to_le_bytes()).unwrap();
        assert_eq!(found(&subject, round % 3), Some(round.to_le_bytes().to_vec()));
    }
    assert_eq!(unacknowledged(&subject), 0);
}

#[test]
fn a_refusal_of_what_was_sent_is_counted_and_is_nobodys_answer() {
    let hands = Hands::on(RedisServer::start());
    let subject = hands.subject();
    send(&subject, 1, b"one").unwrap();
    assert_eq!(found(&subject, 1), Some(b"one".to_vec()));
    let connections = hands.cable().connections();
    for (setting, value) in [("maxmemory-policy", "noeviction"), ("maxmemory", "1")] {
        hands.server().run::<redis::Value>(&["CONFIG", "SET", setting, value]);
    }
    assert!(send(&subject, 2, b"two").is_ok());
    assert_eq!(found(&subject, 1), Some(b"one".to_vec()));
    assert_eq!(unacknowledged(&subject), 1);
    assert_eq!(found(&subject, 2), None);
    assert_eq!(hands.cable().connections(), connections, "being refused costs no connection");
    // What is large is waited for.
    assert!(send(&subject, 3, &[3; 70_000]).is_err());
    assert_eq!(unacknowledged(&subject), 1);
}

#[test]
fn a_server_that_is_no_primary_any_more_is_noticed_though_nobody_waits() {
    let hands = Hands::on(RedisServer::start());
    let subject = hands.subject();
    send(&subject, 1, b"one").unwrap();
    assert_eq!(found(&subject, 1), Some(b"one".to_vec()));
    hands.server().run::<redis::Value>(&["REPLICAOF", "127.0.0.1", "1"]);
    assert!(send(&subject, 1, b"two").is_ok());
    assert!(subject.store().find_one(&wanted(), subject.now()).is_err());
    assert_eq!(unacknowledged(&subject), 1);
}

fn wanted() -> cache_core::store::Wanted<'static> {
    cache_core::store::Wanted { key: key(1), tags: &Vec::<Tag>::new, codec: Some(codec()) }
}

#[test]
fn a_server_that_dies_after_an_entry_was_sent_is_met_anew_by_the_next_call() {
    let server = RedisServer::start();
    let subject = hasty(&server);
    send(&subject, 1, b"one").unwrap();
    assert_eq!(found(&subject, 1), Some(b"one".to_vec()));
    server.hang(true);
    send(&subject, 1, b"two").unwrap();
    server.restart_empty();
    assert_eq!(found(&subject, 1), None);
    assert_eq!(unacknowledged(&subject), 1);
    assert_eq!(send(&subject, 1, b"three").unwrap(), [Stored::Kept]);
    assert_eq!(found(&subject, 1), Some(b"three".to_vec()));
    assert_eq!(unacknowledged(&subject), 1);
}

#[test]
fn a_server_that_stands_still_holds_up_the_next_call_for_no_longer_than_its_time() {
    let server = RedisServer::start();
    let subject = hasty(&server);
    send(&subject, 1, b"one").unwrap();
    assert!(found(&subject, 1).is_some());
    server.hang(true);
    let began = Instant::now();
    send(&subject, 1, b"two").unwrap();
    assert!(began.elapsed() < TIMEOUT, "nobody waits");
    assert!(subject.store().find_one(&wanted(), subject.now()).is_err());
    assert!(began.elapsed() < 3 * TIMEOUT);
    assert_eq!(unacknowledged(&subject), 1);
    server.hang(false);
    assert_eq!(found(&subject, 1), Some(b"two".to_vec()), "it was taken later");
}

/// Such a call is not sent again, so that it must not be sent over a connection that is gone.
#[test]
fn a_call_that_is_sent_once_reads_what_is_owed_before() {
    let hands = Hands::on(RedisServer::start());
    let link = RedisLink::from_url(&format!("redis://127.0.0.1:{}?prefix=shop", hands.cable().port())).unwrap();
    let name = link.names().entry(&key(1));
    let opened = |expected: Option<&[u8]>| {
        let answer = link.open(&[packed(&name, b"slot")], &[]).unwrap();
        assert_eq!(answer.entries, [expected.map(<[u8]>::to_vec)]);
    };
    link.send(&[packed(&name, b"sent")], None).unwrap();
    opened(Some(b"sent"));
    link.send(&[packed(&name, b"again")], None).unwrap();
    hands.cable().cut();
    link.open(&[packed(&name, b"slot")], &[]).unwrap();
    assert!(link.unacknowledged_count() <= 1);
}

fn packed(name: &Name, bytes: &[u8]) -> Packed {
    Packed { name: name.clone(), bytes: bytes.to_vec(), life: Some(Duration::from_secs(60)), under: vec![] }
}

#[test]
fn a_script_that_the_server_has_forgotten_is_sent_again() {
    let hands = Hands::on(RedisServer::start());
    let subject = hands.subject();
    for round in 0..6_u64 {
        if round % 2 == 1 {
            hands.server().run::<redis::Value>(&["SCRIPT", "FLUSH"]);
        }
        let token = subject.under(tag(1));
        let entry = put(&subject, 1, &round.to_le_bytes(), vec![token]);
        sender(&subject).send(vec![entry], None, subject.now()).unwrap();
        assert_eq!(found(&subject, 1), Some(round.to_le_bytes().to_vec()));
    }
    assert_eq!(unacknowledged(&subject), 0);
}

#[test]
fn a_lease_ends_with_what_was_sent() {
    let subject = Hands::on(RedisServer::start()).subject();
    let (lease, store) = (Lease::of(&key(1), &[]), subject.store().shared().unwrap());
    let holder = Writer::fresh();
    assert!(store.lease(lease, holder, Duration::from_secs(60)).unwrap());
    let entry = put(&subject, 1, b"one", vec![]);
    sender(&subject).send(vec![entry], Some((lease, holder)), subject.now()).unwrap();
    assert!(found(&subject, 1).is_some());
    assert!(store.lease(lease, Writer::fresh(), Duration::from_secs(60)).unwrap());
}

/// Threads of one process take each other's connections, and the server stands still now and then: so what is sent over
/// one connection may reach the server after what is sent later over another.
#[test]
fn what_was_sent_comes_before_a_later_removal_and_a_later_put() {
    const ROUNDS: u64 = 1_500;
    let hands = Hands::on(RedisServer::start());
    let (subject, peer) = (hands.subject(), Subject::new(hands.store("shop"), Time::real()));
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                while !is_over.load(Ordering::SeqCst) {
                    drop(subject.find(99));
                }
            });
        }
        scope.spawn(|| {
            while !is_over.load(Ordering::SeqCst) {
                hands.server().run::<redis::Value>(&["DEBUG", "SLEEP", "0.002"]);
            }
        });
        let is_as_left = |round: u64| {
            send(&subject, 1, b"sent").unwrap();
            if round.is_multiple_of(2) {
                subject.store().remove(&[key(1)], subject.now()).unwrap();
                return found(&peer, 1).is_none();
            }
            subject.put_value(1, shared(b"put"), vec![], Timeout::from_secs(60));
            found(&peer, 1) == Some(b"put".to_vec())
        };
        let wrong = (0..ROUNDS).find(|round| !is_as_left(*round));
        is_over.store(true, Ordering::SeqCst);
        assert_eq!(wrong, None);
    });
    assert_eq!(unacknowledged(&subject), 0);
}
