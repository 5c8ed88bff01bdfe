//! Classifies a statement by its first word.

use super::cursor::{Cursor, is};
use super::effect::{Dialect, Effect, SettingEffect, WriteKind};
use super::name::SqlTable;
use super::read::begins_query;
use super::token::Lexeme;
use super::walk::{self, Facts};
use super::write::TEMPORARY;
use super::{doubt, pragma, session, transaction, variable};

/// Gives `each` the effects of one statement; an empty one has none.
pub(super) fn effects(tokens: &[Lexeme<'_>], dialect: Dialect, each: &mut dyn FnMut(Effect)) {
    let mut cursor = Cursor::new(tokens, dialect);
    let Some(first) = cursor.take() else { return };
    if begins_query(first) {
        return data(Cursor::new(tokens, dialect), each);
    }
    cursor.back();
    let Some(word) = cursor.keyword() else {
        return each(Effect::Unknown);
    };
    cursor.take();
    match (word.as_str(), dialect) {
        ("delete" | "insert" | "merge" | "replace" | "update", _) => {
            change(Cursor::new(tokens, dialect), each);
        }
        ("copy", Dialect::Postgres) => copy(cursor, each),
        ("declare", Dialect::Postgres) => declare(cursor, each),
        ("desc" | "describe" | "explain", _) => explain(cursor, each),
        ("load", Dialect::Mysql) => load(cursor, each),
        ("truncate", Dialect::Postgres) => truncate(cursor, each),
        ("pragma", Dialect::Sqlite) => each(pragma::effect(cursor)),
        ("set", Dialect::Mysql) => variable::effects(cursor, each),
        ("xa", Dialect::Mysql) => {
            // A transaction of its own kind, which COMMIT does not end.
            each(Effect::Unknown);
            each(doubt::UNCERTAIN);
        }
        ("attach" | "detach", Dialect::Sqlite) => each(Effect::Session(SettingEffect::Attach)),
        ("discard" | "reset" | "set" | "use", _) => each(session::effect(word.as_str(), cursor)),
        (word, _) if transaction::WORDS.contains(&word) => transaction::effects(word, cursor, each),
        ("call" | "do" | "execute", _) => run(word.as_str(), tokens, dialect, each),
        // Conditions in them may call anything.
        ("kill" | "show", Dialect::Mysql) => give_read(walk::walk(cursor), each),
        (word, _) if changes_no_rows(word, dialect) => each(Effect::Read),
        _ => unknown(tokens, dialect, each),
    }
}

/// Statements that leave all rows and names as they are.
fn changes_no_rows(word: &str, dialect: Dialect) -> bool {
    match word {
        "checkpoint" | "close" | "deallocate" | "fetch" | "kill" | "listen" | "move" | "notify" | "reindex"
        | "show" | "unlisten" => true,
        // On SQLite it may number the rows of a table without a key anew.
        "vacuum" => dialect != Dialect::Sqlite,
        "analyse" => dialect == Dialect::Postgres,
        // On MySQL the one commits, and so does the other, which may also run a statement.
        "analyze" | "lock" => dialect != Dialect::Mysql,
        _ => false,
    }
}

/// SELECT, WITH and the like.
fn data(cursor: Cursor<'_>, each: &mut dyn FnMut(Effect)) {
    give(walk::walk(cursor), each);
}

/// INSERT, UPDATE and the like: they write something, or were not understood.
fn change(cursor: Cursor<'_>, each: &mut dyn FnMut(Effect)) {
    let mut facts = walk::walk(cursor);
    facts.is_unknown |= facts.written.is_empty();
    give(facts, each);
}

/// A function without a known body may also set what row-level security reads.
fn give(facts: Facts, each: &mut dyn FnMut(Effect)) {
    let facts = Facts { is_particular: facts.is_particular || facts.is_calling, ..facts };
    let is_read = facts.written.is_empty() && !facts.is_particular;
    if facts.is_unknown || facts.is_calling {
        each(Effect::Unknown);
    } else if is_read {
        each(Effect::Read);
    } else if !facts.written.is_empty() {
        each(Effect::Write(facts.written));
    }
    if facts.is_elsewhere {
        each(Effect::Session(SettingEffect::Attach));
    }
    if facts.is_particular {
        each(Effect::Session(SettingEffect::Particular));
    }
}

/// Only reading statements are followed where they stand inside of another one.
fn give_read(facts: Facts, each: &mut dyn FnMut(Effect)) {
    let is_unknown = facts.is_unknown || !facts.written.is_empty();
    give(Facts { is_unknown, ..facts }, each);
}

fn copy(mut cursor: Cursor<'_>, each: &mut dyn FnMut(Effect)) {
    if cursor.take_mark(b'(') {
        return match cursor.take_parenthesised() {
            Some(query) if cursor.take_word("to") => give_read(walk::walk(query), each),
            _ => each(Effect::Unknown),
        };
    }
    let table = cursor.take_table();
    let is_followed = !cursor.take_mark(b'(') || cursor.take_parenthesised().is_some();
    match table {
        Some(_) if is_followed && cursor.take_word("to") => each(Effect::Read),
        Some(table) if is_followed && cursor.take_word("from") => {
            give(filled(table, WriteKind::Insert, cursor, "where"), each);
        }
        _ => each(Effect::Unknown),
    }
}

/// `LOAD DATA .. INFILE 'f' .. INTO TABLE t`.
fn load(mut cursor: Cursor<'_>, each: &mut dyn FnMut(Effect)) {
    let is_file = cursor.take_any(&["data", "xml"]);
    cursor.take_all(&["concurrent", "local", "low_priority"]);
    let has_file = cursor.take_word("infile") && matches!(cursor.take(), Some(Lexeme::Text(_)));
    let is_replace = cursor.take_word("replace");
    cursor.take_word("ignore");
    let has_table = cursor.take_word("into") && cursor.take_word("table");
    let kind = if is_replace { WriteKind::Upsert } else { WriteKind::Insert };
    match cursor.take_table() {
        Some(table) if is_file && has_file && has_table => give(filled(table, kind, cursor, "set"), each),
        _ => each(Effect::Unknown),
    }
}

/// What filling `table` comes to; behind `word`, functions may be called.
fn filled(table: SqlTable, kind: WriteKind, mut cursor: Cursor<'_>, word: &str) -> Facts {
    while !cursor.is_at_end() && !cursor.take_word(word) {
        cursor.take();
    }
    let mut facts = walk::walk(cursor);
    facts.note_written(table, kind);
    facts
}

fn truncate(mut cursor: Cursor<'_>, each: &mut dyn FnMut(Effect)) {
    let mut facts = Facts::default();
    cursor.take_word("table");
    loop {
        cursor.take_word("only");
        let Some(table) = cursor.take_table() else {
            return each(Effect::Unknown);
        };
        facts.note_written(table, WriteKind::Change);
        cursor.take_mark(b'*');
        if !cursor.take_mark(b',') {
            break;
        }
    }
    // CASCADE reaches tables that are not named.
    cursor.take_all(&["continue", "identity", "restart", "restrict"]);
    facts.is_unknown |= !cursor.is_at_end();
    give(facts, each);
}

/// `DECLARE c .. CURSOR .. FOR query`.
fn declare(mut cursor: Cursor<'_>, each: &mut dyn FnMut(Effect)) {
    cursor.take_identifier();
    cursor.take_all(&["asensitive", "binary", "insensitive", "no", "scroll"]);
    let is_cursor = cursor.take_word("cursor");
    cursor.take_all(&["hold", "with", "without"]);
    if is_cursor && cursor.take_word("for") && cursor.ahead(0).is_some_and(begins_query) {
        give_read(walk::walk(cursor), each);
    } else {
        each(Effect::Unknown);
    }
}

/// EXPLAIN runs its statement only if told to ANALYZE it.
fn explain(mut cursor: Cursor<'_>, each: &mut dyn FnMut(Effect)) {
    const OPTIONS: [&str; 9] =
        ["extended", "format", "json", "partitions", "plan", "query", "traditional", "tree", "verbose"];
    let mut is_run = false;
    if cursor.ahead(1).is_some_and(|token| !begins_query(token)) && cursor.take_mark(b'(') {
        let Some(mut options) = cursor.take_parenthesised() else {
            return each(Effect::Unknown);
        };
        while let Some(token) = options.take() {
            is_run |= is_analyze(token);
        }
    }
    while let Some(token) = cursor.ahead(0) {
        let is_option = cursor.take_any(&OPTIONS) || cursor.take_mark(b'=');
        if !is_option && !is_analyze(token) {
            break;
        }
        if !is_option {
            is_run = true;
            cursor.take();
        }
    }
    // SQLite runs some pragmas while it compiles them.
    if cursor.dialect == Dialect::Sqlite && cursor.take_word("pragma") {
        each(pragma::effect(cursor));
    } else if !is_run {
        each(Effect::Read);
    } else if cursor.ahead(0).is_some_and(begins_query) {
        give_read(walk::walk(cursor), each);
    } else {
        each(Effect::Unknown);
    }
}

fn is_analyze(token: Lexeme<'_>) -> bool {
    match token {
        Lexeme::Name { raw: word, .. } | Lexeme::Word(word) => {
            word.eq_ignore_ascii_case("analyze") || word.eq_ignore_ascii_case("analyse")
        }
        _ => false,
    }
}

/// Statements that run what is written elsewhere: it may change the session too, and on MySQL begin a transaction that
/// it leaves open.
fn run(word: &str, tokens: &[Lexeme<'_>], dialect: Dialect, each: &mut dyn FnMut(Effect)) {
    unknown(tokens, dialect, each);
    if dialect == Dialect::Mysql && word != "do" {
        each(doubt::UNCERTAIN);
    }
    // The other word for it has been noticed already.
    if dialect != Dialect::Sqlite && word != "execute" {
        each(Effect::Session(SettingEffect::Particular));
    }
}

/// What is not understood, and more so if it makes or drops what only this connection sees.
fn unknown(tokens: &[Lexeme<'_>], dialect: Dialect, each: &mut dyn FnMut(Effect)) {
    each(Effect::Unknown);
    let mut cursor = Cursor::new(tokens, dialect);
    let is_definition = cursor.is_word(0, "create") || cursor.is_word(0, "drop");
    let is_temporary = |cursor: &Cursor<'_>, count| TEMPORARY.iter().any(|word| cursor.is_word(count, word));
    let mut is_particular = is_definition && (1..5).any(|count| is_temporary(&cursor, count));
    let mut is_elsewhere = false;
    let is_kept = is_kept_for_later(cursor);
    let may_call = |token| !is_kept && dialect != Dialect::Sqlite && CALLING.iter().any(|word| is(Some(token), word));
    while let Some(token) = cursor.take() {
        is_particular |= may_call(token);
        if cursor.ahead(0) == Some(Lexeme::Mark(b'.')) {
            is_particular |= names_temporary(token);
            is_elsewhere |= dialect == Dialect::Mysql;
        }
    }
    if is_elsewhere {
        each(Effect::Session(SettingEffect::Attach));
    }
    if is_particular {
        each(Effect::Session(SettingEffect::Particular));
    }
}

/// Whether a statement runs nothing that it holds: it defines it, or is about rights.
fn is_kept_for_later(cursor: Cursor<'_>) -> bool {
    let is_any = |count, words: &[&str]| words.iter().any(|word| cursor.is_word(count, word));
    let is_code =
        (1..6).any(|count| is_any(count, &["event", "function", "policy", "procedure", "rule", "trigger", "view"]));
    let is_filled = (1..4).any(|count| cursor.is_word(count, "materialized"));
    is_any(0, &["comment", "grant", "prepare", "revoke"]) || (cursor.is_word(0, "create") && is_code && !is_filled)
}

/// What is not followed and has one of these may call functions of any kind, or change settings as rows.
const CALLING: [&str; 4] = ["execute", "pg_settings", "select", "set_config"];

fn names_temporary(token: Lexeme<'_>) -> bool {
    match token {
        Lexeme::Name { raw: name, .. } | Lexeme::Text(name) | Lexeme::Word(name) => {
            let name = name.to_ascii_lowercase();
            name == "temp" || name.starts_with("pg_temp")
        }
        _ => false,
    }
}
