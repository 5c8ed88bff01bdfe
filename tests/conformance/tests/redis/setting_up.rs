//! Tests the ways by which a server is reached.

use std::time::Duration;

use cache_core::store::{RedisStore, Store};
use conformance::redis_server::RedisServer;
use conformance::{Subject, Time, tag};
use redis::Value;

fn subject(url: &str) -> Subject {
    let store = RedisStore::from_url(url).unwrap();
    store.shared().unwrap().set_operation_timeout(Duration::from_secs(5));
    Subject::new(store, Time::real())
}

fn works(subject: &Subject) {
    let token = subject.under(tag(1));
    subject.put(1, vec![token]);
    assert!(subject.serves(1));
    subject.change(tag(1));
    assert!(!subject.serves(1));
}

#[test]
fn a_server_is_reached_by_its_name() {
    let server = RedisServer::start();
    works(&subject(&format!("redis://localhost:{}", server.port())));
    works(&subject(&format!("valkey://127.0.0.1:{}/", server.port())));
}

#[test]
fn a_server_is_reached_by_its_socket() {
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("redis.sock");
    let socket = socket.to_str().unwrap();
    let server = RedisServer::start_with(&[&format!("unixsocket {socket}"), "requirepass right"]);
    works(&subject(&format!("unix://{socket}?password=right&db=1")));
    drop(server);
}

#[test]
fn databases_of_one_server_share_nothing() {
    let server = RedisServer::start();
    let (third, none) = (subject(&format!("redis://127.0.0.1:{}/3", server.port())), subject(&server.url("cache")));
    let token = third.under(tag(1));
    third.put(1, vec![token]);
    assert!(none.find(1).is_none());
    assert_ne!(none.under(tag(1)), token);
    server.run::<Value>(&["FLUSHDB"]);
    assert!(third.serves(1));
}

#[test]
fn a_user_needs_no_more_than_its_own_keys() {
    let commands = ["+auth", "+select", "+info", "+mget", "+getex", "+set", "+unlink", "+evalsha", "+eval", "+scan"];
    let in_scripts = ["+get", "+getrange", "+del", "+pttl", "+pexpire", "+time"];
    let rules = [&["ACL", "SETUSER", "shop", "on", ">secret", "~shop:*"][..], &commands, &in_scripts].concat();
    let server = RedisServer::start();
    server.run::<Value>(&rules);
    let shop = subject(&format!("redis://shop:secret@127.0.0.1:{}?prefix=shop", server.port()));
    works(&shop);
    shop.store().reclaim().unwrap();
    let other = subject(&format!("redis://shop:secret@127.0.0.1:{}?prefix=other", server.port()));
    assert!(other.store().seed(&[tag(1)], &[], other.now()).is_err());
}
