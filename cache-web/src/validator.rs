//! Decides whether a client has the page already: makes an `ETag`, and reads `If-None-Match`.

use bytes::Bytes;
use cache_core::Fingerprint;
use http::header::IF_NONE_MATCH;
use http::{HeaderMap, HeaderValue};

/// The `ETag` of a page that is kept under `state`, with a body of this digest. It is a weak one: a layer outside may encode
/// the page.
pub(crate) fn etag(state: &Fingerprint, body: &Fingerprint) -> HeaderValue {
    let digest = Fingerprint::of(&[state.as_bytes(), body.as_bytes()]);
    let mut etag = Vec::with_capacity(36);
    etag.extend_from_slice(b"W/\"");
    for byte in digest.as_bytes() {
        etag.extend([byte >> 4, byte & 15].map(|digit| b"0123456789abcdef"[usize::from(digit)]));
    }
    etag.push(b'"');
    HeaderValue::from_maybe_shared(Bytes::from(etag)).expect("digits are no control characters")
}

/// Whether an `ETag` is one that a layer has made.
pub(crate) fn is_made(etag: &HeaderValue) -> bool {
    let digits = etag.as_bytes().strip_prefix(b"W/\"").and_then(|etag| etag.strip_suffix(b"\""));
    digits.is_some_and(|digits| digits.len() == 32 && digits.iter().all(u8::is_ascii_hexdigit))
}

/// Whether `If-None-Match` names `etag`, by the weak comparison.
pub(crate) fn is_there(request: &HeaderMap, etag: &HeaderValue) -> bool {
    // What a browser says of a page that it has: this one, and no other.
    request.get_all(IF_NONE_MATCH).iter().any(|value| value == etag || is_listed(value, opaque(etag.as_bytes())))
}

/// Whether a list names the one whose quoted part is `own`.
fn is_listed(list: &HeaderValue, own: &[u8]) -> bool {
    let mut is_quoted = false;
    // A comma may be a part of an `ETag`.
    let mut named = list.as_bytes().split(|byte| {
        is_quoted ^= *byte == b'"';
        *byte == b',' && !is_quoted
    });
    named.any(|named| {
        let named = named.trim_ascii();
        named == b"*" || opaque(named) == own
    })
}

/// An `ETag` without the mark of a weak one.
fn opaque(etag: &[u8]) -> &[u8] {
    etag.strip_prefix(b"W/").unwrap_or(etag)
}
