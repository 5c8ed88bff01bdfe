//! Moves along the tokens of a statement, and looks around.

use super::effect::Dialect;
use super::token::Lexeme;
use super::word::Folded;

/// A place between two tokens of one statement.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a> {
    pub(super) dialect: Dialect,
    tokens: &'a [Lexeme<'a>],
    at: usize,
}

impl<'a> Cursor<'a> {
    /// The place before all of `tokens`.
    pub(super) const fn new(tokens: &'a [Lexeme<'a>], dialect: Dialect) -> Self {
        Self { dialect, tokens, at: 0 }
    }

    /// Moves over a token.
    pub(super) fn take(&mut self) -> Option<Lexeme<'a>> {
        let token = self.ahead(0)?;
        self.at += 1;
        Some(token)
    }

    /// Moves back over a token.
    pub(super) fn back(&mut self) {
        self.at = self.at.saturating_sub(1);
    }

    /// Moves over `mark`, if it is next.
    pub(super) fn take_mark(&mut self, mark: u8) -> bool {
        let is_next = self.ahead(0) == Some(Lexeme::Mark(mark));
        self.at += usize::from(is_next);
        is_next
    }

    /// Moves over the keyword `word`, if it is next.
    pub(super) fn take_word(&mut self, word: &str) -> bool {
        let is_next = self.is_word(0, word);
        self.at += usize::from(is_next);
        is_next
    }

    /// Moves over one of `words`, if it is next.
    pub(super) fn take_any(&mut self, words: &[&str]) -> bool {
        words.iter().any(|word| self.take_word(word))
    }

    /// Moves over one of `words` after the other, in any order.
    pub(super) fn take_all(&mut self, words: &[&str]) {
        while self.take_any(words) {}
    }

    /// Moves over an identifier of one component, if it is next.
    pub(super) fn take_identifier(&mut self) -> bool {
        let is_next = matches!(self.ahead(0), Some(Lexeme::Word(_) | Lexeme::Name { .. }));
        self.at += usize::from(is_next);
        is_next
    }

    /// Moves behind the `)` that closes the `(` moved over last, and gives what stands between them.
    pub(super) fn take_parenthesised(&mut self) -> Option<Cursor<'a>> {
        let start = self.at;
        let mut depth = 1_usize;
        while depth > 0 {
            match self.take()? {
                Lexeme::Mark(b'(') => depth += 1,
                Lexeme::Mark(b')') => depth -= 1,
                _ => {}
            }
        }
        Some(Self::new(&self.tokens[start..self.at - 1], self.dialect))
    }

    /// The tokens that are left, cut at the commas outside of parentheses.
    pub(super) fn split_at_commas(mut self) -> Vec<Cursor<'a>> {
        let mut parts = Vec::new();
        let mut start = self.at;
        let mut depth = 0_usize;
        while let Some(token) = self.take() {
            match token {
                Lexeme::Mark(b'(') => depth += 1,
                Lexeme::Mark(b')') => depth = depth.saturating_sub(1),
                Lexeme::Mark(b',') if depth == 0 => {
                    parts.push(Self::new(&self.tokens[start..self.at - 1], self.dialect));
                    start = self.at;
                }
                _ => {}
            }
        }
        parts.push(Self::new(&self.tokens[start..], self.dialect));
        parts
    }

    /// The token that comes after `count` others.
    pub(super) fn ahead(&self, count: usize) -> Option<Lexeme<'a>> {
        self.tokens.get(self.at + count).copied()
    }

    /// The token moved over before `count` others.
    pub(super) fn behind(&self, count: usize) -> Option<Lexeme<'a>> {
        let at = self.at.checked_sub(count + 1)?;
        self.tokens.get(at).copied()
    }

    /// Whether the keyword `word` comes after `count` tokens.
    pub(super) fn is_word(&self, count: usize, word: &str) -> bool {
        is(self.ahead(count), word)
    }

    /// Whether the keyword `word` was moved over before `count` tokens.
    pub(super) fn was_word(&self, count: usize, word: &str) -> bool {
        is(self.behind(count), word)
    }

    /// The next token as a keyword.
    pub(super) fn keyword(&self) -> Option<Folded> {
        match self.ahead(0)? {
            Lexeme::Word(word) => Some(Folded::new(word)),
            _ => None,
        }
    }

    /// Whether no token is left.
    pub(super) fn is_at_end(&self) -> bool {
        self.at >= self.tokens.len()
    }

    /// The tokens that are left.
    pub(super) fn rest(&self) -> &'a [Lexeme<'a>] {
        &self.tokens[self.at..]
    }
}

/// Whether `token` is the keyword `word`.
pub(super) fn is(token: Option<Lexeme<'_>>, word: &str) -> bool {
    matches!(token, Some(Lexeme::Word(given)) if given.eq_ignore_ascii_case(word))
}
