//! Holds what was said of the pages of a layer: what they vary by, and how large they may be.

use std::sync::Arc;

use cache_core::KeyBytes;
use http::header::{AUTHORIZATION, COOKIE};
use http::request::Parts;
use http::{HeaderName, HeaderValue};

/// What a user is told by.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "it is given to `vary_by_user`"]
pub struct Credential(pub(crate) Told);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    Cookie(String),
    Header(HeaderName),
}

impl Credential {
    /// The header `Authorization`.
    pub fn authorization() -> Self {
        Self::header(AUTHORIZATION)
    }

    /// The cookie of this name.
    pub fn cookie(name: impl Into<String>) -> Self {
        Self(Told::Cookie(name.into()))
    }

    /// A header of the program's own.
    pub fn header(name: HeaderName) -> Self {
        Self(Told::Header(name))
    }
}

/// Says something of a request that its page depends on.
pub(crate) type Say = Arc<dyn Fn(&Parts) -> Option<KeyBytes> + Send + Sync>;

/// A user, and what he is told by.
#[derive(Clone)]
pub(crate) struct User {
    pub(crate) credential: Credential,
    pub(crate) say: Say,
}

/// What was said of the pages of a layer.
#[derive(Clone)]
pub(crate) struct Rules {
    pub(crate) headers: Vec<HeaderName>,
    pub(crate) cookies: Vec<String>,
    pub(crate) ignored_cookies: Vec<String>,
    /// `None`: by the whole query.
    pub(crate) query: Option<Vec<String>>,
    pub(crate) user: Option<User>,
    pub(crate) more: Vec<Say>,
    pub(crate) cache_control: Option<HeaderValue>,
    pub(crate) max_size: u64,
}

impl Rules {
    pub(crate) const fn new() -> Self {
        Self {
            headers: Vec::new(),
            cookies: Vec::new(),
            ignored_cookies: Vec::new(),
            query: None,
            user: None,
            more: Vec::new(),
            cache_control: None,
            max_size: 1 << 20,
        }
    }

    pub(crate) fn names(&self, header: &HeaderName) -> bool {
        self.headers.contains(header)
    }

    /// The cookie by which the user is told.
    pub(crate) fn user_cookie(&self) -> Option<&str> {
        match &self.user.as_ref()?.credential.0 {
            Told::Cookie(name) => Some(name),
            Told::Header(_) => None,
        }
    }

    /// The header by which the user is told.
    pub(crate) fn user_header(&self) -> Option<&HeaderName> {
        match &self.user.as_ref()?.credential.0 {
            Told::Cookie(_) => None,
            Told::Header(name) => Some(name),
        }
    }

    /// The headers that other caches have to know of.
    pub(crate) fn vary(&self) -> impl Iterator<Item = HeaderName> {
        let by_cookie = !self.cookies.is_empty() || self.user_cookie().is_some();
        let user = self.user_header().cloned().into_iter();
        self.headers.iter().cloned().chain(by_cookie.then_some(COOKIE)).chain(user)
    }

    /// Whether pages are made for single persons: caches between may not keep them.
    pub(crate) fn is_personal(&self) -> bool {
        self.user.is_some() || !self.cookies.is_empty() || self.names(&AUTHORIZATION) || self.names(&COOKIE)
    }
}
