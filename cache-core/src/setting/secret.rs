//! Decides which part of a URL a message may show: schemes, and names that are nearly right. No values.

use core::fmt;

/// A text that may hold a password: it is not shown.
#[derive(Clone)]
pub(crate) struct Secret(pub(crate) String);

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret")
    }
}

/// The scheme in backticks and after a space, if a message may show it: a word, from a URL in which no `@` stands behind
/// the host.
pub(crate) fn shown_scheme(scheme: &str, url: &str) -> String {
    let is_shown = is_scheme(scheme) && !behind_the_host(url).contains('@');
    if is_shown { format!(" `{scheme}`") } else { String::new() }
}

/// The name of a parameter in backticks and after a space, if it is nearly one of those that are `known`.
///
/// A password with `/`, `?`, `#` or `&` in it ends where it is not meant to end. Its rest is then taken for the name of a
/// parameter.
pub(crate) fn shown_name(name: &str, known: &[&str]) -> String {
    let is_near = |known: &&str| name.len() < 2 * known.len() && distance(name, known) <= known.len() / 3;
    if known.iter().any(is_near) { format!(" `{}`", name.escape_debug()) } else { String::new() }
}

/// How many letters have to be changed, added or left out to make one word of the other.
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, letter) in one.bytes().enumerate() {
        let mut corner = core::mem::replace(&mut row[0], at + 1);
        for (place, known) in other.bytes().enumerate() {
            let changed = corner + usize::from(letter != known);
            corner = row[place + 1];
            row[place + 1] = changed.min(corner + 1).min(row[place] + 1);
        }
    }
    row[other.len()]
}

fn is_scheme(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

/// All that follows the host of `url`; all that follows the scheme, if there is no host.
fn behind_the_host(url: &str) -> &str {
    let (scheme, rest) = url.split_once(':').unwrap_or(("", url));
    match rest.strip_prefix("//") {
        Some(rest) if is_scheme(scheme) => rest.find(['/', '?', '#', '\\']).map_or("", |end| &rest[end..]),
        _ => rest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scheme_is_shown_unless_it_may_be_a_part_of_a_password() {
        let cases = [
            ("memroy", "memroy:", " `memroy`"),
            ("redsi", "redsi://user:secret@host", " `redsi`"),
            ("secret", "secret:word@host", ""),
            ("secret", "secret://word/1@host", ""),
            ("se/cret", "se/cret://word", ""),
        ];
        for (scheme, url, expected) in cases {
            assert_eq!(shown_scheme(scheme, url), expected, "{url}");
        }
    }

    #[test]
    fn only_names_that_are_nearly_right_are_shown() {
        let known = ["db", "idle_connections", "prefix"];
        for name in ["prefx", "perfix", "prefixs", "idle_connection", "idle-connections"] {
            assert_eq!(shown_name(name, &known), format!(" `{name}`"));
        }
        for name in ["", "d", "dbs", "secret", "prefix@host", "12", "a/b?c"] {
            assert_eq!(shown_name(name, &known), "", "{name}");
        }
    }

    #[test]
    fn a_secret_is_not_shown() {
        assert_eq!(format!("{:?}", Some(Secret("word".into()))), "Some(Secret)");
    }
}
