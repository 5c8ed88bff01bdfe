//! Decides whether `SELECT COUNT(*)` in place of a query's columns counts its rows.

use super::effect::Dialect;
use super::lex::Lexer;
use super::token::Lexeme;

/// Words that keep it from doing so, if they stand outside of all parentheses: what they cut is then the count.
const CUTS: [&str; 7] = ["distinct", "fetch", "group", "having", "limit", "offset", "union"];

/// Whether nothing but conditions keeps rows out of the count `sql`.
pub(crate) fn is_counted_whole(sql: &str, dialect: Dialect) -> bool {
    let mut depth = 0_usize;
    for token in Lexer::new(sql, dialect) {
        match token {
            Ok(Lexeme::Mark(b'(')) => depth += 1,
            Ok(Lexeme::Mark(b')')) => depth = depth.saturating_sub(1),
            Ok(Lexeme::Word(word)) if depth == 0 && CUTS.iter().any(|cut| word.eq_ignore_ascii_case(cut)) => {
                return false;
            }
            Ok(_) => {}
            Err(_) => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_count_outside_of_parentheses() {
        let table = [
            ("SELECT COUNT(*) FROM `t` WHERE (`t`.`id` = ?)", true),
            ("SELECT COUNT(*) FROM (`t` LEFT OUTER JOIN `s` ON (`s`.`id` = `t`.`id`))", true),
            ("SELECT COUNT(*) FROM `limit` WHERE (`limit`.`group` IN (SELECT DISTINCT `a` FROM `b` LIMIT 1))", true),
            ("SELECT COUNT(*) FROM `t` WHERE `t`.`a` = 'group by'", true),
            ("SELECT DISTINCT COUNT(*) FROM `t`", false),
            ("SELECT COUNT(*) FROM `t` GROUP BY `t`.`id`", false),
            ("SELECT COUNT(*) FROM `t` LIMIT ? OFFSET ?", false),
            ("SELECT COUNT(*) FROM `t` WHERE `t`.`a` = 'open", false),
        ];
        for (sql, expected) in table {
            assert_eq!(is_counted_whole(sql, Dialect::Sqlite), expected, "{sql}");
        }
    }
}
