//! Decides which table a name means.

use std::borrow::Cow;

use super::cursor::Cursor;
use super::effect::Dialect;
use super::lex::Lexer;
use super::token::Lexeme;

/// A table as a statement names it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct SqlTable {
    /// The last component, in lower case.
    pub(super) name: String,
    pub(super) place: Schema,
}

/// Where a table lives.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Schema {
    /// In a database that is named, perhaps another one than the connection's.
    Elsewhere,
    /// Among the tables that statements write by name.
    Ordinary,
    /// It shows the state of the server, which changes without being written by name.
    System,
    /// It is seen by its connection only.
    Temporary,
}

/// The folded last component of a table's name as Diesel prints it, quoted and qualified or not.
pub(crate) fn table_name(sql: &str) -> Option<String> {
    // Of the three dialects, the one that knows all their quotes.
    let dialect = Dialect::Sqlite;
    let tokens: Vec<_> = Lexer::new(sql, dialect).collect::<Result<_, _>>().ok()?;
    let mut cursor = Cursor::new(&tokens, dialect);
    let table = cursor.take_table()?;
    cursor.is_at_end().then_some(table.name)
}

/// Whether a table's name as Diesel prints it has a schema in front.
pub(crate) fn has_schema(sql: &str) -> bool {
    Lexer::new(sql, Dialect::Sqlite).any(|token| matches!(token, Ok(Lexeme::Mark(b'.'))))
}

impl Cursor<'_> {
    /// Moves over a name, qualified or not; when there is none it has moved over a part at most.
    pub(super) fn take_table(&mut self) -> Option<SqlTable> {
        let dialect = self.dialect;
        let mut name = fold(self.take()?, dialect)?;
        let mut place = Schema::Ordinary;
        while self.take_mark(b'.') {
            if place == Schema::Ordinary {
                place = place_of_schema(&name, dialect);
            }
            name = fold(self.take()?, dialect)?;
        }
        if place == Schema::Ordinary && is_system(&name, dialect) {
            place = Schema::System;
        }
        Some(SqlTable { name, place })
    }
}

fn fold(token: Lexeme<'_>, dialect: Dialect) -> Option<String> {
    let written = match token {
        Lexeme::Word(raw) | Lexeme::Name { quote: b'[', raw } => Cow::Borrowed(raw),
        Lexeme::Name { quote, raw } => unescape(raw, char::from(quote)),
        _ => return None,
    };
    // PostgreSQL cuts longer ones off, and then means another table than the text says.
    let is_cut = dialect == Dialect::Postgres && written.len() > POSTGRES_NAME_LENGTH;
    (!written.is_empty() && !is_cut).then(|| written.to_lowercase())
}

fn unescape(raw: &str, quote: char) -> Cow<'_, str> {
    if raw.contains(quote) {
        Cow::Owned(raw.replace(&format!("{quote}{quote}"), &quote.to_string()))
    } else {
        Cow::Borrowed(raw)
    }
}

fn place_of_schema(schema: &str, dialect: Dialect) -> Schema {
    match (schema, dialect) {
        ("temp", Dialect::Sqlite) | ("pg_temp", Dialect::Postgres) => Schema::Temporary,
        (_, Dialect::Postgres) if schema.starts_with("pg_temp_") => Schema::Temporary,
        ("pg_catalog", Dialect::Postgres)
        | ("information_schema", Dialect::Mysql | Dialect::Postgres)
        | ("mysql" | "performance_schema" | "sys", Dialect::Mysql) => Schema::System,
        // What others call a schema is a database here.
        (_, Dialect::Mysql) => Schema::Elsewhere,
        _ => Schema::Ordinary,
    }
}

fn is_system(name: &str, dialect: Dialect) -> bool {
    match dialect {
        Dialect::Mysql => false,
        Dialect::Postgres => name.starts_with("pg_"),
        Dialect::Sqlite => {
            name.starts_with("sqlite_")
                || name.starts_with("pragma_")
                || matches!(name, "bytecode" | "dbstat" | "tables_used")
        }
    }
}

/// The most bytes an identifier of PostgreSQL has.
const POSTGRES_NAME_LENGTH: usize = 63;
