//! Holds a page as it is kept: its headers and its body.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use cache_core::Fingerprint;
use http::header::{
    CACHE_CONTROL, CONNECTION, CONTENT_LENGTH, CONTENT_LOCATION, DATE, ETAG, EXPIRES, PROXY_AUTHENTICATE, TE, TRAILER,
    TRANSFER_ENCODING, UPGRADE, VARY,
};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::de::{Deserializer, Error};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

use crate::rules::Rules;
use crate::validator::etag;

/// A page as it is kept. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Page(Arc<Kept>);

#[derive(Debug)]
struct Kept {
    headers: HeaderMap,
    body: Bytes,
    /// Of the body.
    digest: Fingerprint,
    /// Made by the first answer: those that follow have the same.
    heads: OnceLock<Heads>,
}

/// The headers of answers that give a page.
#[derive(Clone, Debug)]
pub(crate) struct Heads {
    /// What the page is kept under.
    state: Option<Fingerprint>,
    pub(crate) etag: Option<HeaderValue>,
    /// Of an answer that gives it.
    pub(crate) whole: HeaderMap,
    /// Of one that says that the client has it.
    pub(crate) not_modified: HeaderMap,
}

impl Heads {
    fn of(page: &Kept, state: Option<Fingerprint>) -> Self {
        let own = page.headers.get(ETAG).cloned();
        let etag = own.or_else(|| state.map(|state| etag(&state, &page.digest)));
        let mut whole = page.headers.clone();
        let mut not_modified = HeaderMap::new();
        for name in [CACHE_CONTROL, CONTENT_LOCATION, EXPIRES, VARY] {
            page.headers.get_all(&name).iter().for_each(|value| _ = not_modified.append(&name, value.clone()));
        }
        for head in [&mut whole, &mut not_modified] {
            // Of the page in both: servers say that an answer is empty that does not say its length.
            head.insert(CONTENT_LENGTH, HeaderValue::from(page.body.len()));
            etag.iter().for_each(|etag| _ = head.insert(ETAG, etag.clone()));
        }
        Self { state, etag, whole, not_modified }
    }
}

/// What concerns one connection, or one moment, alone.
const NOT_KEPT: [HeaderName; 8] =
    [CONNECTION, CONTENT_LENGTH, DATE, PROXY_AUTHENTICATE, TE, TRAILER, TRANSFER_ENCODING, UPGRADE];

impl Page {
    /// The page that was rendered, with what caches between have to know of it.
    pub(crate) fn rendered(mut headers: HeaderMap, body: Bytes, rules: &Rules) -> Self {
        // Whatever `Connection` names is of the connection too.
        let named = headers.get_all(CONNECTION).iter().filter_map(|value| value.to_str().ok());
        let named: Vec<String> = named.flat_map(|value| value.split(',')).map(|name| name.trim().to_owned()).collect();
        named.iter().for_each(|name| _ = headers.remove(name));
        NOT_KEPT.iter().for_each(|name| _ = headers.remove(name));
        for name in rules.vary() {
            if !crate::request::says(&headers, &VARY, name.as_str()) {
                headers.append(VARY, HeaderValue::from(name));
            }
        }
        if !headers.contains_key(CACHE_CONTROL) {
            let checked = if rules.is_personal() { "private, no-cache" } else { "no-cache" };
            let control = rules.cache_control.clone().unwrap_or(HeaderValue::from_static(checked));
            headers.insert(CACHE_CONTROL, control);
        }
        Self::new(headers, body)
    }

    fn new(headers: HeaderMap, body: Bytes) -> Self {
        let digest = Fingerprint::of(&[&body]);
        Self(Arc::new(Kept { headers, body, digest, heads: OnceLock::new() }))
    }

    /// The headers of answers that give it while it is kept under `state`.
    pub(crate) fn heads(&self, state: Option<Fingerprint>) -> Cow<'_, Heads> {
        let first = self.0.heads.get_or_init(|| Heads::of(&self.0, state));
        if first.state == state { Cow::Borrowed(first) } else { Cow::Owned(Heads::of(&self.0, state)) }
    }

    pub(crate) fn body(&self) -> Bytes {
        self.0.body.clone()
    }
}

impl Serialize for Page {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let bytes = |value: &HeaderValue| Bytes::copy_from_slice(value.as_bytes());
        let headers: Vec<(&str, Bytes)> =
            self.0.headers.iter().map(|(name, value)| (name.as_str(), bytes(value))).collect();
        (headers, &self.0.body).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Page {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (said, body) = <(Vec<(String, Bytes)>, Bytes)>::deserialize(deserializer)?;
        let mut headers = HeaderMap::with_capacity(said.len());
        for (name, value) in said {
            let name = HeaderName::try_from(name).map_err(D::Error::custom)?;
            headers.append(name, HeaderValue::from_maybe_shared(value).map_err(D::Error::custom)?);
        }
        Ok(Self::new(headers, body))
    }
}
