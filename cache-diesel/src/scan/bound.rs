//! Reads the values that are bound last, as Diesel prints the values behind the SQL.

/// A value that is bound to a statement.
#[doc(hidden)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bound {
    /// A list of bytes.
    Bytes(Vec<u8>),
    /// A whole number.
    Number(i64),
    /// Bytes as a server gets them, and the whole number that they are.
    Sent(Vec<u8>, Option<i64>),
    /// A text.
    Text(String),
    /// What else prints as one word, such as a UUID or a date.
    Word(String),
    /// A newtype: what is in it, and all of its print.
    Wrapped(Box<Bound>, String),
}

/// The last `count` of the `binds` that Diesel prints as ` -- binds: [.., 7]`, in their order, if it is known what they are.
///
/// Values are printed by their `Debug`: a text ends with its quote, a list with a bracket of its own. The print has to
/// be whole: what is cut off may end within a value.
pub(crate) fn last(binds: &str, count: usize) -> Option<Vec<Bound>> {
    let mut values = Some(binds.strip_prefix(" -- binds: [")?.strip_suffix(']')?);
    let mut bounds = Vec::with_capacity(count);
    for _ in 0..count {
        let (start, bound) = last_value(values?)?;
        let before = &values?[..start];
        values = if before.is_empty() { None } else { Some(before.strip_suffix(", ")?) };
        bounds.push(bound);
    }
    bounds.reverse();
    Some(bounds)
}

/// Where the last of `values` begins, and what it is.
fn last_value(values: &str) -> Option<(usize, Bound)> {
    match values.strip_suffix(')') {
        Some(wrapped) => wrapped_value(values, wrapped),
        None => plain_value(values, ", "),
    }
}

/// The same for one that is no newtype; `before` is what goes before a word.
fn plain_value(values: &str, before: &str) -> Option<(usize, Bound)> {
    let (start, bound): (usize, fn(&str) -> Option<Bound>) = match values.bytes().last()? {
        b'"' => (opening_quote(values)?, |print| text(print).map(Bound::Text)),
        b']' => (values.rfind('[')?, |print| bytes(print).map(Bound::Bytes)),
        _ => (values.rfind(before).map_or(0, |at| at + before.len()), plain),
    };
    Some((start, bound(&values[start..])?))
}

/// The same for a newtype as `derive(Debug)` prints it, whose last bracket is cut off in `wrapped`.
fn wrapped_value(values: &str, wrapped: &str) -> Option<(usize, Bound)> {
    let (inner_start, inner) = plain_value(wrapped, "(")?;
    let before = wrapped[..inner_start].strip_suffix('(')?;
    let name = before.rsplit(|character: char| !character.is_alphanumeric() && character != '_').next()?;
    let start = before.len() - name.len();
    let print = values[start..].to_owned();
    name.starts_with(char::is_alphabetic).then(|| (start, Bound::Wrapped(Box::new(inner), print)))
}

/// The list of bytes that `print` says, as their `Debug` prints it.
pub(crate) fn bytes(print: &str) -> Option<Vec<u8>> {
    let bytes = print.strip_prefix('[')?.strip_suffix(']')?;
    let is_plain = |byte: &&str| byte.bytes().all(|digit| digit.is_ascii_digit());
    if bytes.is_empty() {
        return Some(Vec::new());
    }
    bytes.split(", ").map(|byte| Some(byte).filter(is_plain)?.parse().ok()).collect()
}

/// The text that `print` says, as its `Debug` prints it.
pub(crate) fn text(print: &str) -> Option<String> {
    let mut rest = print.strip_prefix('"')?.strip_suffix('"')?.chars();
    let mut text = String::with_capacity(print.len());
    while let Some(character) = rest.next() {
        text.push(if character == '\\' { escaped(&mut rest)? } else { character });
    }
    // What prints otherwise was printed by something else.
    (format!("{text:?}") == print).then_some(text)
}

/// Where the text begins that ends with `print`: within it each quote is behind a backslash.
pub(crate) fn opening_quote(print: &str) -> Option<usize> {
    let inner = print.strip_suffix('"')?;
    inner.rmatch_indices('"').map(|(at, _)| at).find(|at| {
        let backslashes = inner[..*at].bytes().rev().take_while(|byte| *byte == b'\\').count();
        backslashes % 2 == 0
    })
}

