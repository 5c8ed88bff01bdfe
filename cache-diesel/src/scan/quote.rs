//! Finds the ends of quotes, comments and signs.

use super::effect::Dialect;
use super::lex::Lexer;
use super::token::{Backslash, Doubt, IS_WORD, Lexed, Lexeme};

impl<'a> Lexer<'a> {
    /// Moves over blanks and comments.
    pub(super) fn skip_blanks(&mut self) -> Lexed<()> {
        loop {
            self.skip(|byte| matches!(byte, 9..=13 | b' '));
            let Some(first) = self.byte(0) else { return Ok(()) };
            if first == b'-' && self.is_line_comment() || first == b'#' && self.dialect == Dialect::Mysql {
                self.skip_line();
            } else if first == b'/' && self.byte(1) == Some(b'*') {
                self.skip_comment()?;
            } else {
                return Ok(());
            }
        }
    }

    /// MySQL reads `5--1` as a sum.
    fn is_line_comment(&self) -> bool {
        self.byte(1) == Some(b'-')
            && (self.dialect != Dialect::Mysql || matches!(self.byte(2), None | Some(0..=b' ' | 0x7f)))
    }

    /// A carriage return ends the comment on PostgreSQL only: what follows it is run there.
    fn skip_line(&mut self) {
        let is_postgres = self.dialect == Dialect::Postgres;
        self.skip(|byte| byte != b'\n' && !(is_postgres && byte == b'\r'));
    }

    fn skip_comment(&mut self) -> Lexed<()> {
        let inside = &self.text.as_bytes()[self.at + 2..];
        // MySQL and MariaDB run what stands in these.
        if self.dialect == Dialect::Mysql && (inside.starts_with(b"!") || inside.starts_with(b"M!")) {
            return Err(Doubt);
        }
        let mut depth = 0_usize;
        loop {
            match (self.byte(0), self.byte(1)) {
                (Some(b'/'), Some(b'*')) => {
                    if depth > 0 && self.dialect != Dialect::Postgres {
                        return Err(Doubt);
                    }
                    depth += 1;
                    self.at += 2;
                }
                (Some(b'*'), Some(b'/')) => {
                    depth -= 1;
                    self.at += 2;
                    if depth == 0 {
                        return Ok(());
                    }
                }
                (Some(_), _) => self.at += 1,
                (None, _) => return Err(Doubt),
            }
        }
    }

    /// Moves over what stands between two `quote`s, and gives it as it is written.
    pub(super) fn quoted(&mut self, quote: u8, backslash: Backslash) -> Lexed<&'a str> {
        let start = self.at + 1;
        self.at = start;
        loop {
            self.skip(|byte| byte != quote && byte != b'\\');
            match (self.byte(0).ok_or(Doubt)?, backslash) {
                (b'\\', Backslash::Doubtful) => return Err(Doubt),
                (b'\\', Backslash::Escapes) => self.at += 2,
                (b'\\', Backslash::Plain) => self.at += 1,
                _ if self.byte(1) == Some(quote) => self.at += 2,
                _ => break,
            }
        }
        let inside = &self.text[start..self.at];
        self.at += 1;
        Ok(inside)
    }

    /// An identifier between two `quote`s.
    pub(super) fn name(&mut self, quote: u8) -> Lexed<Lexeme<'a>> {
        let raw = self.quoted(quote, Backslash::Plain)?;
        Ok(Lexeme::Name { quote, raw })
    }

    /// `[name]` of SQLite, which nothing escapes in.
    pub(super) fn bracketed(&mut self) -> Lexed<Lexeme<'a>> {
        let start = self.at + 1;
        self.skip(|byte| byte != b']');
        self.byte(0).ok_or(Doubt)?;
        let raw = &self.text[start..self.at];
        self.at += 1;
        Ok(Lexeme::Name { quote: b'[', raw })
    }

    /// `$1` or `$tag$ .. $tag$` of PostgreSQL.
    pub(super) fn dollar(&mut self) -> Lexed<Lexeme<'a>> {
        let start = self.at;
        self.at += 1;
        if self.byte(0).is_some_and(|byte| byte.is_ascii_digit()) {
            self.skip(|byte| byte.is_ascii_digit());
            return self.unless_word(Lexeme::Bind);
        }
        self.skip(|byte| IS_WORD[byte as usize] && byte != b'$');
        if self.byte(0) != Some(b'$') {
            return Err(Doubt);
        }
        self.at += 1;
        let tag = &self.text[start..self.at];
        let inside = self.at;
        let length = self.text[inside..].find(tag).ok_or(Doubt)?;
        self.at = inside + length + tag.len();
        Ok(Lexeme::Text(&self.text[inside..inside + length]))
    }

    /// `:name`, `@name` or `$name` of SQLite; the forms of Tcl with `::` and `(..)` are doubted.
    pub(super) fn named_bind(&mut self) -> Lexed<Lexeme<'a>> {
        self.at += 1;
        let start = self.at;
        self.skip(|byte| IS_WORD[byte as usize]);
        match (self.at > start, self.byte(0)) {
            (true, Some(b'(' | b':')) | (false, _) => Err(Doubt),
            _ => Ok(Lexeme::Bind),
        }
    }

    /// `@name`, `@'name'` or `@@scope.name` of MySQL.
    pub(super) fn variable(&mut self) -> Lexed<Lexeme<'a>> {
        let start = self.at;
        self.at += 1;
        match self.byte(0) {
            Some(quote @ (b'\'' | b'"' | b'`')) => {
                self.quoted(quote, Backslash::Doubtful)?;
            }
            Some(b'@') => {
                self.at += 1;
                self.variable_name()?;
            }
            _ => self.variable_name()?,
        }
        Ok(Lexeme::Variable(&self.text[start..self.at]))
    }

    fn variable_name(&mut self) -> Lexed<()> {
        let start = self.at;
        self.skip(|byte| IS_WORD[byte as usize] || byte == b'.');
        if self.at == start { Err(Doubt) } else { Ok(()) }
    }

    fn unless_word(&self, token: Lexeme<'a>) -> Lexed<Lexeme<'a>> {
        match self.byte(0) {
            Some(byte) if IS_WORD[byte as usize] => Err(Doubt),
            _ => Ok(token),
        }
    }
}
