//! What goes wrong between a process and its server: an error within the timeout, or the right answer.

use conformance::Finds;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use cache_core::store::{Lease, Outcome, Placing, RedisStore, Release, Store, Wanted, Writer};
use cache_core::{ErrorKind, Result, Timeout, Timestamp};
use conformance::redis_server::{Hands, RedisServer};
use conformance::{Subject, Time, codec, key, shared, tag};
use redis::Value;

const TIMEOUT: Duration = Duration::from_millis(300);
/// What a busy machine adds.
const SLACK: Duration = Duration::from_millis(400);

fn store(url: &str) -> RedisStore {
    let store = RedisStore::from_url(url).unwrap();
    store.shared().unwrap().set_operation_timeout(TIMEOUT);
    store
}

fn read(store: &dyn Store) -> Result<()> {
    let wanted = Wanted { key: key(1), tags: &|| vec![tag(1)], codec: Some(codec()) };
    store.look(&[wanted], Timestamp::from_nanos(0)).map(drop)
}

/// Each operation fails within the timeout; gives the causes.
fn all_fail(store: &dyn Store) -> Vec<String> {
    let (now, writer, second) = (Timestamp::from_nanos(0), Writer::fresh(), Duration::from_secs(1));
    let release = Release { tag: tag(1), outcome: Outcome::Changed };
    let lease = Lease::of(&key(1), &[]);
    let calls: [&dyn Fn() -> Result<()>; 7] = [
        &|| read(store),
        &|| store.seed(&[tag(1)], &[], now).map(drop),
        &|| store.place(&Placing::new(writer, &[tag(1)], second), now).map(drop),
        &|| store.release(writer, &[release], &[], now).map(drop),
        &|| store.shared().unwrap().lease(lease, writer, second).map(drop),
        &|| store.shared().unwrap().give_up(lease, writer, &[]),
        &|| store.reclaim(),
    ];
    let cause = |call: &&dyn Fn() -> Result<()>| {
        let begin = Instant::now();
        let error = call().unwrap_err();
        assert!(begin.elapsed() < TIMEOUT + SLACK, "{error:?} after {:?}", begin.elapsed());
        assert_eq!(error.kind(), ErrorKind::Store);
        format!("{error:?}")
    };
    calls.iter().map(cause).collect()
}

#[test]
fn f1_nobody_there_is_an_error_at_once() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    all_fail(&store(&format!("redis://127.0.0.1:{port}")));
    all_fail(&store("unix:///nowhere/redis.sock"));
}

#[test]
fn f2_a_server_that_stands_still_is_not_waited_for() {
    let server = RedisServer::start();
    let store = store(&server.url("shop"));
    read(&store).unwrap();
    server.hang(true);
    all_fail(&store);
    server.hang(false);
    read(&store).unwrap();
}

/// A server that answers whoever connects with `reply`, one byte after the other.
fn one_that_says(reply: &'static [u8], pause: Duration) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let answer = move |mut client: TcpStream| {
        drop(client.read(&mut [0; 1024]));
        for byte in reply.iter().cycle() {
            if client.write_all(&[*byte]).is_err() {
                break;
            }
            std::thread::sleep(pause);
        }
    };
    std::thread::spawn(move || {
        listener.incoming().flatten().for_each(|client| drop(std::thread::spawn(move || answer(client))))
    });
    port
}

#[test]
fn bytes_that_trickle_do_not_make_a_call_longer() {
    let port = one_that_says(b"$1000000\r\n", Duration::from_millis(20));
    all_fail(&store(&format!("redis://127.0.0.1:{port}")));
}

#[test]
fn a_server_of_another_kind_is_an_error() {
    let port = one_that_says(b"HTTP/1.1 400 Bad Request\r\n\r\n", Duration::ZERO);
    all_fail(&store(&format!("redis://127.0.0.1:{port}")));
}

