//! Tests which servers a link accepts over TLS, and which it refuses.

use std::error::Error as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cache_core::ErrorKind;
use cache_core::policy::NearPolicy;
use cache_core::store::{RedisStore, Store};
use conformance::redis_server::{
    Cable, Certificates, RedisCluster, RedisServer, Sentinels, Servers, Several, await_that,
};
use conformance::{Subject, Time, tag};

fn subject(url: &str) -> Subject {
    let store = RedisStore::from_url(url).unwrap();
    store.shared().unwrap().set_operation_timeout(Duration::from_secs(5));
    Subject::new(store, Time::real())
}

fn url(host: &str, port: u16, ca: &Certificates) -> String {
    format!("rediss://{host}:{port}?prefix=shop&ca={}", ca.authority())
}

fn works(subject: &Subject) {
    let token = subject.under(tag(1));
    subject.put(1, vec![token]);
    assert!(subject.serves(1));
    subject.change(tag(1));
    assert!(!subject.serves(1));
}

/// What a call says that the link refuses, in the words of the error and its causes.
fn refusal(url: &str) -> String {
    let subject = subject(url);
    let begin = Instant::now();
    let error = subject.store().seed(&[tag(1)], &[], subject.now()).unwrap_err();
    assert!(begin.elapsed() < Duration::from_secs(5), "a refusal is no timeout");
    assert_eq!(error.kind(), ErrorKind::Store);
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        words += &format!(": {error}");
        cause = error.source();
    }
    words
}

#[test]
fn a_server_is_known_by_the_certificate_of_its_authority() {
    let certificates = Certificates::of(&["localhost", "127.0.0.1"]);
    let (server, port) = RedisServer::start_encrypted(&certificates, &[]);
    for host in ["localhost", "127.0.0.1"] {
        works(&subject(&url(host, port, &certificates)));
    }
    works(&subject(&url("localhost", port, &certificates).replacen("rediss", "valkeys", 1)));
    // What is stored over TLS is there without it, and is changed by whoever changes it.
    let (plain, encrypted) = (subject(&server.url("shop")), subject(&url("localhost", port, &certificates)));
    let token = encrypted.under(tag(2));
    encrypted.put(2, vec![token]);
    assert!(plain.serves(2));
    plain.change(tag(2));
    assert!(!encrypted.serves(2));
}

#[test]
fn a_server_of_another_authority_is_refused_and_the_error_says_so() {
    let (right, wrong) = (Certificates::of(&["localhost"]), Certificates::of(&["localhost"]));
    let (_server, port) = RedisServer::start_encrypted(&right, &[]);
    let words = refusal(&url("localhost", port, &wrong));
    assert!(words.contains("invalid peer certificate"), "{words}");
    assert!(refusal(&format!("rediss://localhost:{port}")).contains("UnknownIssuer"), "nor does the system know it");
}

#[test]
fn a_server_of_another_name_is_refused_and_the_error_says_so() {
    let certificates = Certificates::of(&["cache.internal"]);
    let (_server, port) = RedisServer::start_encrypted(&certificates, &[]);
    let words = refusal(&url("localhost", port, &certificates));
    assert!(words.contains("not valid for name"), "{words}");
}

/// Such a server takes what it is told for the beginning of a command, and waits for the rest.
#[test]
fn a_server_without_tls_is_given_up_when_the_time_is_over() {
    let certificates = Certificates::of(&["localhost"]);
    let server = RedisServer::start();
    let subject = subject(&url("localhost", server.port(), &certificates));
    subject.store().shared().unwrap().set_operation_timeout(Duration::from_millis(200));
    assert_eq!(subject.store().seed(&[tag(1)], &[], subject.now()).unwrap_err().kind(), ErrorKind::Store);
}

#[test]
fn a_connection_that_breaks_is_made_again() {
    let certificates = Certificates::of(&["127.0.0.1"]);
    let (_server, port) = RedisServer::start_encrypted(&certificates, &[]);
    let cable = Cable::to(port);
    let subject = subject(&url("127.0.0.1", cable.port(), &certificates));
    for _ in 0..3 {
        works(&subject);
        cable.cut();
    }
    assert!(cable.connections() >= 3);
}

/// What several servers keep to over TLS, for a user of theirs, and what they say to somebody else.
fn works_locked<S: Servers>(servers: S) {
    let url = servers.url("shop");
    let hands = Several(Arc::new(servers));
    conformance::shared_store_contract_holds!(hands.subject());
    let near = hands.near(NearPolicy::with_capacity(1 << 20).max_staleness(Duration::from_secs(5)));
    works(&near);
    let is_told = || near.store().shared().unwrap().near_counts(near.now()).unwrap().is_trusted;
    await_that("memory that is told of changes", is_told);
    let words = refusal(&url.replace(":secret@", ":guess@"));
    assert!(words.contains("WRONGPASS") || words.contains("password"), "{words}");
    let wrong = Certificates::of(&["127.0.0.1"]);
    let (start, _) = url.split_once("&ca=").expect("an authority");
    let behind = url.split_once("&sentinel").map(|(_, login)| format!("&sentinel{login}")).unwrap_or_default();
    let words = refusal(&format!("{start}&ca={}{behind}", wrong.authority()));
    assert!(words.contains("invalid peer certificate"), "{words}");
}

#[test]
fn a_cluster_is_reached_over_tls_with_a_password() {
    let certificates = Certificates::of(&["127.0.0.1"]);
    let cluster = RedisCluster::locked(&certificates).made_steady();
    works(&subject(&format!("{}&spread=tables", cluster.url("shop"))));
    works_locked(cluster);
}

#[test]
fn whom_sentinels_name_is_reached_over_tls_with_passwords() {
    let certificates = Certificates::of(&["127.0.0.1"]);
    let sentinels = Sentinels::locked(&certificates);
    let wrong = sentinels.url("shop").replace("=hush", "=loud");
    let words = refusal(&wrong);
    assert!(words.contains("WRONGPASS") || words.contains("password"), "{words}");
    works_locked(sentinels);
}
