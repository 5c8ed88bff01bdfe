//! Reads the record of a server's incarnation, and the stamp in it.
//!
//! The record is the incarnation's name, and behind a `#` the stamp. A program that knows of no stamps takes such a record
//! for that of another incarnation. It changes the root, and leaves a record without a stamp.

use super::tokens;
use crate::name::tag::Token;

/// What a record says to a connection that was made in the incarnation `expected`: its stamp, if it has one; `None`: it is
/// of another incarnation.
pub(crate) fn stamp_in(record: &[u8], expected: &str) -> Option<Option<Token>> {
    match record.strip_prefix(expected.as_bytes())?.split_first() {
        None => Some(None),
        Some((b'#', stamp)) => tokens::read(stamp).map(Some),
        Some(_) => None,
    }
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
}
