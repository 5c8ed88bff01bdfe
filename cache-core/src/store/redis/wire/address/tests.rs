//! Tests which URLs are understood, and which errors the others give.

use super::*;
use crate::error::ErrorKind;

fn read(url: &str) -> Address {
    Address::read(url).unwrap()
}

fn named(url: &str) -> (String, u16) {
    match read(url).transport {
        Transport::Tcp { host, port } => (host, port),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_url_says_where_and_who() {
    let address = read("redis://shop:p%40ss%23@cache.example:6380/3?prefix=shop&idle_connections=4");
    assert_eq!(named("redis://shop:p%40ss@cache.example:6380/3"), ("cache.example".to_owned(), 6380));
    assert_eq!(address.login.user.as_deref(), Some("shop"));
    assert_eq!(address.login.password.map(|password| password.0).as_deref(), Some("p@ss#"));
    assert_eq!((address.database, address.idle_connections), (3, 4));
    assert_eq!(address.names, Names::starting_with("shop").unwrap());
}

#[test]
fn what_a_url_does_not_say_is_usual() {
    assert_eq!(named("redis://localhost"), ("localhost".to_owned(), 6379));
    assert_eq!(named("valkey://[::1]/"), ("::1".to_owned(), 6379));
    let address = read("redis://:secret@127.0.0.1");
    assert_eq!((address.login.user, address.database), (None, 0));
    assert_eq!(read("redis://localhost?db=2").database, 2);
    assert_eq!(address.names, Names::starting_with("cache").unwrap());
}

#[cfg(unix)]
#[test]
fn a_socket_is_named_by_its_path() {
    let address = read("unix:///run/my%20redis.sock?db=1&user=shop&password=secret&prefix=shop");
    assert!(matches!(&address.transport, Transport::Unix { path } if path.as_os_str() == "/run/my redis.sock"));
    assert_eq!((address.database, address.login.user.as_deref()), (1, Some("shop")));
}

#[test]
fn wrong_urls_are_refused_by_the_part_that_is_wrong_and_without_the_password() {
    let cases = [
        ("redis://u:secret@host:99999/", "port"),
        ("redis://u:secret@host:0/", "`0` is not a port"),
        ("redis://u:secret@/", "host"),
        ("redis://u:secret@host/x", "`db`"),
        ("redis://u:secret@host/1/2", "`db`"),
        ("redis://u:secret@host/-1", "`db`"),
        ("redis://u:secret@host/1?db=1", "twice"),
        ("redis://u:secret@host?prefix=a&prefix=b", "`prefix` twice"),
        ("redis://u:secret@host?prefix=a*", "`prefix`"),
        ("redis://u:secret@host?prefx=a", "unknown parameter `prefx`"),
        ("redis://u:secret@host?idle_connections=many", "`idle_connections`"),
        ("redis://u:secret@host?user=v", "`user`"),
        ("redis://u:secret@host?ca=/x", "`ca` needs `rediss://`"),
        ("redis://u:sec#ret@host", "`%23`"),
        ("redis://user@host", "`user` without a `password`"),
        ("redis:secret", "host"),
        ("unix:relative?password=secret", "path"),
        ("unix://host/path?password=secret", "path"),
        ("unix:///?password=secret", "path"),
        ("unix:///path?password=secret&user=v&db=x", "`db`"),
        ("redis://u:secret@a,b", "several hosts"),
        ("redis+sentinel://u:secret@a,b", "names the primary"),
        ("redis+sentinel://u:secret@a/name/1", "names the primary"),
        ("redis+sentinel://u:secret@a,b:x/name", "a host of the Redis URL"),
        ("redis+sentinel://a/name?sentinel_user=u", "`sentinel_user` without"),
        ("redis+cluster://u:secret@a,b/1", "one database"),
        ("redis+cluster://u:secret@a,b?db=1", "one database"),
        ("redis+cluster://a?sentinel_password=secret", "need `redis+sentinel://`"),
        ("redis+clutser://u:secret@a", "unknown scheme `redis+clutser`"),
        ("http://u:secret@host", "unknown scheme `http`"),
        ("redis", "cannot be read"),
    ];
    for (url, expected) in cases {
        let error = Address::read(url).expect_err(url);
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(error.to_string().contains(expected), "{url}: {error}");
        assert!(!format!("{error} {error:?}").contains("sec"), "{url}: {error:?}");
    }
}

#[test]
fn several_hosts_say_where_the_server_is() {
    let place = |host: &str, port| Place { host: host.to_owned(), port };
    let address = read("redis+sentinel://u:p,w@a,b:7,[::1]/main?db=2&sentinel_password=s&prefix=shop");
    let Finding::Sentinels { places, name, login } = address.finding else { panic!("{:?}", address.finding) };
    assert_eq!(places, [place("a", 26379), place("b", 7), place("::1", 26379)]);
    assert_eq!((&*name, login.password.unwrap().0, address.database), ("main", "s".to_owned(), 2));
    assert_eq!(address.login.password.unwrap().0, "p,w");
    let address = read("valkey+cluster://a,b:7?prefix=123456789");
    let Finding::Cluster { places, slot } = address.finding else { panic!("{:?}", address.finding) };
    assert_eq!((places, slot), (vec![place("a", 6379), place("b", 7)], 0x31c3));
    assert_eq!(address.names, Names::together("123456789").unwrap());
}

#[test]
fn a_password_is_not_shown() {
    assert!(!format!("{:?}", read("redis://u:secret@host")).contains("secret"));
}

#[cfg(not(feature = "redis-tls"))]
#[test]
fn tls_needs_its_feature() {
    let error = Address::read("rediss://u:secret@host").unwrap_err();
    assert!(error.to_string().contains("`redis-tls`"), "{error}");
}
