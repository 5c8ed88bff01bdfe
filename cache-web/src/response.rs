//! Decides whether an answer is of a kind that is kept.

use http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_RANGE, COOKIE, SET_COOKIE, VARY};
use http::{HeaderMap, HeaderName, StatusCode};

use crate::outcome::Unstored;
use crate::request::says;
use crate::rules::Rules;

/// Why an answer is not kept, if it is not. `size`: that of its body, if it is known; `has_user`: it was asked for by a
/// user whom its key names.
pub(crate) fn refusal(
    status: StatusCode,
    headers: &HeaderMap,
    (size, has_user): (Option<u64>, bool),
    rules: &Rules,
) -> Option<Unstored> {
    let is_encoded = headers.get_all(CONTENT_ENCODING).iter().any(|encoding| encoding != "identity");
    match size {
        _ if status == StatusCode::PARTIAL_CONTENT || headers.contains_key(CONTENT_RANGE) => Some(Unstored::Partial),
        _ if status != StatusCode::OK => Some(Unstored::Status),
        _ if headers.contains_key(SET_COOKIE) => Some(Unstored::SetsCookie),
        _ if says(headers, &CACHE_CONTROL, "no-store") => Some(Unstored::Private),
        _ if says(headers, &CACHE_CONTROL, "private") && !has_user => Some(Unstored::Private),
        _ if is_encoded && !rules.names(&http::header::ACCEPT_ENCODING) => Some(Unstored::Encoded),
        _ if varies(headers, rules) => Some(Unstored::Varies),
        None => Some(Unstored::Streaming),
        Some(size) if size > rules.max_size => Some(Unstored::TooLarge),
        Some(_) => None,
    }
}

/// Whether the answer depends on a header that its key does not hold. Requests with cookies or an `Authorization` that are
/// not named come never here.
fn varies(headers: &HeaderMap, rules: &Rules) -> bool {
    let is_held = |name: &str| {
        let name = name.trim().parse::<HeaderName>();
        name.is_ok_and(|name| {
            name == COOKIE || name == AUTHORIZATION || rules.names(&name) || rules.user_header() == Some(&name)
        })
    };
    headers.get_all(VARY).iter().any(|value| match value.to_str() {
        Ok(names) => !names.split(',').filter(|name| !name.trim().is_empty()).all(is_held),
        Err(_) => true,
    })
}
