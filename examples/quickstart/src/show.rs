//! Prints the tour in columns, at most 100 characters wide.

use std::io::{self, Write};

use cache_diesel::{Origin, Statistics};

/// How wide the expressions may be.
const WIDTH: usize = 60;

/// What is known of one step.
pub(crate) struct Line<'a> {
    pub(crate) text: &'a str,
    pub(crate) result: String,
    /// Of reads: where the value came from.
    pub(crate) origin: Option<Origin>,
    pub(crate) statement_count: usize,
    pub(crate) micros: u128,
    /// Of reads: what the comparison with plain Diesel says.
    pub(crate) check: &'a str,
}

/// Prints a text on lines of its own.
pub(crate) fn text(text: &str) -> io::Result<()> {
    writeln!(io::stdout(), "{text}")
}

/// Prints a heading over lines.
pub(crate) fn heading(title: &str) -> io::Result<()> {
    let (result, from, statements, micros, check) = ("result", "from", "SQL", "µs", "check");
    writeln!(io::stdout(), "\n{title:<WIDTH$} {result:>12} {from:<6} {statements:>3} {micros:>7} {check}")
}

/// Prints a step.
pub(crate) fn line(line: &Line<'_>) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let mut text = one_line(line.text);
    while let Some((first, later)) = broken(&text) {
        writeln!(out, "{first}")?;
        text = later;
    }
    let Line { result, statement_count, micros, check, .. } = line;
    let from = line.origin.map_or("", origin);
    let printed = format!("{text:<WIDTH$} {result:>12} {from:<6} {statement_count:>3} {micros:>7} {check}");
    writeln!(out, "{}", printed.trim_end())
}

/// An expression as `stringify!` gives it, which breaks lines as it likes.
fn one_line(text: &str) -> String {
    let indent = text.len() - text.trim_start().len();
    let words: Vec<&str> = text.split_whitespace().collect();
    format!("{:indent$}{}", "", words.join(" ").replace(" .", "."))
}

/// Breaks an expression that is too long behind a statement, before a method or behind a comma; the rest goes
/// further in.
fn broken(text: &str) -> Option<(&str, String)> {
    text.chars().nth(WIDTH)?;
    // What is left is as wide as the column; the dot or the space behind it is no longer in there.
    let end = text.char_indices().nth(WIDTH + 1).map_or(text.len(), |(end, _)| end);
    let indent = text.len() - text.trim_start().len();
    let behind = |mark: &str, length| text[..end].rfind(mark).map(|place| place + length);
    let place = behind("; ", 2).or_else(|| behind(").", 1)).or_else(|| behind(", ", 2))?;
    let (first, later) = text.split_at(place);
    Some((first.trim_end(), format!("{:1$}{later}", "", indent + 4)))
}

fn origin(origin: Origin) -> &'static str {
    match origin {
        Origin::Bypass => "bypass",
        Origin::Hit => "hit",
        Origin::Miss => "miss",
        _ => "?",
    }
}

/// Prints what the cache has counted.
pub(crate) fn statistics(statistics: &Statistics) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let row = |name: &str, kind: &str, numbers: [String; 4]| {
        let [hits, misses, loads, stores] = numbers;
        format!("{name:<16} {kind:<8} {hits:>7} {misses:>7} {loads:>7} {stores:>7}")
    };
    let heads = ["hits", "misses", "loads", "stores"].map(str::to_owned);
    writeln!(out, "\n{}", row("Statistics", "kind", heads))?;
    for ((name, kind), counts) in &statistics.reads {
        let numbers = [counts.hit_count, counts.miss_count, counts.load_count, counts.store_count];
        let kind = format!("{kind:?}").to_lowercase();
        writeln!(out, "{}", row(name, &kind, numbers.map(|number| number.to_string())))?;
    }
    let wide = ("whole database", &statistics.database_invalidation_count);
    let tables = statistics.invalidation_counts.iter().map(|(table, count)| (table.as_str(), count));
    writeln!(out, "\n{:<25} {:>7}", "Invalidations", "count")?;
    tables.chain([wide]).try_for_each(|(name, count)| writeln!(out, "{name:<25} {count:>7}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_printed_on_one_line() {
        assert_eq!(one_line("    tracks.all((),\n())\n    .limit(2)"), "    tracks.all((), ()).limit(2)");
    }

    #[test]
    fn long_expressions_are_broken_where_they_read_well() {
        let method = "diesel::update(tracks::table.find(track_id)).set(tracks::name.eq(\"A new name\"))";
        let later = "    .set(tracks::name.eq(\"A new name\"))".to_owned();
        assert_eq!(broken(method), Some(("diesel::update(tracks::table.find(track_id))", later)));
        let argument = format!("  call({}, {})", "a".repeat(40), "b".repeat(40));
        assert_eq!(broken(&argument).map(|(first, later)| (first.len(), later.len())), Some((48, 6 + 41)));
        assert_eq!(broken("tracks.every()"), None);
        assert_eq!(broken(&"é".repeat(200)), None);
    }
}
