//! The server's stamp: a key like any other, so that it is lost and goes back with them.

use cache_core::protocol::steady::renews;
use cache_core::store::TagName;
use cache_core::store::engine::Request;
use cache_core::{Timestamp, Token};

use super::keyspace::Keyspace;

const NAME: &str = "stamp";

/// The stamp; the server gives itself one if it has none.
pub(super) fn of(keys: &mut Keyspace, now: Timestamp) -> Token {
    let found = keys.bytes(NAME, now).and_then(|bytes| bytes.try_into().ok());
    found.map_or_else(|| renew(keys), |bytes| Token::from_bits(u64::from_le_bytes(bytes)))
}

/// Another stamp.
pub(super) fn renew(keys: &mut Keyspace) -> Token {
    let stamp = Token::fresh();
    keys.put(NAME, stamp.bits().to_le_bytes().into(), Timestamp::NEVER);
    stamp
}

/// Whether a request gives the server another stamp.
pub(super) fn is_renewed_by(request: &Request) -> bool {
    let is_steady = |tag: &TagName| tag.is_steady;
    match request {
        Request::Place(_, tags, _) => tags.iter().any(is_steady) && renews(None),
        Request::Release(_, releases, _) => releases.iter().any(|(tag, end, _)| is_steady(tag) && renews(Some(*end))),
        Request::Remark(_, _, wide) => wide.iter().any(|(tag, _)| is_steady(tag)),
        Request::Replace(_, releases, _) => releases.iter().any(|(tag, end, ..)| is_steady(tag) && renews(Some(*end))),
        _ => false,
    }
}