/// What is behind a backslash.
fn escaped(rest: &mut core::str::Chars<'_>) -> Option<char> {
    Some(match rest.next()? {
        '0' => '\0',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'u' => {
            let (digits, behind) = rest.as_str().strip_prefix('{')?.split_once('}')?;
            *rest = behind.chars();
            char::from_u32(u32::from_str_radix(digits, 16).ok()?)?
        }
        mark @ ('"' | '\'' | '\\') => mark,
        _ => return None,
    })
}

fn plain(last: &str) -> Option<Bound> {
    let digits = last.strip_prefix('-').unwrap_or(last);
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return last.parse().ok().map(Bound::Number);
    }
    let is_of_word = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.:".contains(&byte);
    (!last.is_empty() && last.bytes().all(is_of_word)).then(|| Bound::Word(last.to_owned()))
}

/// How many binds are printed: what stands between commas outside of texts and brackets.
pub(crate) fn count(binds: &str) -> usize {
    let (mut depth, mut commas) = (0_usize, 0);
    let (mut is_text, mut is_escaped) = (false, false);
    for character in binds.chars() {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' if is_text => is_escaped = true,
            '"' => is_text = !is_text,
            _ if is_text => {}
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            ',' if depth <= 1 => commas += 1,
            _ => {}
        }
    }
    commas + 1
}

#[cfg(test)]
mod tests {
    use super::Bound;

    fn last(binds: &str) -> Option<Bound> {
        super::last(binds, 1)?.pop()
    }

    fn wrapped(inner: Bound, print: &str) -> Option<Bound> {
        Some(Bound::Wrapped(Box::new(inner), print.to_owned()))
    }

    fn number(number: i64) -> Option<Bound> {
        Some(Bound::Number(number))
    }

    fn word(word: &str) -> Option<Bound> {
        Some(Bound::Word(word.to_owned()))
    }

    #[test]
    fn the_last_bind_is_a_whole_number() {
        let cases: [(&str, Option<Bound>); 22] = [
            (" -- binds: [7]", number(7)),
            (" -- binds: [-7]", number(-7)),
            (" -- binds: [\"x\", 1, 7]", number(7)),
            (" -- binds: [\", 8]\", 9223372036854775807]", number(i64::MAX)),
            (" -- binds: [1, -9223372036854775808]", number(i64::MIN)),
            (" -- binds: [1, 9223372036854775808]", None),
            (" -- binds: [[1, 7], 8]", number(8)),
            (" -- binds: [(1, 7)]", None),
            (" -- binds: [Some(7)]", wrapped(Bound::Number(7), "Some(7)")),
            (" -- binds: [None]", word("None")),
            (" -- binds: [1, UserId(7)]", wrapped(Bound::Number(7), "UserId(7)")),
            (" -- binds: [Pair(1, 7)]", None),
            (" -- binds: [7.0]", word("7.0")),
            (" -- binds: [+7]", word("+7")),
            (" -- binds: [--7]", word("--7")),
            (" -- binds: [1, -]", word("-")),
            (" -- binds: [1, ]", None),
            (" -- binds: []", None),
            (" -- binds: [1, 2020-02-29]", word("2020-02-29")),
            (" -- binds: [Id { of: 7 }]", None),
            ("[7]", None),
            ("", None),
        ];
        for (binds, expected) in cases {
            assert_eq!(last(binds), expected, "{binds}");
        }
    }

    #[test]
    fn a_text_is_read_as_it_was_printed() {
        let texts = [
            "",
            "x",
            "x, 7",
            "x, \"7",
            "\"",
            "\\",
            "\\\"",
            "it's",
            "é, 漢\u{301}",
            "\0\t\r\n\u{7f}\u{200b}",
            "]",
            "[1",
        ];
        for text in texts {
            for before in [vec![], vec!["y"], vec!["y, \"", "\\"]] {
                let binds = format!(" -- binds: {:?}", [before.as_slice(), &[text]].concat());
                assert_eq!(last(&binds), Some(Bound::Text(text.to_owned())), "{binds}");
            }
        }
        let odd = [
            r#" -- binds: [Name "x"]"#,
            r#" -- binds: ["\x"]"#,
            r#" -- binds: ["\u{61}"]"#,
            r#" -- binds: [x"]"#,
            r#" -- binds: ["]"#,
            " -- binds: [\"\n\"]",
        ];
        for binds in odd {
            assert_eq!(last(binds), None, "{binds}");
        }
    }

