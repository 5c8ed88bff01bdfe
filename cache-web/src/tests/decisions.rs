//! Tests the decisions by tables.

use cache_core::KeyBytes;
use http::header::{ACCEPT_ENCODING, ACCEPT_LANGUAGE, AUTHORIZATION};
use http::{HeaderMap, HeaderValue, Request, Response};

use crate::outcome::{Passed, Unstored};
use crate::request::ask;
use crate::response::refusal;
use crate::rules::{Credential, Rules};
use crate::validator::is_there;
use crate::{PageCache, layer};

fn rules(say: impl FnOnce(PageCache) -> PageCache) -> Rules {
    let pages: layer::PageCache = say(PageCache::new(&cache_core::Cache::memory(), "decisions"));
    pages.rules().clone()
}

fn user(pages: PageCache) -> PageCache {
    pages.vary_by_user(Credential::cookie("session"), |request| request.extensions.get::<u32>().copied())
}

#[test]
fn a_request_is_passed_on_for_a_reason() {
    let plain = || rules(|pages| pages);
    let named = || rules(|pages| user(pages).vary_by_cookie("theme").ignore_cookie("visitor"));
    let token = || rules(|pages| pages.vary_by_header(AUTHORIZATION));
    type Row = (fn() -> Rules, &'static str, &'static [(&'static str, &'static str)], Option<Passed>);
    let rows: [Row; 31] = [
        (plain, "GET", &[], None),
        (plain, "HEAD", &[], None),
        (plain, "POST", &[], Some(Passed::Method)),
        (plain, "PUT", &[], Some(Passed::Method)),
        (plain, "OPTIONS", &[], Some(Passed::Method)),
        (plain, "get", &[], Some(Passed::Method)),
        (plain, "GET", &[("upgrade", "websocket")], Some(Passed::Upgrade)),
        (plain, "GET", &[("content-length", "0")], None),
        (plain, "GET", &[("content-length", "3")], Some(Passed::Body)),
        (plain, "GET", &[("transfer-encoding", "chunked")], Some(Passed::Body)),
        (plain, "GET", &[("range", "bytes=0-3")], Some(Passed::Conditional)),
        (plain, "GET", &[("if-match", "\"a\"")], Some(Passed::Conditional)),
        (plain, "GET", &[("if-none-match", "\"a\"")], None),
        (plain, "GET", &[("cache-control", "no-cache")], None),
        (plain, "GET", &[("cache-control", "max-age=0, No-Store")], Some(Passed::NoStore)),
        (plain, "GET", &[("authorization", "Bearer a")], Some(Passed::Authorization)),
        (token, "GET", &[("authorization", "Bearer a")], None),
        (plain, "GET", &[("cookie", "")], None),
        (plain, "GET", &[("cookie", "theme=dark")], Some(Passed::Cookie)),
        (named, "GET", &[("cookie", "theme=dark")], None),
        (named, "GET", &[("cookie", "visitor=7; theme=dark")], None),
        (named, "GET", &[("cookie", "theme=dark; other=1")], Some(Passed::Cookie)),
        (named, "GET", &[("cookie", "theme=dark"), ("cookie", "other=1")], Some(Passed::Cookie)),
        (named, "GET", &[("cookie", "Theme=dark")], Some(Passed::Cookie)),
        (named, "GET", &[("cookie", "nonsense")], Some(Passed::Cookie)),
        (named, "GET", &[("cookie", "theme=\u{e9}")], Some(Passed::Cookie)),
        // There is a session, and nobody has found out whose.
        (named, "GET", &[("cookie", "session=a")], Some(Passed::Credential)),
        (named, "GET", &[("cookie", "session=a"), ("user", "7")], None),
        (named, "GET", &[("cookie", "session=a; other=1"), ("user", "7")], Some(Passed::Cookie)),
        (named, "GET", &[("authorization", "Bearer a"), ("user", "7")], Some(Passed::Authorization)),
        (plain, "GET", &[("cookie", "a=b"), ("authorization", "c")], Some(Passed::Authorization)),
    ];
    for (rules, method, headers, expected) in rows {
        let mut request = Request::builder().method(method).uri("/a?b=c").body(()).unwrap();
        for (name, value) in headers {
            match *name {
                "user" => _ = request.extensions_mut().insert(value.parse::<u32>().unwrap()),
                name => _ = request.headers_mut().append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap()),
            }
        }
        let (head, ()) = request.into_parts();
        assert_eq!(ask(&head, false, &rules()).err(), expected, "{method} {headers:?}");
        assert!(ask(&head, true, &rules()).is_err(), "{method} {headers:?}");
    }
}

