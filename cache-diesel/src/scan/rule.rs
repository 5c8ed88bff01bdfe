//! Finds what a condition, or the body of a function, reads besides its arguments.

use super::cursor::Cursor;
use super::effect::Dialect;
use super::lex::Lexer;
use super::read::pure;
use super::token::Lexeme;
use super::walk::{self, Varies};

/// What a condition looks at.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Rule {
    /// The last components of the tables' names, in lower case.
    pub(crate) tables: Vec<String>,
    /// Whether it calls functions that nothing is known of.
    pub(crate) is_calling: bool,
    /// Whether it depends on nothing but tables, what it is given and who asks.
    pub(crate) is_timeless: bool,
}

/// What the query `sql` looks at; `None` if that could not be followed, or if it does more than read.
pub(crate) fn rule(sql: &str, dialect: Dialect) -> Option<Rule> {
    let facts = pure(sql, dialect)?;
    Some(Rule { tables: facts.tables, is_calling: facts.is_calling, is_timeless: facts.varies != Varies::AtAnyTime })
}

/// The tables that a view of SQLite's reads, or a virtual table, by the text that made it; none that is not sure.
pub(crate) fn defined_by(sql: &str) -> Vec<String> {
    let dialect = Dialect::Sqlite;
    let Ok(tokens) = Lexer::new(sql, dialect).collect::<Result<Vec<_>, _>>() else { return Vec::new() };
    let cursor = Cursor::new(&tokens, dialect);
    let is_virtual = (1..3).any(|count| cursor.is_word(count, "virtual"));
    if is_virtual { read_by_virtual(cursor) } else { read_by_view(cursor) }
}

fn read_by_view(mut cursor: Cursor<'_>) -> Vec<String> {
    let mut depth = 0_usize;
    while let Some(token) = cursor.take() {
        match token {
            Lexeme::Mark(b'(') => depth += 1,
            Lexeme::Mark(b')') => depth = depth.saturating_sub(1),
            Lexeme::Word(word) if depth == 0 && word.eq_ignore_ascii_case("as") => return walk::walk(cursor).tables,
            _ => {}
        }
    }
    Vec::new()
}

/// An index that keeps no text of its own reads it where `content` says; some modules read a table that they are given
/// as their first argument.
fn read_by_virtual(mut cursor: Cursor<'_>) -> Vec<String> {
    const GIVEN_A_TABLE: [&str; 2] = ["fts4aux", "fts5vocab"];
    while !cursor.is_at_end() && !cursor.take_word("using") {
        cursor.take();
    }
    let is_given = GIVEN_A_TABLE.iter().any(|module| cursor.is_word(0, module));
    cursor.take();
    let mut tables = Vec::new();
    let mut is_first = true;
    while let Some(token) = cursor.take() {
        let is_content = super::cursor::is(Some(token), "content") && cursor.take_mark(b'=');
        if is_content || is_first && is_given {
            tables.extend(cursor.take().and_then(named));
        }
        is_first = false;
    }
    tables
}

fn named(token: Lexeme<'_>) -> Option<String> {
    match token {
        Lexeme::Name { raw: name, .. } | Lexeme::Text(name) | Lexeme::Word(name) if !name.is_empty() => {
            Some(name.to_lowercase())
        }
        _ => None,
    }
}

/// Whether `sql` calls one of the functions `names`, which are sorted, or may do so.
pub(crate) fn calls_any(sql: &str, dialect: Dialect, names: &[String]) -> bool {
    let mut before = None;
    for token in Lexer::new(sql, dialect) {
        let Ok(token) = token else { return true };
        if let (Some(Lexeme::Word(name) | Lexeme::Name { raw: name, .. }), Lexeme::Mark(b'(')) = (before, token)
            && names.binary_search(&name.to_ascii_lowercase()).is_ok()
        {
            return true;
        }
        before = Some(token);
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_views_and_virtual_tables_read_is_told_by_the_text_that_made_them() {
        let cases: &[(&str, &[&str])] = &[
            ("CREATE VIEW v AS SELECT * FROM a, \"B\"", &["a", "b"]),
            ("CREATE VIEW IF NOT EXISTS main.[v as] (x, y) AS WITH c AS (SELECT 1) SELECT * FROM c", &["c"]),
            ("CREATE VIEW v AS SELECT * FROM a, json_each(a.x)", &["a", "json_each"]),
            ("CREATE VIRTUAL TABLE f USING fts5(title, content='Body', content_rowid='id')", &["body"]),
            ("CREATE VIRTUAL TABLE f USING fts5(title, content = body)", &["body"]),
            ("CREATE VIRTUAL TABLE f USING fts4(content=\"body\", title)", &["body"]),
            ("CREATE VIRTUAL TABLE f USING fts5(title, content='')", &[]),
            ("CREATE VIRTUAL TABLE f USING fts5(content, title)", &[]),
            ("CREATE VIRTUAL TABLE IF NOT EXISTS v USING fts5vocab(f, 'row')", &["f"]),
            ("CREATE VIRTUAL TABLE r USING rtree(id, x, y)", &[]),
            ("CREATE VIRTUAL TABLE r USING dbstat", &[]),
            ("nonsense '", &[]),
        ];
        for (sql, wanted) in cases {
            assert_eq!(defined_by(sql), *wanted, "{sql}");
        }
    }

    #[test]
    fn calls_are_found_wherever_they_stand() {
        let names = ["lower".to_owned(), "similarity".to_owned()];
        let calls = |sql| calls_any(sql, Dialect::Postgres, &names);
        assert!(calls("SELECT a FROM t WHERE Similarity (a, $1) > 0"));
        assert!(calls("SELECT public.\"lower\"(a)"));
        assert!(calls("SELECT 'open"));
        assert!(!calls("SELECT lower, similarity FROM t WHERE a IN (1) -- lower(b)"));
    }
}
