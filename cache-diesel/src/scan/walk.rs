//! Walks a statement for the tables that it reads and writes, and for its other effects.
//!
//! One pass from left to right over the tokens, with a stack of open parentheses. It serves statements
//! that carry data: SELECT, VALUES, TABLE, WITH, INSERT, UPDATE, DELETE, MERGE, REPLACE.

use super::call::Call;
use super::called::Called;
use super::cursor::Cursor;
use super::effect::{Dialect, WriteKind, Written};
use super::name::{Schema, SqlTable};
use super::token::Lexeme;
use super::word::Folded;

/// What a walk found out.
#[derive(Debug, Default)]
pub(super) struct Facts {
    /// Whether a function is called that might write.
    pub(super) is_calling: bool,
    /// Whether a table of another database may be among them.
    pub(super) is_elsewhere: bool,
    /// What the rows may differ by.
    pub(super) varies: Varies,
    /// Whether `tables` may lack one, or rows are locked.
    pub(super) is_lost: bool,
    /// Whether the session is another one afterwards.
    pub(super) is_particular: bool,
    /// Whether `written` may lack something.
    pub(super) is_unknown: bool,
    /// The listed functions that are called.
    pub(super) called: Called,
    /// The tables in places where rows are read from, in order, with repetitions.
    pub(super) tables: Vec<String>,
    /// The tables that are written.
    pub(super) written: Vec<Written>,
}

impl Facts {
    /// A table is written, wherever it is.
    pub(super) fn note_written(&mut self, table: SqlTable, kind: WriteKind) {
        self.is_particular |= table.place == Schema::Temporary;
        self.is_unknown |= table.place == Schema::System;
        self.is_elsewhere |= table.place == Schema::Elsewhere;
        self.written.push(Written { table: table.name, kind });
    }
}

/// What the rows of an answer may differ by. Each includes the one before.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Varies {
    /// The tables alone.
    #[default]
    WithTables,
    /// Who asks, with which settings.
    WithSession,
    /// Anything, such as the time.
    AtAnyTime,
}

/// The place in a statement that was reached.
#[derive(Debug)]
pub(super) struct Walk<'a> {
    pub(super) cursor: Cursor<'a>,
    pub(super) facts: Facts,
    /// Whether the name of a table comes next.
    pub(super) expects_table: bool,
    /// How many UPDATEs have not come to their SET.
    pub(super) open_updates: usize,
    /// How many of the tables written are known to be changed on conflict.
    pub(super) settled: usize,
    base: Frame,
    frames: Vec<Frame>,
}

/// What stands between one pair of parentheses, or around all of them.
#[derive(Debug, Default)]
pub(super) struct Frame {
    pub(super) clause: Clause,
    pub(super) has_select: bool,
    pub(super) is_insert: bool,
    /// The UPDATE that has not come to its SET, and what it does.
    pub(super) update: Option<Update>,
    /// Whether it holds the arguments of a function that separates them by FROM.
    takes_from: bool,
}

/// Where in a frame the walk is.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) enum Clause {
    /// Between tables: a comma or JOIN brings the next one.
    From,
    #[default]
    Other,
    /// Between the queries of a WITH: a comma brings the name of the next one.
    With,
}

/// An UPDATE whose tables are being named.
#[derive(Clone, Copy, Debug)]
pub(super) struct Update {
    /// How many tables were known before.
    pub(super) first: usize,
    pub(super) kind: WriteKind,
}

/// Walks over all that `cursor` has left.
pub(super) fn walk(cursor: Cursor<'_>) -> Facts {
    let mut walk = Walk {
        // What stands before is another statement's.
        cursor: Cursor::new(cursor.rest(), cursor.dialect),
        facts: Facts::default(),
        expects_table: false,
        open_updates: 0,
        settled: 0,
        base: Frame::default(),
        frames: Vec::new(),
    };
    while let Some(token) = walk.cursor.take() {
        walk.step(token);
    }
    walk.finish()
}

