//! What cannot be a cache is one clear error when the cache is built: a wrong URL, a server of another kind, a store that
//! lacks what a setting asks for.

use std::time::Duration;

use cache_core::store::{MemoryStore, NoneStore};
use cache_diesel::{Cache, CacheBuilder, ErrorKind, MIB};

/// Says of one set-up that it is refused, with this in the message, and without the password that all of them have.
fn is_refused(said: &str, built: cache_diesel::Result<Cache>, expected: &str) {
    let error = built.map(drop).expect_err(said);
    assert_eq!(error.kind(), ErrorKind::Configuration, "{said}: {error}");
    let message = error.to_string();
    assert!(message.contains(expected), "{said}: {message}");
    assert!(!message.contains('\n') && !format!("{error:?}").contains("secret"), "{said}: {error:?}");
}

fn url_is_refused(url: &str, expected: &str) {
    is_refused(url, Cache::from_url(url), expected);
}

#[test]
fn wrong_urls() {
    let cases = [
        ("", "no scheme"),
        ("shop", "unknown scheme"),
        ("memroy:", "unknown scheme `memroy`"),
        ("memory:?capacity=much", "`capacity`"),
        ("memory:?capacity=1", "64 KiB"),
        ("memory:?version=x", "`version`"),
        ("memory:?near=1mb", "`capacity`, `prefix` or `version`"),
        ("none:?prefix=shop", "no parameters"),
        ("postgres://shop:secret@localhost/shop", "database_store"),
        ("mysql://shop:secret@localhost/shop", "database_store"),
    ];
    cases.into_iter().for_each(|(url, expected)| url_is_refused(url, expected));
}

#[cfg(feature = "sqlite-store")]
#[test]
fn wrong_files() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().display();
    let text = directory.path().join("text");
    std::fs::write(&text, "something else").unwrap();
    let cases = [
        ("sqlite://shop.cache".to_owned(), "absolute path"),
        ("file://".to_owned(), "absolute path"),
        (format!("sqlite://{path}/shop?prefx=a"), "unknown parameter `prefx`"),
        (format!("sqlite://{path}/shop?capacity=1kb"), "at least 1 MiB"),
        (format!("sqlite://{path}/shop?prefix=a&prefix=b"), "twice"),
        (format!("sqlite://{path}/shop?near=x"), "`near`"),
        (format!("sqlite://{path}/shop?max_staleness=1s"), "`max_staleness` needs `near`"),
        (format!("sqlite://{path}/nowhere/shop"), "not there"),
        (format!("sqlite://{path}"), "is a directory"),
        (format!("sqlite://{}", text.display()), "a file of something else"),
        (format!("file://{}", text.display()), "cannot be made"),
    ];
    cases.iter().for_each(|(url, expected)| url_is_refused(url, expected));
}

#[test]
fn settings_that_a_store_cannot_keep() {
    let memory = || MemoryStore::with_capacity(MIB).unwrap();
    let soon = Duration::from_millis(100);
    let cases: [(&str, CacheBuilder, &str); 7] = [
        ("near, memory", Cache::builder().memory(MIB).near(MIB), "`near`"),
        ("near, nothing", Cache::builder().none().near(MIB), "`near`"),
        ("near, a store of one process", Cache::builder().store(memory()).near(MIB), "`near`"),
        ("near, a store that keeps nothing", Cache::builder().store(NoneStore).near(MIB), "`near`"),
        ("max_staleness, memory", Cache::builder().memory(MIB).max_staleness(soon), "`max_staleness`"),
        ("database", Cache::builder().database(" "), "`database`"),
        ("prefix", Cache::builder().prefix("a b"), "prefix"),
    ];
    cases.into_iter().for_each(|(said, builder, expected)| is_refused(said, builder.build(), expected));
}

#[cfg(feature = "memcached")]
#[test]
fn servers_that_are_no_memcached() {
    use conformance::memcached_server::MemcachedServer;

    let server = MemcachedServer::start();
    let port = server.port();
    url_is_refused(&format!("{}&near=1mb", server.url("shop")), "tells of changes");
    is_refused("near", Cache::builder().memcached(server.url("shop")).near(MIB).build(), "`near`");
    let asked = format!("memcached://shop:secret@127.0.0.1:{port}?prefx=a");
    url_is_refused(&asked, "unknown parameter `prefx`");
    #[cfg(feature = "redis")]
    {
        url_is_refused(&format!("redis://shop:secret@127.0.0.1:{port}"), "another kind");
        url_is_refused(&format!("redis://127.0.0.1:{port}?near=1mb"), "another kind");
        let redis = conformance::redis_server::RedisServer::start();
        url_is_refused(&format!("memcached://127.0.0.1:{}", redis.port()), "another kind");
        url_is_refused(&format!("redis://127.0.0.1:{}/x", redis.port()), "`db`");
        url_is_refused(&format!("redis+cluster://127.0.0.1:{}", redis.port()), "cluster");
    }
}

#[cfg(feature = "redis")]
tests::postgres_tests! {
    /// It says nothing to a question that it does not understand.
    fn a_server_that_is_silent_is_one_that_is_not_there() {
        let url = tests::servers::postgres::fresh_database().url().to_owned();
        let port = url.split("127.0.0.1:").nth(1).unwrap().split('/').next().unwrap().to_owned();
        let cache = Cache::from_url(&format!("redis://127.0.0.1:{port}")).expect("it may be there later");
        assert!(cache.get::<i64>("layout").is_err());
    }
}
