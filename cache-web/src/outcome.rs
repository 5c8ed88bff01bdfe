//! Holds what became of a request: what it was answered from, and why it was not kept.

use core::fmt;

/// What became of a request. Each answer of the layer has it among its extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PageOutcome {
    /// Neither answered nor rendered: what renders the page waits for the page. The answer is a `508`.
    Circle,
    /// Answered from the cache. Nothing was rendered.
    Hit,
    /// Passed on, without a look at the cache.
    Passed(Passed),
    /// Rendered, and kept.
    Rendered,
    /// Answered from the cache, past the soft deadline: somebody renders it anew.
    Stale,
    /// Rendered, and not kept: `Event::Unkept` says why, or the cache is switched off.
    Unkept,
    /// Rendered, and not of a kind that is kept.
    Unstored(Unstored),
}

/// Why a request was passed on without a look at the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Passed {
    /// It has an `Authorization` that nothing was said of.
    Authorization,
    /// It has a body.
    Body,
    /// It asks for a part, or under a condition other than `If-None-Match`.
    Conditional,
    /// It has a cookie that nothing was said of, or one that cannot be read.
    Cookie,
    /// It has a credential, and nobody could say whose it is.
    Credential,
    /// It is neither `GET` nor `HEAD`.
    Method,
    /// It says `no-store`.
    NoStore,
    /// It is to become another protocol.
    Upgrade,
}

/// Why an answer is not of a kind that is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Unstored {
    /// Its body broke off, or has trailers.
    Broken,
    /// It is encoded, and pages do not vary by `Accept-Encoding`.
    Encoded,
    /// It is a part.
    Partial,
    /// It says `no-store`, or `private` and pages do not vary by user.
    Private,
    /// It sets a cookie.
    SetsCookie,
    /// It is no `200`.
    Status,
    /// Nobody says how large it is.
    Streaming,
    /// It is larger than `max_size`.
    TooLarge,
    /// It varies by a header that was not named.
    Varies,
}

impl fmt::Display for PageOutcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Circle => formatter.write_str("it waits for itself"),
            Self::Hit => formatter.write_str("hit"),
            Self::Passed(passed) => write!(formatter, "passed on: {passed}"),
            Self::Rendered => formatter.write_str("rendered, and kept"),
            Self::Stale => formatter.write_str("stale"),
            Self::Unkept => formatter.write_str("rendered, and not kept"),
            Self::Unstored(unstored) => write!(formatter, "not kept: {unstored}"),
        }
    }
}

impl fmt::Display for Passed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Authorization => "an `Authorization` that is not named",
            Self::Body => "it has a body",
            Self::Conditional => "it asks for a part, or under a condition",
            Self::Cookie => "a cookie that is not named",
            Self::Credential => "a credential of nobody",
            Self::Method => "neither `GET` nor `HEAD`",
            Self::NoStore => "it says `no-store`",
            Self::Upgrade => "it is to become another protocol",
        })
    }
}

impl fmt::Display for Unstored {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Broken => "its body broke off, or has trailers",
            Self::Encoded => "it is encoded, and `Accept-Encoding` is not named",
            Self::Partial => "it is a part",
            Self::Private => "it says `no-store` or `private`",
            Self::SetsCookie => "it sets a cookie",
            Self::Status => "it is no `200`",
            Self::Streaming => "nobody says how large it is",
            Self::TooLarge => "it is too large",
            Self::Varies => "it varies by a header that is not named",
        })
    }
}
