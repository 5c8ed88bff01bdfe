//! Decides whether a statement writes one row at most, named by its last binds.
//!
//! Only what Diesel prints for a row that is found by its primary key passes. Whatever else stands in the text, the
//! answer is no, and the whole table counts as written.

use std::sync::Arc;

use super::cursor::{Cursor, is};
use super::effect::{Dialect, Effect, WriteKind};
use super::effects;
use super::lex::Lexer;
use super::token::Lexeme;

/// What is done to the one row.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum OneRow {
    /// It goes.
    Delete,
    /// Columns of it change, and those of the key are none of them.
    Update {
        /// Whether a column of a unique look-up is named where columns are set.
        sets_unique: bool,
    },
}

/// What a statement does to one row, and which column of the key each of the last binds is for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct KeyCondition {
    pub(crate) row: OneRow,
    pub(crate) order: Arc<[usize]>,
}

/// What `sql` does if it is one `UPDATE table SET .. WHERE table.key = ?` or `DELETE FROM table WHERE table.key = ?` as
/// Diesel prints them, with a bind for each column of the key as the last ones; a `RETURNING` may follow.
///
/// `key` are the columns of the primary key, `uniques` are the columns of unique look-ups.
pub(crate) fn one_row(sql: &str, dialect: Dialect, key: &[&str], uniques: &[&str]) -> Option<KeyCondition> {
    let tokens = tokens(sql, dialect)?;
    let mut cursor = Cursor::new(&tokens, dialect);
    if cursor.take_word("delete") {
        let table = if cursor.take_word("from") { quoted_name(&mut cursor)? } else { return None };
        let order = if cursor.take_word("where") { by_key(cursor, table, key)? } else { return None };
        return Some(KeyCondition { row: OneRow::Delete, order });
    }
    let table = if cursor.take_word("update") { quoted_name(&mut cursor)? } else { return None };
    let set = if cursor.take_word("set") { assignments(&mut cursor)? } else { return None };
    let sets =
        |column: &&str| set.iter().filter_map(|token| named(*token)).any(|name| name.eq_ignore_ascii_case(column));
    let sets_key = key.iter().any(sets) || dialect == Dialect::Sqlite && ROW_IDS.iter().any(sets);
    let is_certain = set.iter().all(|token| is_told_apart(*token, dialect));
    let sets_unique = uniques.iter().any(sets);
    let order = by_key(cursor, table, key)?;
    (is_certain && !sets_key).then_some(KeyCondition { row: OneRow::Update { sets_unique }, order })
}

/// The table that `sql` changes or deletes rows of, if it is one statement that does nothing else.
pub(crate) fn sole_change(sql: &str, dialect: Dialect) -> Option<String> {
    let mut all = Vec::new();
    effects(sql, dialect, &mut |effect| all.push(effect));
    match all.as_mut_slice() {
        [Effect::Write(written)] if is_one_change(written) => written.pop().map(|written| written.table),
        _ => None,
    }
}

/// Whether rows of one table are changed or deleted, and nothing else is.
fn is_one_change(written: &[super::Written]) -> bool {
    matches!(written, [written] if written.kind == WriteKind::Change)
}

/// Whether the column `name` of a key is found in a text as it is.
pub(crate) fn is_plain_column(name: &str) -> bool {
    let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_plain && !name.is_empty() && name.len() <= SHORTEST_LIMIT
}

/// How many binds `sql` has.
pub(crate) fn bind_count(sql: &str, dialect: Dialect) -> usize {
    Lexer::new(sql, dialect).filter(|token| matches!(token, Ok(Lexeme::Bind))).count()
}

/// The tokens of a text that is one statement, whose binds count themselves in order.
fn tokens(sql: &str, dialect: Dialect) -> Option<Vec<Lexeme<'_>>> {
    let mut lexer = Lexer::new(sql, dialect);
    let mut tokens = Vec::new();
    let mut bind_count = 0_usize;
    while let Some(token) = lexer.next() {
        let token = token.ok()?;
        match token {
            Lexeme::Bind => bind_count += 1,
            Lexeme::Mark(b';') => return None,
            // It escapes or stands for itself by a setting of the server.
            Lexeme::Text(text) if dialect == Dialect::Mysql && text.contains('\\') => return None,
            _ => {}
        }
        if token == Lexeme::Bind && !is_next_bind(&sql[..lexer.at], dialect, bind_count) {
            return None;
        }
        tokens.push(token);
    }
    Some(tokens)
}

