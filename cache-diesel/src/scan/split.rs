//! Splits a text into its statements.

use super::cursor::is;
use super::effect::{Dialect, Effect};
use super::lex::Lexer;
use super::token::Lexeme;
use super::{doubt, statement};

/// Gives `each` the effects of the statements in `sql`, one after the other.
pub(super) fn statements(sql: &str, dialect: Dialect, each: &mut dyn FnMut(Effect)) {
    let mut lexer = Lexer::new(sql, dialect);
    let mut statement = StatementText::new(dialect);
    let mut start = 0;
    while let Some(token) = lexer.next() {
        match token {
            Err(_) => return doubt::effects(&sql[start..], each),
            Ok(Lexeme::Mark(b';')) if statement.is_compound => {
                return doubt::effects(&sql[start..], each);
            }
            Ok(Lexeme::Mark(b';')) if statement.may_end() => {
                statement::effects(&statement.tokens, dialect, each);
                statement.clear();
                start = lexer.at;
            }
            Ok(token) => statement.push(token),
        }
    }
    // What is left open may have swallowed statements.
    if statement.may_end() {
        statement::effects(&statement.tokens, dialect, each);
    } else {
        doubt::effects(&sql[start..], each);
    }
}

/// The tokens of a statement as far as they were read.
struct StatementText<'a> {
    dialect: Dialect,
    tokens: Vec<Lexeme<'a>>,
    /// How many parentheses are open: a rule of PostgreSQL has statements in them.
    parentheses: usize,
    /// How many blocks of a function's body are open.
    blocks: usize,
    /// Whether it may hold statements on MySQL, whose ends cannot be told from its own.
    is_compound: bool,
    /// Whether it is the trigger of SQLite, which ends with an END of its own.
    is_trigger: bool,
}

impl<'a> StatementText<'a> {
    fn new(dialect: Dialect) -> Self {
        Self { dialect, tokens: Vec::new(), parentheses: 0, blocks: 0, is_compound: false, is_trigger: false }
    }

    fn clear(&mut self) {
        self.tokens.clear();
        self.parentheses = 0;
        self.blocks = 0;
        self.is_compound = false;
        self.is_trigger = false;
    }

    fn push(&mut self, token: Lexeme<'a>) {
        match token {
            Lexeme::Mark(b'(') => self.parentheses += 1,
            Lexeme::Mark(b')') => self.parentheses = self.parentheses.saturating_sub(1),
            Lexeme::Word(word) => match self.dialect {
                Dialect::Mysql => self.is_compound |= self.begins_compound(word),
                Dialect::Postgres => self.follow_block(word),
                Dialect::Sqlite => self.is_trigger |= self.begins_trigger(word),
            },
            _ => {}
        }
        self.tokens.push(token);
    }

    /// A routine, or one of the statements of routines, which MariaDB takes outside of them too.
    fn begins_compound(&self, word: &str) -> bool {
        let is_one = |words: &[&str]| words.iter().any(|one| word.eq_ignore_ascii_case(one));
        match self.tokens.as_slice() {
            [] => is_one(&["case", "declare", "for", "if", "loop", "repeat", "while"]),
            [first] if is(Some(*first), "begin") => is_one(&["not"]),
            [first, ..] if is(Some(*first), "create") || is(Some(*first), "alter") => {
                is_one(&["event", "function", "package", "procedure", "trigger"])
            }
            _ => false,
        }
    }

    /// Counts the blocks of `CREATE FUNCTION .. BEGIN ATOMIC .. END`.
    fn follow_block(&mut self, word: &str) {
        // There, it is the name of a column.
        if self.last(0) == Some(Lexeme::Mark(b'.')) || is(self.last(0), "as") {
            return;
        }
        let is_create = is(self.tokens.first().copied(), "create");
        let is_body = word.eq_ignore_ascii_case("atomic") && is(self.last(0), "begin");
        if is_create && is_body || self.blocks > 0 && word.eq_ignore_ascii_case("case") {
            self.blocks += 1;
        } else if word.eq_ignore_ascii_case("end") {
            self.blocks = self.blocks.saturating_sub(1);
        }
    }

    fn begins_trigger(&self, word: &str) -> bool {
        let is_one = |token| ["create", "temp", "temporary"].iter().any(|word| is(token, word));
        let begin = match self.tokens.as_slice() {
            [first, rest @ ..] if is(Some(*first), "explain") => match rest {
                [query, _, rest @ ..] if is(Some(*query), "query") => rest,
                rest => rest,
            },
            tokens => tokens,
        };
        word.eq_ignore_ascii_case("trigger")
            && (1..=2).contains(&begin.len())
            && begin.iter().all(|token| is_one(Some(*token)))
    }

    /// Whether a `;` that comes next ends it.
    fn may_end(&self) -> bool {
        let is_end = !self.is_trigger || is(self.last(0), "end") && self.last(1) == Some(Lexeme::Mark(b';'));
        is_end && self.blocks == 0 && self.parentheses == 0
    }

    fn last(&self, count: usize) -> Option<Lexeme<'a>> {
        let at = self.tokens.len().checked_sub(count + 1)?;
        self.tokens.get(at).copied()
    }
}
