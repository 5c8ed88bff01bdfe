//! Holds the tokens of SQL text.

/// The smallest piece of SQL that means something.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Lexeme<'a> {
    /// A place for a bound value: `?`, `?1`, `$1`, `:name`.
    Bind,
    /// `::` on PostgreSQL.
    Cast,
    /// Any other byte that stands for itself.
    Mark(u8),
    /// A quoted identifier, as written between its quotes.
    Name { quote: u8, raw: &'a str },
    /// A number.
    Number(&'a str),
    /// A string, as written between its quotes.
    Text(&'a str),
    /// A variable of MySQL, with its `@` or `@@`.
    Variable(&'a str),
    /// A keyword, or an identifier without quotes.
    Word(&'a str),
}

/// The text cannot be cut with certainty from here on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Doubt;

/// What cutting off a piece gives.
pub(super) type Lexed<T> = Result<T, Doubt>;

/// What a backslash between quotes does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Backslash {
    /// It depends on a setting of the server.
    Doubtful,
    /// It takes its meaning from the next character.
    Escapes,
    /// It stands for itself.
    Plain,
}

/// Which bytes go on an identifier, in all three dialects; a digit and `$` do not begin one.
pub(super) static IS_WORD: [bool; 256] = {
    let mut is_word = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        let ascii = byte as u8;
        is_word[byte] = byte >= 0x80 || ascii.is_ascii_alphanumeric() || matches!(ascii, b'_' | b'$');
        byte += 1;
    }
    is_word
};
