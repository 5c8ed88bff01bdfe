//! Decides what a function may do, by its name.

use super::cursor::{Cursor, is};
use super::effect::Dialect;
use super::function::{
    DETERMINISTIC, KEYWORDS, MYSQL_DETERMINISTIC, MYSQL_HARMLESS, MYSQL_KEYWORDS, MYSQL_TAKEN, POSTGRES_DETERMINISTIC,
    POSTGRES_HARMLESS, POSTGRES_PERSONAL, POSTGRES_TAKEN, SESSION, SQLITE_DETERMINISTIC, SQLITE_TAKEN,
};
use super::token::Lexeme;
use super::word::Folded;

/// What is in front of an opening parenthesis.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Call {
    /// A function whose result depends on its arguments only.
    Deterministic,
    /// A function that changes nothing a cached read could see.
    Harmless,
    /// No function.
    Nothing,
    /// A function that changes nothing, and depends on nothing but who asks, with which settings.
    Personal,
    /// A function that is deterministic unless the database has one of its own of the name.
    Presumed,
    /// A function that changes the session.
    Session,
    /// A function that nothing is known of.
    Unlisted,
}

impl Call {
    /// What the token moved over last is, in front of a parenthesis; `is_with` between the queries of a
    /// WITH, which have names with columns.
    pub(super) fn at(cursor: &Cursor<'_>, is_with: bool) -> Self {
        let before = cursor.behind(1);
        let is_query_name =
            is_with && (before == Some(Lexeme::Mark(b',')) || is(before, "with") || is(before, "recursive"));
        // A type, or an alias with columns.
        let is_type = before == Some(Lexeme::Cast) || is(before, "as");
        // `FETCH FIRST (5) ROWS ONLY`
        let is_limit = is(before, "fetch");
        if is_query_name || is_type || is_limit {
            return Self::Nothing;
        }
        match cursor.behind(0) {
            Some(Lexeme::Word(word)) if before == Some(Lexeme::Mark(b'.')) => Self::qualified(word, cursor),
            Some(Lexeme::Word(word)) => Self::named(word, cursor.dialect),
            Some(Lexeme::Name { raw, .. }) => Self::quoted(raw),
            _ => Self::Unlisted,
        }
    }

    /// What the function or keyword `word` is.
    pub(super) fn named(word: &str, dialect: Dialect) -> Self {
        let word = Folded::new(word);
        let word = word.as_str();
        let is_in = |list: &[&str]| list.binary_search(&word).is_ok();
        let Lists { keywords, deterministic, taken, personal, harmless } = Lists::of(dialect);
        if is_in(KEYWORDS) || is_in(keywords) {
            Self::Nothing
        } else if is_in(taken) {
            Self::Presumed
        } else if is_in(DETERMINISTIC) || is_in(deterministic) {
            Self::Deterministic
        } else if is_in(personal) {
            Self::Personal
        } else if is_in(harmless) {
            Self::Harmless
        } else if is_in(SESSION) {
            Self::Session
        } else {
            Self::Unlisted
        }
    }

    /// Only the catalog of PostgreSQL is known to hold what the names promise.
    fn qualified(word: &str, cursor: &Cursor<'_>) -> Self {
        let is_built_in = is(cursor.behind(2), "pg_catalog")
            && cursor.behind(3) != Some(Lexeme::Mark(b'.'))
            && cursor.dialect == Dialect::Postgres;
        match Self::named(word, Dialect::Postgres) {
            Self::Session => Self::Session,
            Self::Presumed if is_built_in => Self::Deterministic,
            call @ (Self::Deterministic | Self::Harmless | Self::Personal) if is_built_in => call,
            _ => Self::Unlisted,
        }
    }

    fn quoted(raw: &str) -> Self {
        match Self::named(raw, Dialect::Postgres) {
            Self::Session => Self::Session,
            _ => Self::Unlisted,
        }
    }
}

/// The lists of a dialect.
struct Lists {
    keywords: &'static [&'static str],
    deterministic: &'static [&'static str],
    taken: &'static [&'static str],
    personal: &'static [&'static str],
    harmless: &'static [&'static str],
}

impl Lists {
    const fn of(dialect: Dialect) -> Self {
        let (keywords, deterministic, taken, personal, harmless): (&[_], _, _, &[_], &[_]) = match dialect {
            Dialect::Mysql => (MYSQL_KEYWORDS, MYSQL_DETERMINISTIC, MYSQL_TAKEN, &[], MYSQL_HARMLESS),
            Dialect::Postgres => (&[], POSTGRES_DETERMINISTIC, POSTGRES_TAKEN, POSTGRES_PERSONAL, POSTGRES_HARMLESS),
            Dialect::Sqlite => (&[], SQLITE_DETERMINISTIC, SQLITE_TAKEN, &[], &[]),
        };
        Self { keywords, deterministic, taken, personal, harmless }
    }
}

/// The names of all functions that something is known of, for a database to be asked whether it has its own ones.
pub(crate) fn listed(dialect: Dialect) -> impl Iterator<Item = &'static str> {
    let Lists { deterministic, taken, personal, harmless, .. } = Lists::of(dialect);
    [DETERMINISTIC, SESSION, deterministic, taken, personal, harmless].into_iter().flatten().copied()
}
