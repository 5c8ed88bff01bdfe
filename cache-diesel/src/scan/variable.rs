//! Reads what a SET of MySQL sets.

use super::cursor::Cursor;
use super::effect::{Effect, SettingEffect};
use super::session::is_value;
use super::token::Lexeme;
use super::{doubt, walk};

/// Gives `each` the effects of the SET that goes on with `cursor`.
pub(super) fn effects(cursor: Cursor<'_>, each: &mut dyn FnMut(Effect)) {
    let mut found = Assignments::default();
    if is_transaction(cursor) {
        found.transaction(cursor);
    } else {
        for assignment in cursor.split_at_commas() {
            found.assignment(assignment);
        }
        let facts = walk::walk(cursor);
        found.is_unknown |= facts.is_calling || !facts.written.is_empty();
    }
    found.give(each);
}

/// What the assignments of one SET come to.
#[derive(Debug, Default)]
struct Assignments {
    autocommit: Option<bool>,
    is_global: bool,
    is_particular: bool,
    is_uncertain: bool,
    is_unknown: bool,
}

/// What a variable is set for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum VariableScope {
    /// For the server.
    Global,
    /// For this connection.
    Session,
}

impl Assignments {
    fn give(self, each: &mut dyn FnMut(Effect)) {
        if self.is_unknown {
            each(Effect::Unknown);
        }
        if self.is_uncertain {
            each(doubt::UNCERTAIN);
        }
        if let Some(is_on) = self.autocommit {
            each(Effect::Session(SettingEffect::Autocommit(is_on)));
        }
        if self.is_particular {
            each(Effect::Session(SettingEffect::Particular));
        }
        if !self.is_unknown && !self.is_particular && self.autocommit.is_none() {
            each(Effect::Read);
        }
    }

    /// `SET [scope] TRANSACTION ..`
    fn transaction(&mut self, mut cursor: Cursor<'_>) {
        self.is_unknown = cursor.is_word(0, "global");
        while let Some(token) = cursor.take() {
            // What others have not committed would be kept.
            self.is_particular |= is_value(Some(token), "uncommitted");
        }
    }

    fn assignment(&mut self, mut cursor: Cursor<'_>) {
        if cursor.take_word("names") {
            // With a collation it would compare otherwise.
            let is_usual = is_value(cursor.take(), "utf8mb4") && cursor.is_at_end();
            self.is_particular |= !is_usual;
        } else if STATEMENTS.iter().any(|word| cursor.is_word(0, word)) {
            self.is_unknown = true;
            // The statement that it runs may be any, BEGIN and SET among them.
            let runs_another = cursor.is_word(0, "statement");
            self.is_uncertain |= runs_another;
            self.is_particular |= runs_another;
        } else {
            let whole = cursor;
            let scope = take_scope(&mut cursor);
            let name = cursor.take();
            match name.and_then(variable) {
                Some((inner, name)) if take_assign(&mut cursor) => {
                    self.variable(inner.or(scope), name, cursor);
                }
                _ => self.unfollowed(whole),
            }
        }
    }

    /// A name in an unusual form, such as ``@@session . `autocommit` ``.
    fn unfollowed(&mut self, assignment: Cursor<'_>) {
        self.is_particular = true;
        if assignment.rest().iter().any(|token| names_autocommit(*token)) {
            self.is_unknown = true;
            self.is_uncertain = true;
        }
    }

    fn variable(&mut self, scope: Option<VariableScope>, name: &str, value: Cursor<'_>) {
        let is_named = |wanted: &str| name.eq_ignore_ascii_case(wanted);
        // Whether GLOBAL holds on behind a comma differs by version.
        let is_doubtful = scope.is_none() && self.is_global;
        self.is_particular |= is_doubtful;
        self.is_uncertain |= is_doubtful;
        if scope == Some(VariableScope::Global) {
            self.is_unknown = true;
            self.is_global = true;
        } else if is_named("autocommit") {
            match switch(value) {
                Some(is_on) => self.autocommit = Some(is_on),
                None => (self.is_unknown, self.is_uncertain) = (true, true),
            }
        } else if is_named("sql_mode") {
            self.is_particular |= !is_pipes_mode(value.rest());
        } else if let Some((_, values)) = HARMLESS_VALUES.iter().find(|(harmless, _)| is_named(harmless)) {
            let is_one = values.iter().any(|wanted| is_value(value.ahead(0), wanted));
            self.is_particular |= !is_one || value.ahead(1).is_some();
        } else {
            self.is_particular |= !HARMLESS.iter().any(|harmless| is_named(harmless));
        }
    }
}

