//! Reads and writes the record of an incarnation, and the stamp in it.
//!
//! The record is the incarnation's name, and behind a `#` the stamp. A program that knows of no stamps takes such a record
//! for that of another incarnation. It changes the root, and leaves a record without a stamp.

use crate::name::key::{digits, read_digits};
use crate::name::tag::Token;
use crate::protocol::incarnation::{Arrival, arrive};

/// What a record says to a connection that was made in the incarnation `expected`: its stamp, if it has one; `None`: it is
/// of another incarnation.
pub(crate) fn stamp_in(record: &[u8], expected: &str) -> Option<Option<Token>> {
    match record.strip_prefix(expected.as_bytes())?.split_first() {
        None => Some(None),
        Some((b'#', stamp)) => read_digits(stamp.try_into().ok()?).map(|bits| Some(Token::from_bits(bits))),
        Some(_) => None,
    }
}

/// What a record says of a store that is in the incarnation `present`: its stamp, if it has one; `None`: the root has to be
/// changed first.
pub(crate) fn recorded(record: Option<&[u8]>, present: &str) -> Option<Option<Token>> {
    let stamp = stamp_in(record?, present)?;
    let name = present.as_bytes();
    (arrive(Some(name), name) == Arrival::Proceed).then_some(stamp)
}

/// The record of an incarnation, with a stamp.
pub(crate) fn stamped(incarnation: &str, stamp: Token) -> Vec<u8> {
    [incarnation.as_bytes(), b"#", &digits(stamp.bits())].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_an_incarnation_with_or_without_a_stamp() {
        let stamp = Some(Token::from_bits(0xab));
        let cases: [(&[u8], &str, _); 9] = [
            (b"run:repl", "run:repl", Some(None)),
            (b"run:repl#00000000000000ab", "run:repl", Some(stamp)),
            (b"run:repl#", "run:repl", None),
            (b"run:repl#00000000000000AB", "run:repl", None),
            (b"run:repl#00000000000000ab0", "run:repl", None),
            (b"run:repl2", "run:repl", None),
            (b"run", "run:repl", None),
            (b"", "run:repl", None),
            (b"", "", Some(None)),
        ];
        for (record, expected, found) in cases {
            assert_eq!(stamp_in(record, expected), found, "{}", record.escape_ascii());
        }
    }

    #[test]
    fn a_store_without_a_record_or_a_name_is_in_another_incarnation() {
        assert_eq!(recorded(None, "run"), None);
        assert_eq!(recorded(Some(b"run"), "run"), Some(None));
        assert_eq!(recorded(Some(b"run2"), "run"), None);
        assert_eq!(recorded(Some(b""), ""), None);
    }

    #[test]
    fn what_is_written_is_read() {
        let stamp = Token::from_bits(0xab);
        assert_eq!(stamp_in(&stamped("run:repl", stamp), "run:repl"), Some(Some(stamp)));
    }
}
