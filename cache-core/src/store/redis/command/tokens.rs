//! Reads the token from the text under a tag's first key.

pub(crate) use crate::name::key::digits;
use crate::name::key::read_digits;
use crate::name::tag::Token;
use crate::protocol::intent::Seed;

/// The token that `bytes` say, as `state.lua` writes it, and whether intents stand beside it; `None`: they say none, or
/// are nothing that it writes.
pub(crate) fn held(bytes: &[u8]) -> Option<Seed> {
    let (kind, rest) = bytes.split_first()?;
    let (token, rest) = rest.split_at_checked(16)?;
    let counts = match (kind, rest.strip_prefix(b"@")) {
        (b't' | b'n', Some(kept)) => {
            let digits = kept.iter().take_while(|byte| byte.is_ascii_digit()).count();
            (digits > 0).then(|| &kept[digits..])?
        }
        (b't', None) => rest,
        _ => return None,
    };
    let are_counts = counts.is_empty() || counts.strip_prefix(b":").is_some_and(are_numbers);
    if are_counts { Some(Seed { token: read(token)?, is_intended: !counts.is_empty() }) } else { None }
}

/// The token that 16 digits say.
pub(crate) fn read(digits: &[u8]) -> Option<Token> {
    read_digits(digits.try_into().ok()?).map(Token::from_bits)
}

fn are_numbers(counts: &[u8]) -> bool {
    let mut count = 0;
    counts.split(|byte| *byte == b':').all(|number| {
        count += 1;
        !number.is_empty() && number.iter().all(u8::is_ascii_digit)
    }) && count == 3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_scripts_write_says_a_token() {
        let held_with = |is_intended| Some(Seed { token: Token::from_bits(0xab), is_intended });
        let cases: [(&[u8], _); 21] = [
            (b"t00000000000000ab", held_with(false)),
            (b"t00000000000000ab:2:1700000000000:1700000000001", held_with(true)),
            (b"t00000000000000ab@1700000000000", held_with(false)),
            (b"n00000000000000ab@1700000000000", held_with(false)),
            (b"n00000000000000ab@1700000000000:2:1700000000000:1700000000001", held_with(true)),
            (b"n00000000000000ab", None),
            (b"t00000000000000ab@", None),
            (b"t00000000000000ab@17x", None),
            (b"x00000000000000ab@17", None),
            (b"t00000000000000ab@17:2:17", None),
            (b"i:1:1700000000000:1700000000000", None),
            (b"b1700000000000", None),
            (b"t00000000000000AB", None),
            (b"t00000000000000ab:2:17", None),
            (b"t00000000000000ab:", None),
            (b"t00000000000000ab:2:17:x", None),
            (b"t00000000000000ab:2:17:18:19", None),
            (b"t00000000000000ab0", None),
            (b"t+0000000000000ab", None),
            (b"00000000000000ab", None),
            (b"", None),
        ];
        for (bytes, expected) in cases {
            assert_eq!(held(bytes), expected, "{}", bytes.escape_ascii());
        }
    }
}
