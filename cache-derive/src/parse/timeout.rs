//! Reads how long entries live: `"1 hour 30 minutes"`, `"never"` or an integer of seconds.

use proc_macro2::Span;
use syn::ext::IdentExt as _;
use syn::parse::ParseStream;
use syn::{Error, Ident, Lit, LitStr, Path, Token};

use crate::parse::value;

/// How long entries live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Timeout {
    Millis(u64),
    Never,
}

/// A length of time: as it was typed, or a function that gives it.
pub(crate) enum Length {
    Said(Timeout),
    Asked(Path),
}

impl Length {
    /// Reads what stands after the `=`.
    pub(crate) fn read(input: ParseStream<'_>) -> syn::Result<Self> {
        Self::read_or(input, said)
    }

    /// The same, if what is typed has to be of a narrower kind.
    pub(crate) fn read_or(
        input: ParseStream<'_>,
        typed: fn(ParseStream<'_>) -> syn::Result<Timeout>,
    ) -> syn::Result<Self> {
        if input.peek(Ident::peek_any) || input.peek(Token![::]) {
            return value::function(input).map(Self::Asked);
        }
        typed(input).map(Self::Said)
    }

    /// What is known of it when the program is compiled: a function may give whatever length.
    pub(crate) fn known(&self) -> Timeout {
        match self {
            Self::Said(timeout) => *timeout,
            Self::Asked(_) => Timeout::Never,
        }
    }
}

/// A timeout as it was typed.
pub(crate) struct TimeoutLit {
    pub(crate) span: Span,
    pub(crate) timeout: Timeout,
}

/// By how much lives are shorter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Jitter {
    Millis(u64),
    Percent(u32),
}

/// The milliseconds of a timeout, if it was typed; `"never"` is longer than any.
pub(crate) fn millis(timeout: Option<Timeout>, default: u64) -> u64 {
    match timeout {
        None => default,
        Some(Timeout::Millis(millis)) => millis,
        Some(Timeout::Never) => u64::MAX,
    }
}

/// How long rows live; one minute if nothing else is said.
pub(crate) fn detail_millis(timeout: Option<Timeout>) -> u64 {
    millis(timeout, 60_000)
}

/// How long lists live; one day if nothing else is said.
pub(crate) fn list_millis(timeout: Option<Timeout>) -> u64 {
    millis(timeout, 86_400_000)
}

/// Any timeout.
fn said(input: ParseStream<'_>) -> syn::Result<Timeout> {
    read(input).map(|literal| literal.timeout)
}

/// A timeout that has an end.
pub(crate) fn read_negative(input: ParseStream<'_>) -> syn::Result<Timeout> {
    let literal = read(input)?;
    if literal.timeout == Timeout::Never {
        let message = "`negative_timeout` cannot be \"never\": a row that is inserted unseen would stay absent, \
                       write an end such as \"10 seconds\"";
        return Err(Error::new(literal.span, message));
    }
    Ok(literal.timeout)
}

/// Reads `"10%"` or a length of time.
pub(crate) fn read_jitter(input: ParseStream<'_>) -> syn::Result<Jitter> {
    let percent =
        input.fork().parse::<LitStr>().ok().and_then(|text| text.value().strip_suffix('%').map(str::to_owned));
    let Some(percent) = percent else {
        let literal = read(input)?;
        return match literal.timeout {
            Timeout::Millis(millis) => Ok(Jitter::Millis(millis)),
            Timeout::Never => {
                Err(Error::new(literal.span, format!("`jitter` cannot be \"never\", expected {JITTERS}")))
            }
        };
    };
    let span = input.parse::<LitStr>()?.span();
    let percent = percent.trim().parse().ok().filter(|percent| (1..=50).contains(percent));
    percent.map(Jitter::Percent).ok_or_else(|| Error::new(span, format!("expected {JITTERS}")))
}

const JITTERS: &str = "from \"1%\" to \"50%\", or a length of time such as \"30 seconds\"";

/// The units and their milliseconds; a final `s` may be left out.
const UNITS: [(&str, u64); 6] = [
    ("milliseconds", 1),
    ("seconds", 1_000),
    ("minutes", 60_000),
    ("hours", 3_600_000),
    ("days", 86_400_000),
    ("weeks", 604_800_000),
];

const FORMS: &str = "\"1 day\", \"1 hour 30 minutes\", \"never\" or an integer of seconds";

/// Reads the literal after the `=`.
pub(crate) fn read(input: ParseStream<'_>) -> syn::Result<TimeoutLit> {
    let Ok(literal) = input.fork().parse::<Lit>() else {
        return Err(input.error(format!("expected a timeout such as {FORMS}")));
    };
    let _: Lit = input.parse()?;
    let span = literal.span();
    if let (Lit::Int(number), Ok(unit)) = (&literal, input.fork().parse::<Ident>()) {
        let message = format!("a length of time is written in quotes: \"{} {unit}\"", number.base10_digits());
        return Err(Error::new(span, message));
    }
    let timeout = match &literal {
        Lit::Int(seconds) => from_seconds(seconds.base10_digits()),
        Lit::Str(text) => from_text(&text.value()),
        _ => Err(format!("expected a timeout such as {FORMS}")),
    };
    timeout.map(|timeout| TimeoutLit { span, timeout }).map_err(|message| Error::new(span, message))
}