/// Whether the bind at the end of `sql` gets the value of that number.
fn is_next_bind(sql: &str, dialect: Dialect, number: usize) -> bool {
    match dialect {
        Dialect::Mysql | Dialect::Sqlite => sql.ends_with('?'),
        Dialect::Postgres => sql.rsplit_once('$').is_some_and(|(_, digits)| digits.parse() == Ok(number)),
    }
}

/// Moves over the name of a table in the quotes that Diesel prints, qualified or not.
fn quoted_name<'a>(cursor: &mut Cursor<'a>) -> Option<&'a [Lexeme<'a>]> {
    let tokens = cursor.rest();
    loop {
        match cursor.take()? {
            Lexeme::Name { quote, raw } if quote == quote_of(cursor.dialect) && !raw.as_bytes().contains(&quote) => {}
            _ => return None,
        }
        if !cursor.take_mark(b'.') {
            return tokens.get(..tokens.len() - cursor.rest().len());
        }
    }
}

/// Moves behind the WHERE of an UPDATE, and gives what stands before it.
fn assignments<'a>(cursor: &mut Cursor<'a>) -> Option<&'a [Lexeme<'a>]> {
    let tokens = cursor.rest();
    let mut depth = 0_usize;
    loop {
        match cursor.take()? {
            Lexeme::Mark(b'(') => depth += 1,
            Lexeme::Mark(b')') => depth = depth.checked_sub(1)?,
            // A column may have the name of a keyword behind a dot.
            Lexeme::Word(_) if cursor.behind(1) == Some(Lexeme::Mark(b'.')) => {}
            token if depth == 0 && is(Some(token), "from") => return None,
            token if depth == 0 && is(Some(token), "where") => {
                return tokens.get(..tokens.len() - cursor.rest().len() - 1);
            }
            _ => {}
        }
    }
}

/// Which column of `key` each bind is compared with, if all that is left compares each of `table`'s with one, and says what
/// is to be returned. Brackets around conditions that all have to hold change nothing.
fn by_key(mut cursor: Cursor<'_>, table: &[Lexeme<'_>], key: &[&str]) -> Option<Arc<[usize]>> {
    let mut order = Vec::with_capacity(key.len());
    let mut depth = 0_usize;
    loop {
        while cursor.take_mark(b'(') {
            depth += 1;
        }
        let column = compared(&mut cursor, table, key)?;
        if order.contains(&column) {
            return None;
        }
        order.push(column);
        while depth > 0 && cursor.take_mark(b')') {
            depth -= 1;
        }
        if !cursor.take_word("and") {
            break;
        }
    }
    let is_end = cursor.is_at_end() || cursor.take_word("returning") && !cursor.rest().contains(&Lexeme::Bind);
    (depth == 0 && order.len() == key.len() && is_end).then(|| order.into())
}

/// Moves over the comparison of a column of `table`'s key with a bind; gives which column.
fn compared(cursor: &mut Cursor<'_>, table: &[Lexeme<'_>], key: &[&str]) -> Option<usize> {
    let is_of_table = table.iter().all(|token| cursor.take() == Some(*token)) && cursor.take_mark(b'.');
    let Some(Lexeme::Name { quote, raw }) = cursor.take() else { return None };
    let column = key.iter().position(|column| *column == raw)?;
    let is_bound = cursor.take_mark(b'=') && cursor.take() == Some(Lexeme::Bind);
    (is_of_table && quote == quote_of(cursor.dialect) && is_bound).then_some(column)
}

/// What a token says where a column may be meant: some databases take a string for a name.
fn named(token: Lexeme<'_>) -> Option<&str> {
    match token {
        Lexeme::Name { raw: name, .. } | Lexeme::Text(name) | Lexeme::Word(name) => Some(name),
        _ => None,
    }
}

/// Whether what `token` says is the name of a column exactly if it is equal to it but for the case of ASCII letters.
fn is_told_apart(token: Lexeme<'_>, dialect: Dialect) -> bool {
    let is_escaped = matches!(token, Lexeme::Name { raw, .. } if raw.contains(['"', '`']));
    let is_plain = |name: &str| name.is_ascii() && (dialect != Dialect::Postgres || name.len() <= SHORTEST_LIMIT);
    !is_escaped && named(token).is_none_or(is_plain)
}

const fn quote_of(dialect: Dialect) -> u8 {
    match dialect {
        Dialect::Mysql | Dialect::Sqlite => b'`',
        Dialect::Postgres => b'"',
    }
}

/// What SQLite calls the key of a table besides the key's own name.
const ROW_IDS: [&str; 3] = ["_rowid_", "oid", "rowid"];

/// The most bytes that all databases read of a name: PostgreSQL cuts longer ones off.
const SHORTEST_LIMIT: usize = 63;
