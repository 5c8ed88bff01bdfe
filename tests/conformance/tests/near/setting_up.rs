//! Tests before which servers near memory can be set up, and before servers that are not there yet.

use std::sync::Arc;
use std::time::Duration;

use cache_core::store::RedisStore;
use cache_core::{Cache, ErrorKind, SystemClock};
use conformance::redis_server::{Cable, RedisServer};
use redis::Value;

use crate::kit::{policy, within};

fn refused(url: &str) {
    let store = RedisStore::from_url(url).unwrap();
    let error = store.near(policy(), Arc::new(SystemClock::new())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(error.to_string().contains("`near`"), "{error}");
}

#[test]
fn a_server_that_does_not_tell_of_changes_is_refused_by_name() {
    let server = RedisServer::start();
    server.run::<Value>(&["ACL", "SETUSER", "shop", "on", ">secret", "~*", "&*", "+@all", "-client|tracking"]);
    refused(&format!("redis://shop:secret@127.0.0.1:{}", server.port()));
    refused(&RedisServer::start_with(&["rename-command HELLO HOWDY"]).url("shop"));
}

#[test]
fn a_server_that_comes_later_is_listened_to_then() {
    let server = RedisServer::start();
    let cable = Cable::to(1);
    let url = format!("redis://127.0.0.1:{}?prefix=shop&near=1mb&max_staleness=300ms", cable.port());
    let cache = Cache::from_url(&url).unwrap();
    let near = || cache.statistics().near.unwrap();
    assert_eq!((near().link_count, near().is_trusted), (0, false));
    cable.lead_to(server.port());
    within(Duration::from_secs(20), || near().is_trusted);
}

#[test]
fn a_cache_that_is_shut_down_or_dropped_is_not_told_any_more() {
    let server = RedisServer::start();
    let listeners =
        || server.run::<String>(&["CLIENT", "LIST"]).lines().filter(|line| line.contains("flags=t")).count();
    let url = server.url("shop") + "&near=1mb";
    let (first, second) = (Cache::from_url(&url).unwrap(), Cache::from_url(&url).unwrap());
    within(Duration::from_secs(5), || listeners() == 2);
    first.shutdown(Duration::from_secs(1)).unwrap();
    within(Duration::from_secs(5), || listeners() == 1);
    drop(second);
    within(Duration::from_secs(5), || listeners() == 0);
}

#[test]
fn a_user_with_a_password_and_another_database_can_listen() {
    let server = RedisServer::start();
    server.run::<Value>(&["ACL", "SETUSER", "shop", "on", ">secret", "~*", "&*", "+@all"]);
    let url = format!("redis://shop:secret@127.0.0.1:{}/3?near=1mb", server.port());
    within(Duration::from_secs(5), || Cache::from_url(&url).unwrap().statistics().near.unwrap().is_trusted);
}