#[test]
fn parameters_that_are_not_named_make_no_page() {
    let page = |query: &str, rules: &Rules| {
        let (head, ()) = Request::get(format!("/a?{query}")).body(()).unwrap().into_parts();
        KeyBytes::of(&ask(&head, false, rules).ok().unwrap())
    };
    let (all, named) = (rules(|pages| pages), rules(|pages| pages.vary_by_query(["page", "q"])));
    let none = rules(|pages| pages.vary_by_query([""; 0]));
    assert_ne!(page("page=1&utm=2", &all), page("page=1&utm=3", &all));
    assert_eq!(page("page=1&utm=2", &named), page("utm=3&page=1", &named));
    assert_ne!(page("page=1", &named), page("page=2", &named));
    assert_ne!(page("q=a&q=b", &named), page("q=b&q=a", &named));
    assert_ne!(page("q", &named), page("q=", &named));
    // A handler would read it as the page.
    assert_ne!(page("p%61ge=2", &named), page("", &named));
    assert_ne!(page("utm=1;page=2", &named), page("utm=1", &named));
    assert_eq!(page("page=1", &none), page("page=2", &none));
}

#[test]
fn an_answer_is_not_kept_for_a_reason() {
    let plain = || rules(|pages| pages);
    let encoded = || rules(|pages| pages.vary_by_header(ACCEPT_ENCODING));
    let spoken = || rules(|pages| pages.vary_by_header(ACCEPT_LANGUAGE));
    type Row = (fn() -> Rules, u16, Option<u64>, bool, &'static [(&'static str, &'static str)], Option<Unstored>);
    let rows: [Row; 28] = [
        (plain, 200, Some(9), false, &[], None),
        (plain, 200, Some(0), false, &[], None),
        (plain, 200, Some(1 << 20), false, &[], None),
        (plain, 200, Some((1 << 20) + 1), false, &[], Some(Unstored::TooLarge)),
        (plain, 200, None, false, &[], Some(Unstored::Streaming)),
        (plain, 201, Some(9), false, &[], Some(Unstored::Status)),
        (plain, 204, Some(0), false, &[], Some(Unstored::Status)),
        (plain, 206, Some(9), false, &[], Some(Unstored::Partial)),
        (plain, 200, Some(9), false, &[("content-range", "bytes 0-8/20")], Some(Unstored::Partial)),
        (plain, 302, Some(0), false, &[], Some(Unstored::Status)),
        (plain, 404, Some(9), false, &[], Some(Unstored::Status)),
        (plain, 500, Some(9), false, &[], Some(Unstored::Status)),
        (plain, 200, Some(9), false, &[("set-cookie", "a=b")], Some(Unstored::SetsCookie)),
        (plain, 200, Some(9), true, &[("set-cookie", "a=b")], Some(Unstored::SetsCookie)),
        (plain, 200, Some(9), true, &[("cache-control", "no-store")], Some(Unstored::Private)),
        (plain, 200, Some(9), false, &[("cache-control", "max-age=3, private")], Some(Unstored::Private)),
        (plain, 200, Some(9), true, &[("cache-control", "private")], None),
        (plain, 200, Some(9), false, &[("cache-control", "\u{e9}, private")], Some(Unstored::Private)),
        (plain, 200, Some(9), false, &[("cache-control", "private=\"x-user\"")], Some(Unstored::Private)),
        (plain, 200, Some(9), false, &[("cache-control", "no-cache, max-age=3")], None),
        (plain, 200, Some(9), false, &[("vary", "*")], Some(Unstored::Varies)),
        (plain, 200, Some(9), false, &[("vary", "Cookie, Authorization")], None),
        (plain, 200, Some(9), false, &[("vary", "accept-language")], Some(Unstored::Varies)),
        (spoken, 200, Some(9), false, &[("vary", "Accept-Language")], None),
        (spoken, 200, Some(9), false, &[("vary", "Accept-Language"), ("vary", "Origin")], Some(Unstored::Varies)),
        (plain, 200, Some(9), false, &[("content-encoding", "gzip")], Some(Unstored::Encoded)),
        (spoken, 200, Some(9), false, &[("content-encoding", "gzip")], Some(Unstored::Encoded)),
        (encoded, 200, Some(9), false, &[("content-encoding", "gzip"), ("vary", "accept-encoding")], None),
    ];
    for (rules, status, size, has_user, headers, expected) in rows {
        let mut answer = Response::builder().status(status);
        for (name, value) in headers {
            answer = answer.header(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        let (head, ()) = answer.body(()).unwrap().into_parts();
        assert_eq!(
            refusal(head.status, &head.headers, (size, has_user), &rules()),
            expected,
            "{status} {size:?} {has_user} {headers:?}"
        );
    }
}

#[test]
fn a_client_that_has_the_page_is_told_so() {
    let own = HeaderValue::from_static("W/\"a\"");
    let rows = [
        ("W/\"a\"", true),
        ("\"a\"", true),
        ("*", true),
        ("\"b\", W/\"a\"", true),
        ("\"b\"", false),
        ("a", false),
        ("", false),
        ("W/\"A\"", false),
        ("\"b,c\", W/\"a\"", true),
        ("\"b, \"a\"", false),
    ];
    for (said, expected) in rows {
        let mut request = HeaderMap::new();
        request.insert("if-none-match", HeaderValue::from_static(said));
        assert_eq!(is_there(&request, &own), expected, "{said}");
    }
    assert!(!is_there(&HeaderMap::new(), &own));
    let mut request = HeaderMap::new();
    request.insert("if-none-match", HeaderValue::from_static("\"c\", \"a,b\""));
    assert!(is_there(&request, &HeaderValue::from_static("\"a,b\"")));
}