impl<'a> Walk<'a> {
    fn finish(mut self) -> Facts {
        if self.expects_table || !self.frames.is_empty() || self.open_updates > 0 {
            self.facts.is_lost = true;
            self.facts.is_unknown = true;
        }
        self.facts
    }

    fn step(&mut self, token: Lexeme<'a>) {
        match token {
            Lexeme::Mark(b'(') => self.open(),
            Lexeme::Mark(b')') => self.close(),
            Lexeme::Mark(b';') => self.facts.is_unknown = true,
            Lexeme::Word(word) => self.word(&Folded::new(word)),
            Lexeme::Name { .. } if self.expects_table => self.reference(),
            _ if self.expects_table => self.lose(),
            Lexeme::Mark(b',') => self.expects_table = self.frame().clause == Clause::From,
            Lexeme::Mark(b'{' | b'}') => self.lose(),
            Lexeme::Name { .. } => self.call(),
            Lexeme::Text(text) => {
                if self.is_moment(text) {
                    self.vary(Varies::AtAnyTime);
                }
                self.call();
            }
            Lexeme::Variable(_) => self.variable(),
            Lexeme::Bind | Lexeme::Cast | Lexeme::Mark(_) | Lexeme::Number(_) => {}
        }
    }

    /// The innermost open parentheses.
    pub(super) fn frame(&mut self) -> &mut Frame {
        self.frames.last_mut().unwrap_or(&mut self.base)
    }

    /// Gives up following the tables, and an UPDATE of them.
    pub(super) fn lose(&mut self) {
        self.expects_table = false;
        self.facts.is_lost = true;
        self.facts.is_unknown |= self.open_updates > 0;
    }

    fn vary(&mut self, varies: Varies) {
        self.facts.varies = self.facts.varies.max(varies);
    }

    fn open(&mut self) {
        let clause = if self.expects_table { Clause::From } else { Clause::Other };
        let takes_from = match self.cursor.behind(1) {
            Some(Lexeme::Word(word)) => {
                TAKING_FROM.contains(&Folded::new(word).as_str()) && self.cursor.behind(2) != Some(Lexeme::Mark(b'.'))
            }
            _ => false,
        };
        self.frames.push(Frame { clause, takes_from, ..Frame::default() });
    }

    fn close(&mut self) {
        if self.expects_table {
            self.lose();
        }
        // An UPDATE without SET, or one parenthesis too many.
        if self.frames.pop().is_none_or(|frame| frame.update.is_some()) {
            self.lose();
            self.facts.is_unknown = true;
        }
    }

    fn word(&mut self, word: &Folded) {
        // Any keyword may be the name of a column.
        if self.cursor.behind(1) == Some(Lexeme::Mark(b'.')) {
            return self.call();
        }
        let word = word.as_str();
        if self.expects_table && !self.begins_query(word) {
            return self.reference();
        }
        self.expects_table = false;
        self.clause(word);
        if !self.change(word) {
            self.call();
        }
    }

    /// Whether `word` opens a query where a table may stand too.
    fn begins_query(&mut self, word: &str) -> bool {
        let is_query = self.cursor.behind(1) == Some(Lexeme::Mark(b'('))
            && match word {
                "select" | "table" | "with" => true,
                // PostgreSQL takes it for the name of a table as well.
                "values" => self.cursor.ahead(0) == Some(Lexeme::Mark(b'(')) || self.cursor.is_word(0, "row"),
                _ => false,
            };
        if is_query {
            self.frame().clause = Clause::Other;
        }
        is_query
    }

