//! Decides whether the cache may answer a request, and which page it asks for.

use core::hash::{Hash, Hasher};
use core::iter;

use cache_core::KeyBytes;
use http::header::{AUTHORIZATION, COOKIE};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};

use crate::outcome::Passed;
use crate::rules::Rules;

/// Which page is asked for: everything that it may depend on, but for what is read. Its `Hash` tells pages apart.
pub(crate) struct Variant<'a> {
    request: &'a Parts,
    /// The address as it was asked for.
    uri: &'a Uri,
    rules: &'a Rules,
    cookies: Vec<(&'a str, &'a str)>,
    user: Option<KeyBytes>,
}

impl<'a> Variant<'a> {
    /// The address as it was asked for.
    pub(crate) const fn uri(&self) -> &'a Uri {
        self.uri
    }

    /// Whether a user was told.
    pub(crate) const fn has_user(&self) -> bool {
        self.user.is_some()
    }

    fn hash_place<H: Hasher>(&self, uri: &Uri, state: &mut H) {
        uri.path().hash(state);
        query(uri.query().unwrap_or_default(), self.rules.query.as_deref(), |pairs| each(pairs, state));
    }
}

impl Hash for Variant<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let (headers, uri) = (&self.request.headers, self.uri);
        let values = |name: &HeaderName| headers.get_all(name).iter().map(HeaderValue::as_bytes);
        each(address(headers), state);
        // What the address itself says of scheme and host, if it does.
        uri.authority().map(|authority| (uri.scheme_str(), authority.as_str())).hash(state);
        self.hash_place(uri, state);
        // A layer may have led it to another place, by what only that layer knows of it.
        let own = &self.request.uri;
        let is_led = own.path() != uri.path() || own.query() != uri.query();
        is_led.hash(state);
        if is_led {
            self.hash_place(own, state);
        }
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
    if request.method != Method::GET && request.method != Method::HEAD {
        return Err(Passed::Method);
    }
    let headers = &request.headers;
    let Seen { is_upgrade, is_long, is_conditional, is_no_store, has_authorization, cookies } = Seen::of(headers);
    if is_upgrade {
        return Err(Passed::Upgrade);
    }
    if has_body || is_long {
        return Err(Passed::Body);
    }
    if is_conditional {
        return Err(Passed::Conditional);
    }
    if is_no_store {
        return Err(Passed::NoStore);
    }
    if has_authorization && !rules.names(&AUTHORIZATION) && rules.user_header() != Some(&AUTHORIZATION) {
        return Err(Passed::Authorization);
    }
    let cookies = cookies.ok_or(Passed::Cookie)?;
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
    Ok(Variant { request, uri: uri(request), rules, cookies, user })
}

/// What there is among the headers of a request. They are gone through once: a look-up of each name takes longer.
struct Seen<'a> {
    is_upgrade: bool,
    /// It has a body.
    is_long: bool,
    /// It asks for a part, or under a condition other than `If-None-Match`.
    is_conditional: bool,
    is_no_store: bool,
    has_authorization: bool,
    /// `None`: one of them cannot be read.
    cookies: Option<Vec<(&'a str, &'a str)>>,
}

impl<'a> Seen<'a> {
    fn of(headers: &'a HeaderMap) -> Self {
        let mut seen = Self {
            is_upgrade: false,
            is_long: false,
            is_conditional: false,
            is_no_store: false,
            has_authorization: false,
            cookies: Some(Vec::new()),
        };
        for (name, value) in headers {
            match name.as_str() {
                "authorization" => seen.has_authorization = true,
                "cache-control" => seen.is_no_store |= has_word(value, "no-store"),
                "content-length" => seen.is_long |= value != "0",
                "cookie" => seen.add_cookies(value),
                "if-match" | "if-range" | "if-unmodified-since" | "range" => seen.is_conditional = true,
                "transfer-encoding" => seen.is_long = true,
                "upgrade" => seen.is_upgrade = true,
                _ => {}
            }
        }
        seen
    }

    fn add_cookies(&mut self, header: &'a HeaderValue) {
        let Ok(text) = header.to_str() else { return self.cookies = None };
        for pair in text.split(';').map(str::trim).filter(|pair| !pair.is_empty()) {
            match (pair.split_once('='), &mut self.cookies) {
                (Some((name, value)), Some(cookies)) => cookies.push((name.trim(), value)),
                _ => return self.cookies = None,
            }
        }
    }
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
    headers.get_all(name).iter().any(|value| has_word(value, word))
}

/// Whether a list has this word. What cannot be read as text is read too, so that nothing is overlooked beside it.
fn has_word(list: &HeaderValue, word: &str) -> bool {
    list.as_bytes().split(|byte| *byte == b',').any(|said| {
        let said = said.split(|byte| *byte == b'=').next().unwrap_or_default();
        said.trim_ascii().eq_ignore_ascii_case(word.as_bytes())
    })
}

/// The host, and what proxies say of the address that was asked for. Programs make links of it, and outsiders can say it too.
fn address(headers: &HeaderMap) -> impl Iterator<Item = (&str, &[u8])> {
    let told = headers.iter().filter(|(name, _)| {
        matches!(
            name.as_str(),
            "host" | "forwarded" | "x-forwarded-host" | "x-forwarded-port" | "x-forwarded-prefix" | "x-forwarded-proto"
        )
    });
    told.flat_map(|(name, value)| {
        // It says for whom, too, which is different for each client.
        let is_list = name == "forwarded";
        let parts = value.as_bytes().split(move |byte| is_list && b",;".contains(byte)).map(<[u8]>::trim_ascii);
        let tells = move |part: &&[u8]| {
            let begins =
                |with: &str| part.get(..with.len()).is_some_and(|part| part.eq_ignore_ascii_case(with.as_bytes()));
            !is_list || begins("host") || begins("proto")
        };
        parts.filter(tells).map(move |part| (name.as_str(), part))
    })
}

/// Gives the pairs of a query that count; the whole of it if each does. A name that is spelt in another way may be read as
/// one that is named.
fn query(query: &str, named: Option<&[String]>, mut take: impl FnMut(&mut dyn Iterator<Item = &str>)) {
    let Some(named) = named else { return take(&mut iter::once(query)) };
    let counts = |pair: &&str| {
        let name = pair.split_once('=').map_or(*pair, |(name, _)| name);
        // Some handlers part pairs by a semicolon too.
        pair.contains(';') || name.contains(['%', '+']) || named.iter().any(|known| known == name)
    };
    take(&mut query.split('&').filter(counts));
}