fn names_autocommit(token: Lexeme<'_>) -> bool {
    match token {
        Lexeme::Name { raw: name, .. } | Lexeme::Variable(name) | Lexeme::Word(name) => {
            name.to_ascii_lowercase().contains("autocommit")
        }
        _ => false,
    }
}

fn is_transaction(mut cursor: Cursor<'_>) -> bool {
    take_scope(&mut cursor);
    cursor.is_word(0, "transaction")
}

fn take_scope(cursor: &mut Cursor<'_>) -> Option<VariableScope> {
    if cursor.take_any(&["global", "persist", "persist_only"]) {
        Some(VariableScope::Global)
    } else if cursor.take_any(&["local", "session"]) {
        Some(VariableScope::Session)
    } else {
        None
    }
}

fn take_assign(cursor: &mut Cursor<'_>) -> bool {
    cursor.take_mark(b':');
    cursor.take_mark(b'=')
}

/// The system variable that is assigned to, and its scope if it names one.
fn variable(token: Lexeme<'_>) -> Option<(Option<VariableScope>, &str)> {
    let name = match token {
        Lexeme::Name { raw: name, .. } | Lexeme::Word(name) => return Some((None, name)),
        Lexeme::Variable(name) => name.strip_prefix("@@")?,
        _ => return None,
    };
    let Some((scope, name)) = name.split_once('.') else {
        return Some((None, name));
    };
    let is_session = ["local", "session"].iter().any(|word| scope.eq_ignore_ascii_case(word));
    let scope = if is_session { VariableScope::Session } else { VariableScope::Global };
    Some((Some(scope), name))
}

fn switch(mut value: Cursor<'_>) -> Option<bool> {
    let value = match (value.take()?, value.is_at_end()) {
        (Lexeme::Number(value) | Lexeme::Text(value) | Lexeme::Word(value), true) => value,
        _ => return None,
    };
    let is_one = |words: [&str; 3]| words.iter().any(|word| value.eq_ignore_ascii_case(word));
    match value {
        _ if is_one(["0", "false", "off"]) => Some(false),
        _ if is_one(["1", "on", "true"]) => Some(true),
        _ => None,
    }
}

/// `(SELECT CONCAT(@@sql_mode, ',PIPES_AS_CONCAT'))`, which Diesel sets on each of its connections.
fn is_pipes_mode(value: &[Lexeme<'_>]) -> bool {
    const OPEN: Lexeme<'_> = Lexeme::Mark(b'(');
    const CLOSE: Lexeme<'_> = Lexeme::Mark(b')');
    const COMMA: Lexeme<'_> = Lexeme::Mark(b',');
    matches!(
        value,
        [
            OPEN,
            Lexeme::Word(select),
            Lexeme::Word(concat),
            OPEN,
            Lexeme::Variable("@@sql_mode"),
            COMMA,
            Lexeme::Text(",PIPES_AS_CONCAT"),
            CLOSE,
            CLOSE
        ] if select.eq_ignore_ascii_case("select") && concat.eq_ignore_ascii_case("concat")
    )
}

/// What a SET begins with that sets no variables: the first runs another statement.
const STATEMENTS: [&str; 3] = ["statement", "password", "default"];

/// Variables that change nothing when they are set to one of these: Diesel sets the first four.
const HARMLESS_VALUES: [(&str, &[&str]); 6] = [
    ("character_set_client", &["utf8mb4"]),
    ("character_set_connection", &["utf8mb4"]),
    ("character_set_results", &["utf8mb4"]),
    ("time_zone", &["+00:00"]),
    ("transaction_isolation", &COMMITTED),
    ("tx_isolation", &COMMITTED),
];

const COMMITTED: [&str; 3] = ["read-committed", "repeatable-read", "serializable"];

/// Variables that change how a statement is run and not what it answers.
const HARMLESS: &[&str] = &[
    "bulk_insert_buffer_size",
    "eq_range_index_dive_limit",
    "foreign_key_checks",
    "innodb_lock_wait_timeout",
    "innodb_strict_mode",
    "interactive_timeout",
    "join_buffer_size",
    "lock_wait_timeout",
    "long_query_time",
    "max_execution_time",
    "max_heap_table_size",
    "max_statement_time",
    "net_buffer_length",
    "net_read_timeout",
    "net_retry_count",
    "net_write_timeout",
    "optimizer_prune_level",
    "optimizer_search_depth",
    "optimizer_switch",
    "profiling",
    "query_cache_type",
    "read_buffer_size",
    "read_rnd_buffer_size",
    "sort_buffer_size",
    "sql_big_selects",
    "sql_log_bin",
    "sql_notes",
    "sql_quote_show_create",
    "sql_safe_updates",
    "sql_warnings",
    "tmp_table_size",
    "transaction_read_only",
    "tx_read_only",
    "unique_checks",
    "wait_timeout",
];