    /// Goes on to what a keyword outside of names opens or ends.
    fn clause(&mut self, word: &str) {
        let dialect = self.cursor.dialect;
        match word {
            "select" => {
                self.frame().has_select = true;
                self.frame().clause = Clause::Other;
            }
            "from" => self.from(),
            "join" => self.join(),
            "straight_join" if dialect == Dialect::Mysql && self.frame().clause == Clause::From => {
                self.expects_table = true;
            }
            "with" => self.with(),
            "where" | "having" | "limit" => self.frame().clause = Clause::Other,
            // Not `WITHIN GROUP (..)`, nor `USE INDEX FOR ORDER BY (..)`.
            "group" | "order" if self.cursor.is_word(0, "by") && !self.cursor.was_word(1, "for") => {
                self.frame().clause = Clause::Other;
            }
            "values" | "window" => self.values_or_window(word),
            "table" => {
                self.frame().clause = Clause::Other;
                self.expects_table = true;
            }
            "set" => self.set(),
            "into" => self.into(),
            "do" | "on" => self.conflict(word),
            // SQLite has `x IN t` for `x IN (SELECT * FROM t)`.
            "in" if dialect == Dialect::Sqlite => {
                self.expects_table = self.cursor.ahead(0) != Some(Lexeme::Mark(b'('));
            }
            "for" | "lock" | "next" | "procedure" | "sql_calc_found_rows" | "tablesample" => {
                self.particularity(word);
            }
            "user" if dialect == Dialect::Postgres => self.vary(Varies::WithSession),
            _ if PERSONS.contains(&word) => self.vary(Varies::WithSession),
            _ if MOMENTS.contains(&word) => self.vary(Varies::AtAnyTime),
            _ => {}
        }
    }

    fn from(&mut self) {
        let is_comparison =
            self.cursor.was_word(1, "distinct") && (self.cursor.was_word(2, "is") || self.cursor.was_word(2, "not"));
        if is_comparison {
            return;
        }
        match *self.frame() {
            Frame { has_select: true, .. } => {
                self.frame().clause = Clause::From;
                self.expects_table = true;
            }
            Frame { takes_from: true, .. } => {}
            _ => self.lose(),
        }
    }

    fn join(&mut self) {
        if self.frame().clause == Clause::From {
            self.expects_table = true;
        } else {
            self.lose();
        }
    }

    /// Tells the WITH of a query from `WITH TIES`, `WITH ROLLUP`, `WITH TIME ZONE` and the like.
    fn with(&mut self) {
        let is_first = matches!(self.cursor.behind(1), None | Some(Lexeme::Mark(b'(')));
        let frame = self.frame();
        if is_first || frame.is_insert && !frame.has_select {
            frame.clause = Clause::With;
        }
    }

    /// Both words may be the alias of a table too, and the next table would be missed behind them.
    fn values_or_window(&mut self, word: &str) {
        let is_clause = if word == "values" {
            const OPERATORS: [&str; 5] = ["all", "distinct", "except", "intersect", "union"];
            self.frame().clause == Clause::With || OPERATORS.iter().any(|operator| self.cursor.was_word(1, operator))
        } else {
            self.cursor.is_word(1, "as")
        };
        if is_clause {
            self.frame().clause = Clause::Other;
        }
    }

    /// What makes the answer of a query more than its tables tell.
    fn particularity(&mut self, word: &str) {
        const LOCKS: [&str; 6] = ["key", "no", "read", "share", "system_time", "update"];
        match word {
            "for" => self.facts.is_lost |= LOCKS.iter().any(|lock| self.cursor.is_word(0, lock)),
            "lock" | "procedure" if self.cursor.dialect != Dialect::Mysql => {}
            "next" if self.cursor.is_word(0, "value") => self.vary(Varies::AtAnyTime),
            "next" => {}
            _ => self.facts.is_lost = true,
        }
    }

    /// Reads the name of a table, whose first part was just moved over.
    fn reference(&mut self) {
        if self.is_before_table() {
            return;
        }
        self.expects_table = false;
        self.cursor.back();
        let Some(table) = self.cursor.take_table() else {
            return self.lose();
        };
        if self.cursor.ahead(0) == Some(Lexeme::Mark(b'(')) {
            self.call();
            self.lose();
        }
        match table.place {
            Schema::Ordinary => {}
            Schema::System => self.lose(),
            Schema::Elsewhere => {
                self.facts.is_lost = true;
                self.facts.is_elsewhere |= self.open_updates > 0;
            }
            Schema::Temporary => {
                self.facts.is_lost = true;
                self.facts.is_particular |= self.open_updates > 0;
            }
        }
        self.facts.tables.push(table.name);
    }

