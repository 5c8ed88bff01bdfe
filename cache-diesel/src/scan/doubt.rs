//! Decides what a text may do that cannot be read with certainty.

use super::effect::{Effect, SettingEffect, Transaction};
use super::word::Folded;

/// Gives `each` what `text`, doubtful somewhere, may do: anything to tables, and to the session and the
/// transaction if it has the words for it.
pub(super) fn effects(text: &str, each: &mut dyn FnMut(Effect)) {
    let mut sweep = Sweep::default();
    sweep.text(text);
    each(Effect::Unknown);
    if sweep.is_transaction {
        each(UNCERTAIN);
    }
    if sweep.is_particular {
        each(Effect::Session(SettingEffect::Particular));
    }
}

/// Said where it cannot be told whether a transaction is open: a savepoint leaves that open too, for on
/// SQLite it opens one that only its name would tell the end of.
pub(super) const UNCERTAIN: Effect = Effect::Transaction(Transaction::Savepoint);

/// A look at the bare words of a text, whatever they stand between.
#[derive(Debug, Default)]
struct Sweep {
    open_cases: usize,
    is_definition: bool,
    is_particular: bool,
    is_transaction: bool,
    is_write: bool,
}

impl Sweep {
    fn text(&mut self, text: &str) {
        let is_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        let mut rest = text;
        while let Some(start) = rest.find(|letter: char| is_word(letter) || letter == ';') {
            rest = &rest[start..];
            if let Some(behind) = rest.strip_prefix(';') {
                (self.is_definition, self.is_write) = (false, false);
                rest = behind;
                continue;
            }
            let end = rest.find(|letter| !is_word(letter)).unwrap_or(rest.len());
            self.word(Folded::new(&rest[..end]).as_str());
            rest = &rest[end..];
        }
    }

    fn word(&mut self, word: &str) {
        match word {
            "attach" | "detach" | "discard" | "pragma" | "reset" | "set_config" | "use" => self.is_particular = true,
            // The SET of a write is no statement.
            "set" => self.is_particular |= !self.is_write,
            "pg_temp" | "temp" | "temporary" => self.is_particular |= self.is_definition,
            "alter" | "create" | "drop" | "into" => self.is_definition = true,
            "insert" | "replace" | "update" => self.is_write = true,
            "case" => self.open_cases += 1,
            "end" if self.open_cases > 0 => self.open_cases -= 1,
            "abort" | "autocommit" | "begin" | "commit" | "end" | "prepare" | "release" | "rollback" | "savepoint"
            | "start" | "xa" => self.is_transaction = true,
            _ => {}
        }
    }
}
