//! Finds the table at which a writing keyword aims.

use super::cursor::is;
use super::effect::{Dialect, WriteKind, Written};
use super::token::Lexeme;
use super::walk::{Clause, Update, Walk};

impl Walk<'_> {
    /// Follows `word`, just moved over, if it changes rows; whether it does.
    pub(super) fn change(&mut self, word: &str) -> bool {
        let is_change = match word {
            "delete" => self.begins_delete(),
            "insert" => self.begins_insert(),
            "merge" | "replace" => self.begins_replace(word),
            "update" => self.begins_update(),
            _ => false,
        };
        if is_change {
            match word {
                "delete" => self.delete(),
                "insert" => self.insert(),
                "merge" => self.merge(),
                "replace" => self.replace(),
                _ => self.update(),
            }
        }
        is_change
    }

    /// Ends the tables of an UPDATE: all of them are taken as written.
    pub(super) fn set(&mut self) {
        let Some(Update { first, kind }) = self.frame().update.take() else {
            return;
        };
        self.frame().clause = Clause::Other;
        self.open_updates -= 1;
        let written = self.facts.tables.split_off(first);
        let is_followed = match self.cursor.dialect {
            Dialect::Mysql => !written.is_empty(),
            Dialect::Postgres | Dialect::Sqlite => written.len() == 1,
        };
        self.facts.is_unknown |= !is_followed;
        let written = written.into_iter().map(|table| Written { table, kind });
        self.facts.written.extend(written);
    }

    /// `SELECT .. INTO` makes a table or a file, or sets variables on MySQL.
    pub(super) fn into(&mut self) {
        self.facts.is_lost = true;
        if matches!(self.cursor.ahead(0), Some(Lexeme::Variable(_))) {
            self.facts.is_particular = true;
        } else {
            self.facts.is_unknown = true;
        }
        let is_temporary = |token| TEMPORARY.iter().any(|word| is(token, word));
        self.facts.is_particular |= (0..2).any(|count| is_temporary(self.cursor.ahead(count)));
    }

    /// `ON CONFLICT .. DO UPDATE` and `ON DUPLICATE KEY UPDATE`; whose they are does not matter.
    pub(super) fn conflict(&mut self, word: &str) {
        let is_change = match word {
            "do" => !self.cursor.is_word(0, "nothing"),
            _ => self.cursor.is_word(0, "duplicate"),
        };
        if is_change {
            for written in &mut self.facts.written[self.settled..] {
                if written.kind == WriteKind::Insert {
                    written.kind = WriteKind::Upsert;
                }
            }
            self.settled = self.facts.written.len();
        }
    }

    /// Not the branch of a MERGE, nor the name of a column behind AS.
    fn begins_delete(&self) -> bool {
        !self.cursor.was_word(1, "then") && !self.cursor.was_word(1, "as")
    }

    /// Not the function of MySQL either.
    fn begins_insert(&self) -> bool {
        self.begins_delete() && self.cursor.ahead(0) != Some(Lexeme::Mark(b'('))
    }

    /// Both words are no keywords in some dialects, and REPLACE is a function in all.
    fn begins_replace(&self, word: &str) -> bool {
        let is_where_statements_begin = matches!(self.cursor.behind(1), None | Some(Lexeme::Mark(b'(' | b')')));
        self.begins_insert()
            && (is_where_statements_begin
                || self.cursor.is_word(0, "into")
                || word == "replace" && self.cursor.dialect == Dialect::Mysql)
    }

    /// Not `FOR [NO KEY] UPDATE`, nor what is done on a conflict.
    fn begins_update(&self) -> bool {
        let is_key =
            self.cursor.was_word(1, "key") && (self.cursor.was_word(2, "no") || self.cursor.was_word(2, "duplicate"));
        let is_action = self.cursor.was_word(1, "do") || self.cursor.was_word(1, "for");
        self.begins_delete() && !is_key && !is_action
    }

    fn delete(&mut self) {
        let is_mysql = self.cursor.dialect == Dialect::Mysql;
        if is_mysql {
            self.cursor.take_all(&["ignore", "low_priority", "quick"]);
        }
        self.frame().clause = Clause::Other;
        if !self.cursor.take_word("from") {
            self.facts.is_unknown = true;
            return;
        }
        self.target(WriteKind::Change);
        // With several tables, the names may be aliases of what comes later.
        let is_several =
            matches!(self.cursor.ahead(0), Some(Lexeme::Mark(b',' | b'.'))) || self.cursor.is_word(0, "using");
        self.facts.is_unknown |= is_mysql && is_several;
    }

    fn insert(&mut self) {
        let is_mysql = self.cursor.dialect == Dialect::Mysql;
        let mut kind = WriteKind::Insert;
        if is_mysql {
            self.cursor.take_all(&MYSQL_INSERT_OPTIONS);
        } else if self.cursor.take_word("or") {
            if self.cursor.is_word(0, "replace") {
                kind = WriteKind::Upsert;
            }
            self.cursor.take_identifier();
        }
        let has_into = self.cursor.take_word("into");
        self.facts.is_unknown |= !has_into && !is_mysql;
        self.rows_into(kind);
    }

    fn replace(&mut self) {
        let is_mysql = self.cursor.dialect == Dialect::Mysql;
        if is_mysql {
            self.cursor.take_all(&MYSQL_INSERT_OPTIONS);
        }
        let has_into = self.cursor.take_word("into");
        self.facts.is_unknown |= !has_into && !is_mysql;
        self.rows_into(WriteKind::Upsert);
    }

    fn merge(&mut self) {
        self.facts.is_unknown |= !self.cursor.take_word("into");
        self.frame().clause = Clause::Other;
        self.target(WriteKind::Upsert);
    }

    fn update(&mut self) {
        let mut kind = WriteKind::Change;
        if self.cursor.dialect == Dialect::Mysql {
            self.cursor.take_all(&["ignore", "low_priority"]);
        } else if self.cursor.take_word("or") {
            if self.cursor.is_word(0, "replace") {
                kind = WriteKind::Upsert;
            }
            self.cursor.take_identifier();
        }
        let first = self.facts.tables.len();
        let frame = self.frame();
        frame.clause = Clause::From;
        let is_second = frame.update.replace(Update { first, kind }).is_some();
        self.facts.is_unknown |= is_second;
        self.open_updates += usize::from(!is_second);
        self.expects_table = true;
    }

    fn rows_into(&mut self, kind: WriteKind) {
        let frame = self.frame();
        frame.clause = Clause::Other;
        frame.is_insert = true;
        self.target(kind);
    }

    /// Takes the name that comes next as the table written.
    fn target(&mut self, kind: WriteKind) {
        if self.cursor.dialect == Dialect::Postgres {
            self.cursor.take_word("only");
        }
        match self.cursor.take_table() {
            Some(table) => self.facts.note_written(table, kind),
            None => self.facts.is_unknown = true,
        }
    }
}

/// Words that make what is created or named the connection's own.
pub(super) const TEMPORARY: [&str; 3] = ["pg_temp", "temp", "temporary"];

const MYSQL_INSERT_OPTIONS: [&str; 4] = ["delayed", "high_priority", "ignore", "low_priority"];
