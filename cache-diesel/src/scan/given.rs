//! Decides whether a statement gives back columns as they are.

use super::effect::Dialect;
use super::lex::Lexer;
use super::token::Lexeme;

/// Whether what `sql` gives back are columns, as far as it gives back anything: what is computed may be another value for
/// the next reader.
pub(crate) fn gives_columns(sql: &str, dialect: Dialect) -> bool {
    let Ok(tokens) = Lexer::new(sql, dialect).collect::<Result<Vec<_>, _>>() else { return false };
    let is_word = |token: &Lexeme<'_>, word: &str| matches!(token, Lexeme::Word(is) if is.eq_ignore_ascii_case(word));
    let given = if tokens.first().is_some_and(|first| is_word(first, "select")) {
        let Some(end) = tokens.iter().position(|token| is_word(token, "from")) else { return true };
        &tokens[1..end]
    } else {
        let Some(begin) = tokens.iter().rposition(|token| is_word(token, "returning")) else { return true };
        &tokens[begin + 1..]
    };
    given.iter().all(|token| matches!(token, Lexeme::Name { .. } | Lexeme::Mark(b',' | b'.')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_told_from_what_is_computed() {
        let table = [
            ("UPDATE `a` SET `x` = ? WHERE (`a`.`id` = ?) RETURNING `a`.`id`, `a`.`x`", true),
            ("INSERT INTO `a` (`x`) VALUES (lower(?)) RETURNING `a`.`id`, `a`.`x`", true),
            ("INSERT INTO `a` (`x`) VALUES (?)", true),
            ("SELECT `a`.`id`, `a`.`x` FROM `a` WHERE (`a`.`id` = LAST_INSERT_ID())", true),
            ("SELECT LAST_INSERT_ID(0)", true),
            ("UPDATE `a` SET `x` = ? WHERE (`a`.`id` = ?) RETURNING `a`.`id`, lower(`a`.`x`)", false),
            ("UPDATE `a` SET `x` = ? WHERE (`a`.`id` = ?) RETURNING `a`.`id`, (SELECT `b`.`x` FROM `b`)", false),
            ("UPDATE `a` SET `x` = ? WHERE (`a`.`id` = ?) RETURNING `a`.`id`, CURRENT_TIMESTAMP", false),
            ("UPDATE `a` SET `x` = ? WHERE (`a`.`id` = ?) RETURNING `a`.`id` || ?", false),
            ("SELECT `a`.`id`, now() FROM `a`", false),
            ("SELECT `a`.`id`, (SELECT 1 FROM `b`) FROM `a`", false),
            ("UPDATE `a` SET `x` = 'open", false),
        ];
        for (sql, expected) in table {
            assert_eq!(gives_columns(sql, Dialect::Sqlite), expected, "{sql}");
        }
    }
}
