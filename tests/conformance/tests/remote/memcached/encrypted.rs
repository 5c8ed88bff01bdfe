//! Tests servers of memcached over TLS: which are accepted, and which are refused.

use cache_core::store::{MemcachedStore, Store};
use cache_core::{Cache, ErrorKind};
use conformance::certificates::Certificates;
use conformance::memcached_server::MemcachedServer;
use conformance::{Subject, Time, tag};
use std::time::Duration;

fn server(certificates: &Certificates) -> MemcachedServer {
    let arguments = certificates.arguments();
    MemcachedServer::start_unasked(&arguments.each_ref().map(String::as_str))
}

fn url(host: &str, server: &MemcachedServer, ca: &Certificates) -> String {
    format!("memcacheds://{host}:{}?prefix=shop&ca={}", server.port(), ca.authority())
}

fn subject(url: &str) -> Subject {
    let store = MemcachedStore::from_url(url).unwrap();
    store.shared().unwrap().set_operation_timeout(Duration::from_secs(10));
    Subject::new(store, Time::real())
}

#[test]
fn a_server_is_known_by_the_certificate_of_its_authority() {
    let certificates = Certificates::of(&["localhost", "127.0.0.1"]);
    let server = server(&certificates);
    for host in ["localhost", "127.0.0.1"] {
        let subject = subject(&url(host, &server, &certificates).replace("prefix=shop", &format!("prefix={host}")));
        assert!(!subject.seed(tag(1)).is_intended);
        let token = subject.under(tag(1));
        subject.put(1, vec![token]);
        assert!(subject.serves(1));
        subject.change(tag(1));
        assert!(!subject.serves(1));
    }
}

#[test]
fn a_server_of_another_authority_or_name_is_not_used() {
    let (certificates, others) = (Certificates::of(&["cache.internal"]), Certificates::of(&["localhost"]));
    let server = server(&certificates);
    for ca in [&certificates, &others] {
        let subject = subject(&url("localhost", &server, ca));
        let error = subject.store().seed(&[tag(1)], &[], subject.now()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Store);
    }
}

#[test]
fn what_is_said_in_plain_text_reaches_no_encrypted_server() {
    let server = server(&Certificates::of(&["localhost"]));
    let cache = Cache::from_url(&server.url("shop"));
    assert!(cache.map_or(true, |cache| cache.set("layout", &1_i64, ()).is_err()));
}
