//! Tests that nobody is given what was rendered for somebody else, whatever pages vary by.

use std::sync::atomic::Ordering;

use axum::body::Body;
use http::header::{ACCEPT_LANGUAGE, AUTHORIZATION, COOKIE};
use http::request::Parts;
use http::{Request, Response};

use super::pages::Shown;
use crate::{Credential, PageCache};

/// Whom a request is from, as a layer outside would find out by the session or the token.
#[derive(Clone, Hash)]
struct User(String);

/// All that a page may show of a person: it names whatever came with the request.
fn personal(request: &Request<Body>, _: usize) -> Response<Body> {
    let said = |name: &str| request.headers().get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
    let user = request.extensions().get::<User>().map_or("nobody", |user| &user.0);
    let text = format!(
        "{} {user} [{}] [{}] [{}]",
        request.uri(),
        said("cookie"),
        said("authorization"),
        said("accept-language")
    );
    Response::new(text.into())
}

/// Requests of all kinds of persons: cookies, tokens and languages, with and without a user who was found out.
fn requests() -> Vec<Request<Body>> {
    let cookies = [
        None,
        Some("session=anna"),
        Some("session=bert"),
        Some("theme=dark"),
        Some("theme=light"),
        Some("session=anna; theme=dark"),
        Some("session=bert; theme=dark"),
        Some("session=anna; session=bert"),
        Some("other=1"),
        Some("session=anna; other=1"),
    ];
    let tokens = [None, Some("Bearer anna"), Some("Bearer bert")];
    let languages = [None, Some("de"), Some("en")];
    let mut requests = Vec::new();
    for cookie in cookies {
        for token in tokens {
            for language in languages {
                for path in ["/", "/?page=2"] {
                    let mut request = Request::get(path);
                    for (name, value) in [(COOKIE, cookie), (AUTHORIZATION, token), (ACCEPT_LANGUAGE, language)] {
                        if let Some(value) = value {
                            request = request.header(name, value);
                        }
                    }
                    let session = cookie.and_then(|cookie| cookie.strip_prefix("session="));
                    let session = session.map(|rest| rest.split(';').next().unwrap().to_owned());
                    let user = token.map(|token| token[7..].to_owned()).or(session);
                    if let Some(user) = user {
                        request = request.extension(User(user));
                    }
                    requests.push(request.body(Body::empty()).unwrap());
                }
            }
        }
    }
    requests
}

fn copy(request: &Request<Body>) -> Request<Body> {
    let mut copy = Request::get(request.uri().clone()).body(Body::empty()).unwrap();
    *copy.headers_mut() = request.headers().clone();
    if let Some(user) = request.extensions().get::<User>() {
        copy.extensions_mut().insert(user.clone());
    }
    copy
}

/// Everybody asks, in both orders, and is given what was rendered for him: `shows` says how much of a page has to be his.
fn check(say: fn(PageCache) -> PageCache, shows: fn(&Request<Body>) -> String) {
    let shown = Shown::new(say, personal);
    let mut all = requests();
    for _ in 0..2 {
        for request in &all {
            let given = shown.ask(copy(request)).body;
            let own = personal(request, 0);
            let expected = shows(request);
            assert!(given.contains(&expected), "{request:?} was given {given}, instead of {expected}: {own:?}");
        }
        all.reverse();
    }
    let count = shown.count.load(Ordering::SeqCst);
    assert!(count < 2 * all.len(), "{count}: something is kept");
}

fn whole(request: &Request<Body>) -> String {
    let said = |name: &str| request.headers().get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
    let user = request.extensions().get::<User>().map_or("nobody", |user| &user.0);
    format!("{} {user} [{}] [{}]", request.uri(), said("cookie"), said("authorization"))
}

/// The user alone: what else is said of him may be that of another of his requests.
fn user(request: &Request<Body>) -> String {
    let user = request.extensions().get::<User>().map_or("nobody", |user| &user.0);
    format!("{} {user} [", request.uri())
}

#[test]
fn without_a_word_whoever_can_be_told_is_passed_on() {
    check(|pages| pages, whole);
    check(|pages| pages.vary_by_header(ACCEPT_LANGUAGE), whole);
}

#[test]
fn by_cookie_whoever_has_another_one_is_given_another_page() {
    check(|pages| pages.vary_by_cookie("theme"), whole);
    check(|pages| pages.vary_by_cookie("theme").vary_by_cookie("session"), user);
    check(|pages| pages.vary_by_header(COOKIE), whole);
    check(|pages| pages.vary_by_header(COOKIE).vary_by_header(AUTHORIZATION), whole);
}

#[test]
fn by_token_whoever_has_another_one_is_given_another_page() {
    check(|pages| pages.vary_by_header(AUTHORIZATION), whole);
}

#[test]
fn by_user_nobody_is_given_the_page_of_somebody_else() {
    fn of(request: &Parts) -> Option<User> {
        request.extensions.get().cloned()
    }
    check(|pages| pages.vary_by_user(Credential::cookie("session"), of), user);
    check(|pages| pages.vary_by_user(Credential::authorization(), of), user);
    check(|pages| pages.vary_by_user(Credential::cookie("session"), of).vary_by_header(AUTHORIZATION), user);
    check(|pages| pages.vary_by_user(Credential::cookie("session"), of).vary_by_cookie("theme"), user);
}