#[test]
fn a_late_reply_is_nobodys_answer() {
    let server = RedisServer::start();
    let hands = Hands::on(server);
    let subject = hands.subject();
    for id in 1..=2 {
        subject.put_value(id, shared(&[id as u8]), vec![], Timeout::NEVER);
    }
    let url = hands.server().url("shop");
    let hasty = Subject::new(store(&url), Time::real());
    assert!(hasty.serves(1));
    std::thread::scope(|scope| {
        scope.spawn(|| hands.server().run::<Value>(&["DEBUG", "SLEEP", "0.6"]));
        std::thread::sleep(Duration::from_millis(100));
        assert!(read(hasty.store()).is_err());
    });
    for id in [2, 1, 2] {
        let found = hasty.find(id).and_then(|found| conformance::bytes_of(&found.value));
        assert_eq!(found, Some(vec![id as u8]));
    }
}

#[test]
fn f5_whoever_may_not_come_in_learns_why_and_the_password_is_not_shown() {
    let server = RedisServer::start_with(&["requirepass right"]);
    let cases = [("", "NOAUTH"), (":wrong@", "WRONGPASS"), ("nobody:right@", "WRONGPASS")];
    for (who, expected) in cases {
        let store = store(&format!("redis://{who}127.0.0.1:{}", server.port()));
        let causes = all_fail(&store);
        assert!(causes.iter().all(|cause| cause.contains(expected)), "{causes:?}");
        assert!(!format!("{store:?} {causes:?}").contains("wrong"));
    }
    read(&store(&format!("redis://:right@127.0.0.1:{}", server.port()))).unwrap();
    read(&store(&format!("redis://default:right@127.0.0.1:{}", server.port()))).unwrap();
}

#[test]
fn a_link_that_is_cut_anywhere_in_a_reply_gives_the_right_answer_or_an_error() {
    let hands = Hands::on(RedisServer::start());
    let subject = hands.subject();
    let token = subject.under(tag(1));
    subject.put_value(1, shared(&[7; 300]), vec![token], Timeout::NEVER);
    let tags = || vec![tag(1)];
    let wanted = Wanted { key: key(1), tags: &tags, codec: Some(codec()) };
    let (mut count, mut errors) = (0, 0);
    for bytes in (0..700).step_by(13) {
        hands.cable().cut_after(bytes);
        match subject.store().find_one(&wanted, subject.now()) {
            Ok(found) => {
                count += 1;
                assert_eq!(found.and_then(|found| conformance::bytes_of(&found.value)), Some(vec![7; 300]));
            }
            Err(_) => errors += 1,
        }
        hands.cable().cut_after(u64::MAX);
    }
    assert!(count > 40, "a call over a connection that was kept is sent again: {count} and {errors}");
}

#[test]
fn a_release_that_is_cut_anywhere_has_happened_or_failed() {
    let hands = Hands::on(RedisServer::start());
    let (subject, peer) = (hands.subject(), Subject::new(hands.store("shop"), Time::real()));
    for bytes in (0..400).step_by(7) {
        let token = peer.under(tag(1));
        peer.put(1, vec![token]);
        hands.cable().cut_after(bytes);
        let release = Release { tag: tag(1), outcome: Outcome::Changed };
        let released = subject.store().release(Writer::fresh(), &[release], &[], subject.now());
        hands.cable().cut_after(u64::MAX);
        assert!(released.is_err() || !peer.serves(1), "after {bytes} bytes");
    }
}

#[test]
fn connections_that_broke_are_not_used_again() {
    let hands = Hands::on(RedisServer::start());
    let subject = hands.subject();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| (0..50).for_each(|_| read(subject.store()).unwrap()));
        }
    });
    hands.cable().cut();
    let before = hands.cable().connections();
    (0..20).for_each(|_| read(subject.store()).unwrap());
    assert_eq!(hands.cable().connections(), before + 1, "one that is gone tells of all others");
}

#[test]
fn connections_that_nobody_uses_are_bounded() {
    let server = RedisServer::start();
    let store = store(&format!("{}&idle_connections=2", server.url("shop")));
    store.shared().unwrap().set_operation_timeout(Duration::from_secs(5));
    std::thread::scope(|scope| {
        for _ in 0..12 {
            scope.spawn(|| (0..50).for_each(|_| read(&store).unwrap()));
        }
    });
    let clients: String = server.run(&["CLIENT", "LIST"]);
    assert!(clients.lines().count() <= 3, "{clients}");
}
