//! The server's stamp: a key like any other, so that it is lost and goes back with them.

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