fn from_seconds(digits: &str) -> Result<Timeout, String> {
    if digits.starts_with('-') {
        return Err(format!("a timeout cannot be negative, expected {FORMS}"));
    }
    let millis = digits.parse::<u64>().ok().and_then(|seconds| seconds.checked_mul(1_000));
    not_zero(millis.ok_or_else(too_long)?)
}

fn from_text(text: &str) -> Result<Timeout, String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    if words == ["never"] {
        return Ok(Timeout::Never);
    }
    if words.is_empty() {
        return Err(format!("a timeout cannot be empty, expected {FORMS}"));
    }
    let mut millis = 0_u64;
    for pair in words.chunks(2) {
        millis = millis.checked_add(part(pair)?).ok_or_else(too_long)?;
    }
    not_zero(millis)
}

/// Reads one number and its unit.
fn part(pair: &[&str]) -> Result<u64, String> {
    let number = pair[0];
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("`{number}` is not a whole number, expected {FORMS}"));
    }
    let Some(name) = pair.get(1) else {
        return Err(format!("`{number}` has no unit, expected one of: {}", unit_names()));
    };
    let Some((_, unit)) = UNITS.iter().find(|(unit, _)| is_unit(name, unit)) else {
        return Err(format!("unknown unit `{name}`, expected one of: {}", unit_names()));
    };
    number.parse::<u64>().ok().and_then(|number| number.checked_mul(*unit)).ok_or_else(too_long)
}

fn is_unit(name: &str, plural: &str) -> bool {
    name == plural || Some(name) == plural.strip_suffix('s')
}

fn unit_names() -> String {
    UNITS.map(|(unit, _)| unit).join(", ")
}

fn not_zero(millis: u64) -> Result<Timeout, String> {
    if millis == 0 {
        return Err(zero());
    }
    Ok(Timeout::Millis(millis))
}

fn zero() -> String {
    "a timeout cannot be zero, the shortest is \"1 millisecond\"".to_owned()
}

fn too_long() -> String {
    "this timeout is too long to count, write \"never\" for entries that do not expire".to_owned()
}

#[cfg(test)]
mod tests {
    use syn::parse::Parser;

    use super::*;

    fn parse(tokens: &str) -> Result<Timeout, String> {
        read.parse_str(tokens).map(|literal| literal.timeout).map_err(|error| error.to_string())
    }

    #[test]
    fn timeouts_are_read() {
        let table = [
            ("\"1 day\"", Timeout::Millis(86_400_000)),
            ("\"90 seconds\"", Timeout::Millis(90_000)),
            ("\"1 hour 30 minutes\"", Timeout::Millis(5_400_000)),
            ("\"2 weeks\"", Timeout::Millis(1_209_600_000)),
            ("\" 1  millisecond \"", Timeout::Millis(1)),
            ("\"0 minutes 5 seconds\"", Timeout::Millis(5_000)),
            ("\"never\"", Timeout::Never),
            ("300", Timeout::Millis(300_000)),
            ("3_00u32", Timeout::Millis(300_000)),
            ("18446744073709551", Timeout::Millis(18_446_744_073_709_551_000)),
        ];
        for (tokens, expected) in table {
            assert_eq!(parse(tokens), Ok(expected), "{tokens}");
        }
    }

    #[test]
    fn bad_timeouts_say_what_is_allowed() {
        let units = "milliseconds, seconds, minutes, hours, days, weeks";
        let forms = FORMS;
        let table = [
            ("\"1 fortnight\"", format!("unknown unit `fortnight`, expected one of: {units}")),
            ("\"5 s\"", format!("unknown unit `s`, expected one of: {units}")),
            ("\"5\"", format!("`5` has no unit, expected one of: {units}")),
            ("\"1 hour 30\"", format!("`30` has no unit, expected one of: {units}")),
            ("\"1day\"", format!("`1day` is not a whole number, expected {forms}")),
            ("\"1.5 hours\"", format!("`1.5` is not a whole number, expected {forms}")),
            ("\"never ever\"", format!("`never` is not a whole number, expected {forms}")),
            ("\"-1 days\"", format!("`-1` is not a whole number, expected {forms}")),
            ("\"\"", format!("a timeout cannot be empty, expected {forms}")),
            ("-1", format!("a timeout cannot be negative, expected {forms}")),
            ("1.5", format!("expected a timeout such as {forms}")),
            ("5 minutes", "a length of time is written in quotes: \"5 minutes\"".to_owned()),
            ("soon", format!("expected a timeout such as {forms}")),
            ("0", zero()),
            ("\"0 days\"", zero()),
            ("18446744073709552", too_long()),
            ("99999999999999999999", too_long()),
            ("\"99999999999 weeks\"", too_long()),
            ("\"18446744073709551615 milliseconds 1 second\"", too_long()),
        ];
        for (tokens, expected) in table {
            assert_eq!(parse(tokens), Err(expected), "{tokens}");
        }
    }
}
