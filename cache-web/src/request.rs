//! Decides whether the cache may answer a request, and which page it asks for.

use core::hash::{Hash, Hasher};
use core::iter;

use cache_core::KeyBytes;
use http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_LENGTH, COOKIE, HOST, IF_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE, RANGE,
    TRANSFER_ENCODING, UPGRADE,
};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};

use crate::outcome::Passed;
use crate::rules::Rules;

/// Which page is asked for: everything that it may depend on, but for what is read. Its `Hash` tells pages apart.
pub(crate) struct Variant<'a> {
    request: &'a Parts,
    rules: &'a Rules,
    cookies: Vec<(&'a str, &'a str)>,
    user: Option<KeyBytes>,
}

impl Variant<'_> {
    /// Whether a user was told.
    pub(crate) const fn has_user(&self) -> bool {
        self.user.is_some()
    }
}

impl Hash for Variant<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let (headers, uri) = (&self.request.headers, uri(self.request));
        let values = |name: &HeaderName| headers.get_all(name).iter().map(HeaderValue::as_bytes);
        each(values(&HOST), state);
        // What the address itself says of scheme and host, if it does.
        uri.authority().map(|authority| (uri.scheme_str(), authority.as_str())).hash(state);
        uri.path().hash(state);
        query(uri.query().unwrap_or_default(), self.rules.query.as_deref(), |pairs| each(pairs, state));
        self.rules.headers.iter().for_each(|name| each(values(name), state));
        for own in &self.rules.cookies {
            each(self.cookies.iter().filter(|(name, _)| name == own).map(|(_, value)| *value), state);
        }
        self.user.hash(state);
        self.rules.more.iter().for_each(|say| say(self.request).hash(state));
    }
}

/// Hashes a list whose length is not known before: each item is announced, and the end too.
fn each<H: Hasher, T: Hash>(items: impl Iterator<Item = T>, state: &mut H) {
    items.for_each(|item| (true, item).hash(state));
    false.hash(state);
}

/// What the request asks for, or why it is passed on. `has_body`: it has more than its head.
pub(crate) fn ask<'a>(request: &'a Parts, has_body: bool, rules: &'a Rules) -> Result<Variant<'a>, Passed> {
    let headers = &request.headers;
    if request.method != Method::GET && request.method != Method::HEAD {
        return Err(Passed::Method);
    }
    if headers.contains_key(UPGRADE) {
        return Err(Passed::Upgrade);
    }
    let is_long = headers.get(CONTENT_LENGTH).is_some_and(|length| length != "0");
    if has_body || is_long || headers.contains_key(TRANSFER_ENCODING) {
        return Err(Passed::Body);
    }
    if [RANGE, IF_RANGE, IF_MATCH, IF_UNMODIFIED_SINCE].iter().any(|name| headers.contains_key(name)) {
        return Err(Passed::Conditional);
    }
    if says(headers, &CACHE_CONTROL, "no-store") {
        return Err(Passed::NoStore);
    }
    if headers.contains_key(AUTHORIZATION)
        && !rules.names(&AUTHORIZATION)
        && rules.user_header() != Some(&AUTHORIZATION)
    {
        return Err(Passed::Authorization);
    }
    let cookies = cookies(headers)?;
    let is_known = |name: &str| {
        let named = rules.cookies.iter().chain(&rules.ignored_cookies).map(String::as_str);
        named.chain(rules.user_cookie()).any(|known| known == name)
    };
    if !rules.names(&COOKIE) && !cookies.iter().all(|(name, _)| is_known(name)) {
        return Err(Passed::Cookie);
    }
    let user = rules.user.as_ref().and_then(|user| (user.say)(request));
    let has_credential = rules.user_header().is_some_and(|name| headers.contains_key(name))
        || rules.user_cookie().is_some_and(|own| cookies.iter().any(|(name, _)| *name == own));
    if has_credential && user.is_none() {
        return Err(Passed::Credential);
    }
    Ok(Variant { request, rules, cookies, user })
}

/// The address as it was asked for: routers of axum strip the paths that they are nested under.
pub(crate) fn uri(request: &Parts) -> &Uri {
    #[cfg(feature = "axum")]
    if let Some(axum::extract::OriginalUri(uri)) = request.extensions.get() {
        return uri;
    }
    &request.uri
}

/// Whether a header has this word in its list.
pub(crate) fn says(headers: &HeaderMap, name: &HeaderName, word: &str) -> bool {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|said| {
        let said = said.split_once('=').map_or(said, |(said, _)| said);
        said.trim().eq_ignore_ascii_case(word)
    })
}

fn cookies(headers: &HeaderMap) -> Result<Vec<(&str, &str)>, Passed> {
    let mut cookies = Vec::new();
    for header in headers.get_all(COOKIE) {
        let pairs = header.to_str().map_err(|_| Passed::Cookie)?.split(';').map(str::trim);
        for pair in pairs.filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').ok_or(Passed::Cookie)?;
            cookies.push((name.trim(), value));
        }
    }
    Ok(cookies)
}

/// Gives the pairs of a query that count; the whole of it if each does. A name that is spelt in another way may be read as
/// one that is named.
fn query(query: &str, named: Option<&[String]>, mut take: impl FnMut(&mut dyn Iterator<Item = &str>)) {
    let Some(named) = named else { return take(&mut iter::once(query)) };
    let counts = |pair: &&str| {
        let name = pair.split_once('=').map_or(*pair, |(name, _)| name);
        name.contains(['%', '+', ';']) || named.iter().any(|known| known == name)
    };
    take(&mut query.split('&').filter(counts));
}
