//! Recognises a text that is one SELECT and changes nothing.

use super::call::Call;
use super::effect::Dialect;
use super::lex::Lexer;
use super::token::Lexeme;

/// Whether `sql` is a single SELECT that plainly changes nothing; a longer look may still find it so.
///
/// Allocates nothing: every statement of every connection comes through here.
pub(super) fn is_select(sql: &str, dialect: Dialect) -> bool {
    let mut lexer = Lexer::new(sql, dialect);
    let Some(Ok(first @ Lexeme::Word(word))) = lexer.next() else {
        return false;
    };
    word.eq_ignore_ascii_case("select") && is_plain(first, lexer)
}

fn is_plain(first: Lexeme<'_>, lexer: Lexer<'_>) -> bool {
    let dialect = lexer.dialect;
    let mut is_over = false;
    let mut before = first;
    let mut before_that = first;
    for token in lexer {
        let is_plain = match token {
            Ok(Lexeme::Mark(b';')) => {
                is_over = true;
                true
            }
            Ok(_) if is_over => false,
            Ok(Lexeme::Mark(b'(')) => dialect == Dialect::Sqlite || is_harmless(before, before_that, dialect),
            Ok(Lexeme::Word(word)) => !may_change(word),
            Ok(Lexeme::Variable(_)) | Err(_) => false,
            Ok(_) => true,
        };
        let (true, Ok(token)) = (is_plain, token) else {
            return false;
        };
        before_that = before;
        before = token;
    }
    true
}

/// Whether nothing changes by what `before` calls in front of a parenthesis.
fn is_harmless(before: Lexeme<'_>, before_that: Lexeme<'_>, dialect: Dialect) -> bool {
    match (before_that, before) {
        (Lexeme::Mark(b'.'), _) => false,
        (_, Lexeme::Word(word)) => !matches!(Call::named(word, dialect), Call::Session | Call::Unlisted),
        (_, Lexeme::Name { .. } | Lexeme::Text(_)) => false,
        _ => true,
    }
}

fn may_change(word: &str) -> bool {
    let is_one = |words: &[&str]| words.iter().any(|change| word.eq_ignore_ascii_case(change));
    match word.len() {
        4 => is_one(&["into"]),
        5 => is_one(&["merge"]),
        6 => is_one(&["delete", "insert", "update"]),
        _ => false,
    }
}