    /// Whether the word moved over last goes before the name of a table.
    fn is_before_table(&mut self) -> bool {
        match self.cursor.dialect {
            Dialect::Mysql => self.cursor.was_word(0, "lateral") && self.cursor.ahead(0) == Some(Lexeme::Mark(b'(')),
            Dialect::Postgres => self.cursor.was_word(0, "lateral") || self.cursor.was_word(0, "only"),
            Dialect::Sqlite => false,
        }
    }

    fn variable(&mut self) {
        self.facts.is_lost = true;
        let is_assigned =
            self.cursor.ahead(0) == Some(Lexeme::Mark(b':')) && self.cursor.ahead(1) == Some(Lexeme::Mark(b'='));
        self.facts.is_particular |= is_assigned || self.cursor.was_word(1, "into");
    }

    /// What a name, a word or a text calls, if it does.
    fn call(&mut self) {
        if self.cursor.ahead(0) != Some(Lexeme::Mark(b'(')) {
            return;
        }
        let is_with = self.frame().clause == Clause::With;
        match Call::at(&self.cursor, is_with) {
            Call::Deterministic => self.note_called(false),
            Call::Harmless => self.vary(Varies::AtAnyTime),
            Call::Nothing => {}
            Call::Personal => self.vary(Varies::WithSession),
            Call::Presumed => self.note_called(true),
            Call::Session => {
                self.vary(Varies::AtAnyTime);
                self.facts.is_particular = true;
            }
            // A function of SQLite's is the program's own code, and writes no tables.
            Call::Unlisted if self.cursor.dialect == Dialect::Sqlite => self.vary(Varies::AtAnyTime),
            Call::Unlisted => self.facts.is_calling = true,
        }
    }

    /// Notes the listed function that was just moved over, unless it is said to be the catalog's.
    fn note_called(&mut self, is_easily_taken: bool) {
        let Some(Lexeme::Word(word)) = self.cursor.behind(0) else { return };
        if self.cursor.behind(1) == Some(Lexeme::Mark(b'.')) {
            return;
        }
        // Only what the database brings along, and aggregates, may stand in `rank() OVER (..)`.
        let is_without_arguments = self.cursor.ahead(1) == Some(Lexeme::Mark(b')'));
        let is_of_rows = is_without_arguments && (self.cursor.is_word(2, "over") || self.cursor.is_word(2, "within"));
        if !is_of_rows {
            self.facts.called.note(word, is_easily_taken);
        }
    }

    /// Whether PostgreSQL may read the time of day into `text`.
    fn is_moment(&self, text: &str) -> bool {
        const NAMES: [&str; 4] = ["now", "today", "tomorrow", "yesterday"];
        self.cursor.dialect == Dialect::Postgres
            && text
                .split(|letter: char| !letter.is_ascii_alphabetic())
                .any(|word| NAMES.iter().any(|name| word.eq_ignore_ascii_case(name)))
    }
}

/// Functions that separate their arguments by FROM.
const TAKING_FROM: [&str; 6] = ["extract", "mid", "overlay", "substr", "substring", "trim"];

/// Words that stand for a value which differs by session.
const PERSONS: [&str; 6] =
    ["current_catalog", "current_role", "current_schema", "current_user", "session_user", "system_user"];

/// Words that stand for a value which differs by time.
const MOMENTS: [&str; 8] = [
    "current_date",
    "current_time",
    "current_timestamp",
    "localtime",
    "localtimestamp",
    "utc_date",
    "utc_time",
    "utc_timestamp",
];