    #[test]
    fn bytes_are_read_as_they_were_printed() {
        for bytes in [vec![], vec![0], vec![1, 2, 255]] {
            let one = format!(" -- binds: [{bytes:?}]");
            let several = format!(" -- binds: [\"x, [\", {bytes:?}, {bytes:?}]");
            assert_eq!(
                [last(&one), last(&several)],
                [const { None }; 2].map(|_: Option<()>| Some(Bound::Bytes(bytes.clone())))
            );
        }
        for binds in ["[[256]]", "[[-1]]", "[[1, [2]]]", "[[+1]]", "[[1,2]]", "[Id [1]]", "[[[1]]]"] {
            assert_eq!(last(&format!(" -- binds: {binds}")), None, "{binds}");
        }
    }

    #[test]
    fn newtypes_are_read_with_what_is_in_them() {
        let text = |text: &str| Bound::Text(text.to_owned());
        let cases = [
            (r#"[1, Slug("x, \"7)")]"#, wrapped(text("x, \"7)"), r#"Slug("x, \"7)")"#)),
            ("[Key([1, 2])]", wrapped(Bound::Bytes(vec![1, 2]), "Key([1, 2])")),
            ("[7, Day(2020-02-29)]", wrapped(Bound::Word("2020-02-29".to_owned()), "Day(2020-02-29)")),
            ("[Outer(Inner(7))]", None),
            ("[Id(7, PhantomData<a::B>)]", None),
            ("[(7)]", None),
            ("[7(7)]", None),
            ("[a b(7)]", None),
            ("[Slug(\"a\", \"b\")]", None),
            ("[Id { of: Inner(7) }]", None),
        ];
        for (binds, expected) in cases {
            assert_eq!(last(&format!(" -- binds: {binds}")), expected, "{binds}");
        }
    }

    #[test]
    fn several_values_are_read_in_their_order() {
        let binds = r#" -- binds: ["a, 1", 2, [3, 4], "b", Id(5), 6]"#;
        let all = super::last(binds, 6).unwrap();
        let id = wrapped(Bound::Number(5), "Id(5)").unwrap();
        let (a, b) = (Bound::Text("a, 1".into()), Bound::Text("b".into()));
        assert_eq!(all, [a, Bound::Number(2), Bound::Bytes(vec![3, 4]), b, id, Bound::Number(6)]);
        assert_eq!(super::last(binds, 2).unwrap(), all[4..]);
        assert_eq!(super::last(binds, 7), None);
        assert_eq!(super::last(" -- binds: [Pair { a: 1 }, 2]", 2), None);
        assert_eq!(super::last(" -- binds: [Pair { a: 1 }, 2]", 1), Some(vec![Bound::Number(2)]));
    }

    #[test]
    fn every_piece_of_a_print_has_an_answer() {
        for print in [" -- binds: [\"é, 7]\", [1, 2], -7]", " -- binds: [7, \"é, \\\"7]\"]", " -- binds: [7, [1, 2]]"]
        {
            assert!(last(print).is_some());
            for (start, _) in print.char_indices() {
                for (end, _) in print[start..].char_indices() {
                    let answer = last(&print[start..start + end]);
                    assert!(start == 0 || answer.is_none(), "it does not begin as Diesel prints it");
                }
            }
        }
    }

    #[test]
    fn binds_are_counted_whatever_stands_in_them() {
        let cases = [
            (" -- binds: [7]", 1),
            (" -- binds: [1, 2]", 2),
            (r#" -- binds: ["x, 2] \", 3", 7]"#, 2),
            (r#" -- binds: [[1, 2], Key { a: 1, b: (2, 3) }, 7]"#, 3),
        ];
        for (binds, expected) in cases {
            assert_eq!(super::count(binds), expected, "{binds}");
        }
    }
}
