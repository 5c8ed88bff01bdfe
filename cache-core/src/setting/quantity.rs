//! Reads sizes and times as URLs say them.

#[cfg(any(feature = "redis", feature = "sqlite-store"))]
use core::time::Duration;

use crate::error::{Error, Result};

/// One mebibyte: `64 * MIB` reads as it should.
pub const MIB: u64 = 1024 * 1024;

/// Reads a size such as `16mb`, `512kb` or `1048576`; the units are powers of 1024.
pub(crate) fn bytes(what: &str, text: &str) -> Result<u64> {
    let wrong = |why: &str| Error::configuration(format!("{what} {why}"));
    let digits = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let unit: u64 = match text[digits..].to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" | "kib" => 1024,
        "mb" | "mib" => MIB,
        "gb" | "gib" => 1024 * MIB,
        _ => return Err(wrong("has a unit that is not known, expected `kb`, `mb` or `gb`")),
    };
    let number: u64 = text[..digits].parse().map_err(|_| wrong("has to be a size such as `16mb`"))?;
    number.checked_mul(unit).ok_or_else(|| wrong("is too large"))
}

/// Reads a time such as `500ms` or `2s`.
#[cfg(any(feature = "redis", feature = "sqlite-store"))]
pub(crate) fn duration(what: &str, text: &str) -> Result<Duration> {
    let wrong = || Error::configuration(format!("{what} has to be a time such as `500ms` or `2s`"));
    let digits = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let in_unit: fn(u64) -> Duration = match &text[digits..] {
        "ms" => Duration::from_millis,
        "s" => Duration::from_secs,
        _ => return Err(wrong()),
    };
    text[..digits].parse().map(in_unit).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_with_their_unit() {
        let cases = [
            ("1048576", Some(MIB)),
            ("16mb", Some(16 * MIB)),
            ("2GiB", Some(2048 * MIB)),
            ("1tb", None),
            ("mb", None),
            ("", None),
            ("99999999999gb", None),
        ];
        for (text, expected) in cases {
            assert_eq!(bytes("`capacity`", text).ok(), expected, "{text}");
        }
    }
}
