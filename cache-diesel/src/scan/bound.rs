//! Which whole number is bound last, as Diesel prints the values behind the SQL?

/// The last of the `binds` that Diesel prints as ` -- binds: [.., 7]`, if that is a whole number.
///
/// Values are printed by their `Debug`: a text ends with its quote, a list with a bracket of its own. The print has to
/// be whole: what is cut off may end within a value.
pub(crate) fn last_integer(binds: &str) -> Option<i64> {
    let values = binds.strip_prefix(" -- binds: [")?.strip_suffix(']')?;
    let last = values.rsplit_once(", ").map_or(values, |(_, last)| last);
    let digits = last.strip_prefix('-').unwrap_or(last);
    let is_whole = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if is_whole { last.parse().ok() } else { None }
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
    use super::last_integer;

    #[test]
    fn the_last_bind_is_a_whole_number_or_nothing() {
        let cases: [(&str, Option<i64>); 24] = [
            (" -- binds: [7]", Some(7)),
            (" -- binds: [-7]", Some(-7)),
            (" -- binds: [\"x\", 1, 7]", Some(7)),
            (" -- binds: [\", 8]\", 9223372036854775807]", Some(i64::MAX)),
            (" -- binds: [1, -9223372036854775808]", Some(i64::MIN)),
            (" -- binds: [1, 9223372036854775808]", None),
            (" -- binds: [\"x, 7\"]", None),
            (" -- binds: [\"x, 7]\"]", None),
            (" -- binds: [\"7\"]", None),
            (" -- binds: [[1, 7]]", None),
            (" -- binds: [1, [7]]", None),
            (" -- binds: [(1, 7)]", None),
            (" -- binds: [Some(7)]", None),
            (" -- binds: [None]", None),
            (" -- binds: [UserId(7)]", None),
            (" -- binds: [I32(7)]", None),
            (" -- binds: [7.0]", None),
            (" -- binds: [+7]", None),
            (" -- binds: [--7]", None),
            (" -- binds: [1, -]", None),
            (" -- binds: [1, ]", None),
            (" -- binds: []", None),
            ("[7]", None),
            ("", None),
        ];
        for (binds, expected) in cases {
            assert_eq!(last_integer(binds), expected, "{binds}");
        }
    }

    #[test]
    fn every_piece_of_a_print_has_an_answer() {
        let print = " -- binds: [\"é, 7]\", [1, 2], -7]";
        assert_eq!(last_integer(print), Some(-7));
        for (start, _) in print.char_indices() {
            for (end, _) in print[start..].char_indices() {
                let answer = last_integer(&print[start..start + end]);
                assert!(start == 0 || answer.is_none(), "it does not begin as Diesel prints it");
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
