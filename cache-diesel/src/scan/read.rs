//! Finds the tables of a SELECT, and decides whether its answer may be stored.

use std::sync::Arc;

use super::called::Called;
use super::cursor::Cursor;
use super::effect::Dialect;
use super::lex::Lexer;
use super::token::Lexeme;
use super::walk::{self, Facts, Varies};

/// What a SELECT looks at.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct SelectText {
    /// The last components of the tables' names, in lower case, in order and as often as they occur.
    ///
    /// It may hold more than there are: the names of a WITH, for one.
    pub(crate) tables: Arc<[String]>,
    /// Whether the answer depends on the rows of the tables alone, as far as names can tell.
    pub(crate) is_deterministic: bool,
    /// The functions of which that is believed by their names.
    pub(crate) called: Arc<Called>,
}

/// What `sql` looks at; `None` if that could not be followed, or if it does more than read.
pub(crate) fn read(sql: &str, dialect: Dialect) -> Option<SelectText> {
    let facts = pure(sql, dialect)?;
    let is_deterministic = facts.varies == Varies::WithTables && !facts.is_calling;
    Some(SelectText { tables: facts.tables.into(), is_deterministic, called: Arc::new(facts.called) })
}

/// What was found out of `sql`, if it does nothing but read and could be followed.
pub(super) fn pure(sql: &str, dialect: Dialect) -> Option<Facts> {
    let mut tokens: Vec<_> = Lexer::new(sql, dialect).collect::<Result<_, _>>().ok()?;
    while tokens.last() == Some(&Lexeme::Mark(b';')) {
        tokens.pop();
    }
    if !begins_query(*tokens.first()?) {
        return None;
    }
    let facts = walk::walk(Cursor::new(&tokens, dialect));
    let is_pure = facts.written.is_empty() && !facts.is_particular && !facts.is_unknown;
    (is_pure && !facts.is_lost).then_some(facts)
}

/// Whether a query may begin with `token`.
pub(super) fn begins_query(token: Lexeme<'_>) -> bool {
    const WORDS: [&str; 4] = ["select", "table", "values", "with"];
    match token {
        Lexeme::Mark(b'(') => true,
        Lexeme::Word(word) => WORDS.iter().any(|query| word.eq_ignore_ascii_case(query)),
        _ => false,
    }
}
