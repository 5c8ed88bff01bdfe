//! Which tables does a SELECT look at, and may its answer be kept?

use super::Dialect;
use super::cursor::Cursor;
use super::lex::{Lexer, Token};
use super::walk;

/// What a SELECT looks at.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Looked {
    /// The last components of the tables' names, in lower case, in order and as often as they occur.
    ///
    /// It may hold more than there are: the names of a WITH, for one.
    pub(crate) tables: Vec<String>,
    /// Whether the answer depends on the rows of the tables alone, as far as names can tell.
    pub(crate) is_deterministic: bool,
}

/// What `sql` looks at; `None` if that could not be followed, or if it does more than read.
pub(crate) fn read(sql: &str, dialect: Dialect) -> Option<Looked> {
    let mut tokens: Vec<_> = Lexer::new(sql, dialect).collect::<Result<_, _>>().ok()?;
    while tokens.last() == Some(&Token::Mark(b';')) {
        tokens.pop();
    }
    if !begins_query(*tokens.first()?) {
        return None;
    }
    let facts = walk::walk(Cursor::new(&tokens, dialect));
    let is_pure = facts.written.is_empty() && !facts.is_particular && !facts.is_unknown;
    (is_pure && !facts.is_lost).then_some(Looked { tables: facts.tables, is_deterministic: !facts.is_fickle })
}

/// Whether a query may begin with `token`.
pub(super) fn begins_query(token: Token<'_>) -> bool {
    const WORDS: [&str; 4] = ["select", "table", "values", "with"];
    match token {
        Token::Mark(b'(') => true,
        Token::Word(word) => WORDS.iter().any(|query| word.eq_ignore_ascii_case(query)),
        _ => false,
    }
}
