//! Does a statement write one row at most, named by the value that is bound last?
//!
//! Only what Diesel prints for a row that is found by its primary key passes. Whatever else stands in the text, the
//! answer is no, and the whole table counts as written.

use super::cursor::{Cursor, is};
use super::lex::{Lexer, Token};
use super::{Dialect, Effect, WriteKind, effects};

/// What is done to the one row.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum OneRow {
    /// It goes.
    Delete,
    /// Columns of it change, and the key is none of them.
    Update {
        /// Whether a column of a unique look-up is named where columns are set.
        sets_unique: bool,
    },
}

/// What `sql` does if it is one `UPDATE table SET .. WHERE table.key = ?` or `DELETE FROM table WHERE table.key = ?` as
/// Diesel prints them, with the bind of the key as the last one; a `RETURNING` may follow.
///
/// `key` is the column of the primary key, `uniques` are the columns of unique look-ups.
pub(crate) fn one_row(sql: &str, dialect: Dialect, key: &str, uniques: &[&str]) -> Option<OneRow> {
    let tokens = tokens(sql, dialect)?;
    let mut cursor = Cursor::new(&tokens, dialect);
    if cursor.take_word("delete") {
        let table = if cursor.take_word("from") { quoted_name(&mut cursor)? } else { return None };
        return (cursor.take_word("where") && ends_by_key(cursor, table, key)).then_some(OneRow::Delete);
    }
    let table = if cursor.take_word("update") { quoted_name(&mut cursor)? } else { return None };
    let set = if cursor.take_word("set") { assignments(&mut cursor)? } else { return None };
    let sets =
        |column: &str| set.iter().filter_map(|token| named(*token)).any(|name| name.eq_ignore_ascii_case(column));
    let sets_key = sets(key) || dialect == Dialect::Sqlite && ROW_IDS.into_iter().any(sets);
    let is_certain = set.iter().all(|token| is_told_apart(*token, dialect));
    let sets_unique = uniques.iter().any(|column| sets(column));
    (is_certain && !sets_key && ends_by_key(cursor, table, key)).then_some(OneRow::Update { sets_unique })
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

/// The only column in a primary key as Diesel prints it, if its name is a plain one.
pub(crate) fn key_column(printed: &str) -> Option<String> {
    // Of the three dialects, the one that knows all their quotes.
    let tokens = tokens(printed, Dialect::Sqlite)?;
    let mut cursor = Cursor::new(&tokens, Dialect::Sqlite);
    loop {
        let Token::Name { raw, .. } = cursor.take()? else { return None };
        if cursor.is_at_end() {
            let is_plain = raw.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            return (is_plain && !raw.is_empty() && raw.len() <= SHORTEST_LIMIT).then(|| raw.to_owned());
        }
        if !cursor.take_mark(b'.') {
            return None;
        }
    }
}

/// How many binds `sql` has.
pub(crate) fn bind_count(sql: &str, dialect: Dialect) -> usize {
    Lexer::new(sql, dialect).filter(|token| matches!(token, Ok(Token::Bind))).count()
}

/// The tokens of a text that is one statement, whose binds count themselves in order.
fn tokens(sql: &str, dialect: Dialect) -> Option<Vec<Token<'_>>> {
    let mut lexer = Lexer::new(sql, dialect);
    let mut tokens = Vec::new();
    let mut bind_count = 0_usize;
    while let Some(token) = lexer.next() {
        let token = token.ok()?;
        match token {
            Token::Bind => bind_count += 1,
            Token::Mark(b';') => return None,
            // It escapes or stands for itself by a setting of the server.
            Token::Text(text) if dialect == Dialect::Mysql && text.contains('\\') => return None,
            _ => {}
        }
        if token == Token::Bind && !is_next_bind(&sql[..lexer.at], dialect, bind_count) {
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
fn quoted_name<'a>(cursor: &mut Cursor<'a>) -> Option<&'a [Token<'a>]> {
    let tokens = cursor.rest();
    loop {
        match cursor.take()? {
            Token::Name { quote, raw } if quote == quote_of(cursor.dialect) && !raw.as_bytes().contains(&quote) => {}
            _ => return None,
        }
        if !cursor.take_mark(b'.') {
            return tokens.get(..tokens.len() - cursor.rest().len());
        }
    }
}

/// Moves behind the WHERE of an UPDATE, and gives what stands before it.
fn assignments<'a>(cursor: &mut Cursor<'a>) -> Option<&'a [Token<'a>]> {
    let tokens = cursor.rest();
    let mut depth = 0_usize;
    loop {
        match cursor.take()? {
            Token::Mark(b'(') => depth += 1,
            Token::Mark(b')') => depth = depth.checked_sub(1)?,
            // A column may have the name of a keyword behind a dot.
            Token::Word(_) if cursor.behind(1) == Some(Token::Mark(b'.')) => {}
            token if depth == 0 && is(Some(token), "from") => return None,
            token if depth == 0 && is(Some(token), "where") => {
                return tokens.get(..tokens.len() - cursor.rest().len() - 1);
            }
            _ => {}
        }
    }
}

/// Whether all that is left is the comparison of `table`'s key with the last bind, and what is to be returned.
fn ends_by_key(mut cursor: Cursor<'_>, table: &[Token<'_>], key: &str) -> bool {
    let is_open = cursor.take_mark(b'(');
    let is_of_table = table.iter().all(|token| cursor.take() == Some(*token)) && cursor.take_mark(b'.');
    let is_key = cursor.take() == Some(Token::Name { quote: quote_of(cursor.dialect), raw: key });
    let is_bound = cursor.take_mark(b'=') && cursor.take() == Some(Token::Bind);
    let is_closed = !is_open || cursor.take_mark(b')');
    let is_end = cursor.is_at_end() || cursor.take_word("returning") && !cursor.rest().contains(&Token::Bind);
    is_of_table && is_key && is_bound && is_closed && is_end
}

/// What a token says where a column may be meant: some databases take a string for a name.
fn named(token: Token<'_>) -> Option<&str> {
    match token {
        Token::Name { raw: name, .. } | Token::Text(name) | Token::Word(name) => Some(name),
        _ => None,
    }
}

/// Whether what `token` says is the name of a column exactly if it is equal to it but for the case of ASCII letters.
fn is_told_apart(token: Token<'_>, dialect: Dialect) -> bool {
    let is_escaped = matches!(token, Token::Name { raw, .. } if raw.contains(['"', '`']));
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
