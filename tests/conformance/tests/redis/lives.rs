//! Other lives of a server, and other servers: what is from before is not served.

use conformance::Finds;
use std::time::{Duration, Instant};

use cache_core::store::{RedisStore, Store, Wanted};
use cache_core::{Clock, Tag, Timeout};
use conformance::redis_server::{Hands, RedisServer};
use conformance::{Subject, Time, codec, key, tag};
use redis::Value;

use crate::program::{Program, there};

/// A shop with one entry under the root and a tag.
fn shop(server: RedisServer) -> (Hands, Subject) {
    let hands = Hands::on(server);
    let subject = hands.subject();
    fill(&subject);
    (hands, subject)
}

fn fill(subject: &Subject) {
    let tokens = vec![subject.under(Tag::root()), subject.under(tag(1))];
    subject.put(1, tokens);
    assert!(subject.serves(1));
}

fn replica_of(primary: &RedisServer) -> RedisServer {
    let replica =
        RedisServer::start_with(&[&format!("replicaof 127.0.0.1 {}", primary.port()), "repl-diskless-sync-delay 0"]);
    wait_until(|| replica.run::<String>(&["INFO", "replication"]).contains("master_link_status:up"));
    replica
}

fn wait_until(is_so: impl Fn() -> bool) {
    let begin = Instant::now();
    while !is_so() {
        assert!(begin.elapsed() < Duration::from_secs(20));
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn an_old_snapshot_brings_nothing_back() {
    let (hands, subject) = shop(RedisServer::start());
    hands.server().run::<Value>(&["SAVE"]);
    subject.change(tag(1));
    assert!(!subject.serves(1));
    hands.server().restart_from_snapshot();
    assert!(!subject.serves(1));
    fill(&subject);
}

#[test]
fn a_replica_that_missed_a_release_brings_nothing_back_when_it_is_promoted() {
    let (hands, subject) = shop(RedisServer::start());
    let replica = replica_of(hands.server());
    wait_until(|| replica.run::<u64>(&["DBSIZE"]) == hands.server().run::<u64>(&["DBSIZE"]));
    replica.hang(true);
    subject.change(tag(1));
    hands.server().kill();
    replica.hang(false);
    hands.cable().lead_to(replica.port());
    assert!(subject.store().seed(&[tag(1)], &[], subject.now()).is_err(), "it is a replica still");
    replica.run::<Value>(&["REPLICAOF", "NO", "ONE"]);
    assert!(!subject.serves(1));
    fill(&subject);
}

#[test]
fn a_replica_is_not_used() {
    let primary = RedisServer::start();
    let replica = replica_of(&primary);
    let store = RedisStore::from_url(&replica.url("shop")).unwrap();
    let error = store.seed(&[tag(1)], &[], Time::real().now()).unwrap_err();
    assert!(format!("{error:?}").contains("replica"), "{error:?}");
}

#[test]
fn a_primary_that_became_a_replica_is_not_read() {
    let (hands, subject) = shop(RedisServer::start());
    let other = RedisServer::start();
    hands.server().run::<Value>(&["REPLICAOF", "127.0.0.1", &other.port().to_string()]);
    let before = hands.cable().connections();
    let wanted = Wanted { key: key(1), tags: &Vec::new, codec: Some(codec()) };
    let error = subject.store().find_one(&wanted, subject.now()).unwrap_err();
    assert!(format!("{error:?}").contains("READONLY"), "{error:?}");
    assert!(subject.store().seed(&[tag(1)], &[], subject.now()).is_err());
    assert!(hands.cable().connections() > before, "and its connection is dropped");
}

#[test]
fn a_server_that_takes_no_writes_without_its_replicas_is_not_read_without_them() {
    let (hands, subject) = shop(RedisServer::start());
    hands.server().run::<Value>(&["CONFIG", "SET", "min-replicas-to-write", "1"]);
    let wanted = Wanted { key: key(1), tags: &Vec::new, codec: Some(codec()) };
    assert!(subject.store().find_one(&wanted, subject.now()).is_err());
    hands.server().run::<Value>(&["CONFIG", "SET", "min-replicas-to-write", "0"]);
    assert!(subject.serves(1));
}

#[test]
fn f8_everything_is_flushed_and_nothing_is_served() {
    for command in [["FLUSHALL", "SYNC"], ["FLUSHDB", "ASYNC"]] {
        let (hands, subject) = shop(RedisServer::start());
        let tokens = vec![subject.under(Tag::root()), subject.under(tag(1))];
        hands.server().run::<Value>(&command);
        assert!(!subject.serves(1));
        subject.put(1, tokens);
        assert!(!subject.serves(1), "what was on its way was loaded before");
        fill(&subject);
    }
}

#[test]
fn a_record_that_is_lost_ends_everything() {
    let (hands, subject) = shop(RedisServer::start());
    hands.server().run::<Value>(&["DEL", "shop:incarnation"]);
    assert!(!subject.serves(1), "who knows what else was lost");
    fill(&subject);
}

#[test]
fn scripts_that_the_server_forgot_are_sent_again() {
    let (hands, subject) = shop(RedisServer::start());
    let token = subject.under(tag(1));
    for _ in 0..3 {
        hands.server().run::<Value>(&["SCRIPT", "FLUSH"]);
        assert_eq!(subject.under(tag(1)), token);
        hands.server().run::<Value>(&["SCRIPT", "FLUSH"]);
        hands.cable().cut();
        assert!(subject.serves(1));
    }
    hands.server().run::<Value>(&["SCRIPT", "FLUSH"]);
    subject.change(tag(1));
    assert!(!subject.serves(1));
}

#[test]
fn a_server_that_is_still_loading_is_an_error_and_then_in_another_life() {
    let slow = ["key-load-delay 500", "loading-process-events-interval-bytes 1024"];
    let (hands, subject) = shop(RedisServer::start_with(&slow));
    hands.server().run::<Value>(&["DEBUG", "POPULATE", "3000", "other", "100"]);
    hands.server().run::<Value>(&["SAVE"]);
    subject.change(tag(1));
    hands.server().kill();
    hands.server().start_slowly();
    let causes = std::cell::RefCell::new(String::new());
    wait_until(|| {
        let answer = subject.store().seed(&[tag(1)], &[], subject.now());
        answer.map_err(|error| causes.borrow_mut().push_str(&format!("{error:?}"))).is_ok()
    });
    assert!(!subject.serves(1));
    assert!(causes.borrow().contains("LOADING"), "{}", causes.borrow());
}

/// A row is read, and deleted while the server holds other keys; then it is given the old ones again.
fn given_old_keys(other_keys: fn(&RedisServer), old_keys: fn(&RedisServer)) -> (RedisServer, Program) {
    let server = RedisServer::start();
    let program = Program::new(&server, "shop");
    program.read(1, Timeout::from_secs(3_600), there);
    other_keys(&server);
    program.delete(1);
    old_keys(&server);
    (server, program)
}

fn swap(server: &RedisServer) {
    server.run::<Value>(&["SWAPDB", "0", "1"]);
}

fn copy(from: &str, to: &str, server: &RedisServer) {
    let names: Vec<String> =
        server.run(&["EVAL", "redis.call('SELECT', ARGV[1]) return redis.call('KEYS', '*')", "0", from]);
    let script = "redis.call('SELECT', ARGV[1]) local life = redis.call('PTTL', KEYS[1]) \
        local dump = redis.call('DUMP', KEYS[1]) redis.call('SELECT', ARGV[2]) \
        return redis.call('RESTORE', KEYS[1], life < 0 and 0 or life, dump, 'REPLACE')";
    names.iter().for_each(|name| drop(server.run::<Value>(&["EVAL", script, "1", name, from, to])));
}

/// What is done to a server while it runs.
type Step = fn(&RedisServer);

fn flush_and_keep_a_dump(server: &RedisServer) {
    copy("0", "1", server);
    server.run::<Value>(&["FLUSHDB"]);
}

fn restore(server: &RedisServer) {
    server.run::<Value>(&["FLUSHDB"]);
    copy("1", "0", server);
}

#[test]
fn what_a_server_is_given_back_while_it_runs_is_cleared_by_hand() {
    let ways: [(Step, Step); 2] = [(swap, swap), (flush_and_keep_a_dump, restore)];
    let cures: [fn(&RedisServer, &Program); 2] = [
        |_, program| program.cache.clear().unwrap(),
        |server, _| assert_eq!(server.run::<u64>(&["DEL", "shop:incarnation"]), 1),
    ];
    for (other_keys, old_keys) in ways {
        for cure in cures {
            let (server, program) = given_old_keys(other_keys, old_keys);
            let reads = || program.read(1, Timeout::from_secs(3_600), || None).is_some();
            assert!(reads(), "the caveat says so");
            cure(&server, &program);
            assert!(!reads());
        }
    }
}
