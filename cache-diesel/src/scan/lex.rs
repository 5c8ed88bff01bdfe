//! Splits SQL text into words, names, texts and marks.

use super::effect::Dialect;
use super::token::{Backslash, Doubt, IS_WORD, Lexed, Lexeme};

/// Cuts SQL text into tokens; ends for good at the first [`Doubt`].
#[derive(Debug)]
pub(super) struct Lexer<'a> {
    pub(super) at: usize,
    pub(super) dialect: Dialect,
    pub(super) text: &'a str,
    is_doubtful: bool,
}

impl<'a> Lexer<'a> {
    /// Begins at the start of `text`.
    pub(super) fn new(text: &'a str, dialect: Dialect) -> Self {
        // A client library may end the text at a NUL or go on behind it.
        let is_doubtful = text.as_bytes().contains(&0);
        Self { at: 0, dialect, text, is_doubtful }
    }

    /// The byte that comes after `ahead` others.
    pub(super) fn byte(&self, ahead: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at + ahead).copied()
    }

    /// Moves over bytes as long as they are `wanted`.
    pub(super) fn skip(&mut self, wanted: impl Fn(u8) -> bool) {
        self.at += self.rest().iter().take_while(|byte| wanted(**byte)).count();
    }

    /// The bytes that are left.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    fn token(&mut self, first: u8) -> Lexed<Lexeme<'a>> {
        if IS_WORD[first as usize] && first != b'$' {
            return if first.is_ascii_digit() { self.number() } else { self.word() };
        }
        if matches!(first, b'(' | b')' | b',' | b'.' | b'=') {
            return self.end(1, Lexeme::Mark(first));
        }
        match (first, self.dialect) {
            (b'\'', Dialect::Mysql) => self.quoted(b'\'', Backslash::Escapes).map(Lexeme::Text),
            (b'\'', Dialect::Postgres) => self.quoted(b'\'', Backslash::Doubtful).map(Lexeme::Text),
            (b'\'', Dialect::Sqlite) => self.quoted(b'\'', Backslash::Plain).map(Lexeme::Text),
            // An identifier under ANSI_QUOTES, where a backslash is one.
            (b'"', Dialect::Mysql) => self.quoted(b'"', Backslash::Doubtful).map(Lexeme::Text),
            (b'"', _) | (b'`', Dialect::Mysql | Dialect::Sqlite) => self.name(first),
            (b'[', Dialect::Sqlite) => self.bracketed(),
            (b'$', Dialect::Postgres) => self.dollar(),
            (b'$' | b':' | b'@', Dialect::Sqlite) => self.named_bind(),
            (b':', Dialect::Postgres) if self.byte(1) == Some(b':') => self.end(2, Lexeme::Cast),
            (b'@', Dialect::Mysql) => self.variable(),
            (b'?', Dialect::Mysql | Dialect::Sqlite) => {
                self.at += 1;
                self.skip(|byte| byte.is_ascii_digit());
                Ok(Lexeme::Bind)
            }
            (b'#', Dialect::Postgres) => self.end(1, Lexeme::Mark(first)),
            (b'#' | b'$' | b'\\' | 0..=b' ' | 0x7f, _) => Err(Doubt),
            _ => self.end(1, Lexeme::Mark(first)),
        }
    }

    fn end(&mut self, length: usize, token: Lexeme<'a>) -> Lexed<Lexeme<'a>> {
        self.at += length;
        Ok(token)
    }

    fn word(&mut self) -> Lexed<Lexeme<'a>> {
        let start = self.at;
        // SQLite takes a byte order mark for a blank, the others for a letter.
        if self.rest().starts_with("\u{feff}".as_bytes()) {
            return Err(Doubt);
        }
        self.skip(|byte| IS_WORD[byte as usize]);
        let word = &self.text[start..self.at];
        if self.dialect == Dialect::Postgres && word.len() == 1 {
            let is_quote = |byte: Option<u8>| matches!(byte, Some(b'\'' | b'"'));
            match (word, self.byte(0)) {
                ("e" | "E", Some(b'\'')) => {
                    return self.quoted(b'\'', Backslash::Escapes).map(Lexeme::Text);
                }
                // Its escape character is only named behind it.
                ("u" | "U", Some(b'&')) if is_quote(self.byte(1)) => return Err(Doubt),
                _ => {}
            }
        }
        Ok(Lexeme::Word(word))
    }

    /// Doubts what runs on behind the digits: `1FROM` is one identifier on MySQL, an error on SQLite,
    /// and was two tokens on PostgreSQL.
    fn number(&mut self) -> Lexed<Lexeme<'a>> {
        let start = self.at;
        let is_digit = |byte: u8| byte.is_ascii_digit() || byte == b'_';
        if self.byte(0) == Some(b'0') && matches!(self.byte(1), Some(b'x' | b'X' | b'b' | b'B' | b'o' | b'O')) {
            self.at += 2;
            self.skip(|byte| byte.is_ascii_hexdigit() || byte == b'_');
        } else {
            self.skip(is_digit);
            if self.byte(0) == Some(b'.') {
                self.at += 1;
                self.skip(is_digit);
            }
            self.exponent();
        }
        if self.byte(0).is_some_and(|byte| IS_WORD[byte as usize]) {
            return Err(Doubt);
        }
        Ok(Lexeme::Number(&self.text[start..self.at]))
    }

    fn exponent(&mut self) {
        let sign = usize::from(matches!(self.byte(1), Some(b'+' | b'-')));
        if matches!(self.byte(0), Some(b'e' | b'E')) && self.byte(1 + sign).is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1 + sign;
            self.skip(|byte| byte.is_ascii_digit());
        }
    }
}

impl<'a> Iterator for Lexer<'a> {
    type Item = Lexed<Lexeme<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_doubtful {
            return Some(Err(Doubt));
        }
        let token = match self.skip_blanks() {
            Err(doubt) => Err(doubt),
            Ok(()) => {
                let first = self.byte(0)?;
                self.token(first)
            }
        };
        self.is_doubtful = token.is_err();
        Some(token)
    }
}
