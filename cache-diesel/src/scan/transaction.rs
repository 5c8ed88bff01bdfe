//! Decides what a statement does to the transaction.

use super::cursor::Cursor;
use super::doubt;
use super::effect::{Dialect, Effect, Transaction};
use super::token::Lexeme;

/// The words that statements about transactions begin with.
pub(super) const WORDS: [&str; 9] =
    ["abort", "begin", "commit", "end", "prepare", "release", "rollback", "savepoint", "start"];

/// Gives `each` the effects of the statement that begins with `word`, and goes on with `cursor`.
///
/// Each has to be understood to its end.
pub(super) fn effects(word: &str, mut cursor: Cursor<'_>, each: &mut dyn FnMut(Effect)) {
    if !is_about_this(word, &cursor) {
        return each(Effect::Unknown);
    }
    let transaction = match word {
        "begin" => begin(&mut cursor),
        "start" => start(&mut cursor),
        "commit" | "end" => commit(&mut cursor),
        "abort" | "rollback" => rollback(&mut cursor),
        "savepoint" => take_name(&mut cursor).then_some(Transaction::Savepoint),
        "release" => savepoint(&mut cursor).then_some(Transaction::Release),
        _ => prepare(&mut cursor),
    };
    match transaction {
        Some(transaction) if cursor.is_at_end() => each(Effect::Transaction(transaction)),
        _ => {
            each(Effect::Unknown);
            each(doubt::UNCERTAIN);
        }
    }
}

/// Whether the statement is about the transaction that the connection is in.
fn is_about_this(word: &str, cursor: &Cursor<'_>) -> bool {
    let dialect = cursor.dialect;
    match word {
        // Not known to MySQL, where END belongs to blocks.
        "abort" | "end" => dialect != Dialect::Mysql,
        "commit" | "rollback" => !cursor.is_word(0, "prepared"),
        "prepare" => dialect == Dialect::Postgres && cursor.is_word(0, "transaction"),
        "start" => cursor.is_word(0, "transaction"),
        _ => true,
    }
}

fn begin(cursor: &mut Cursor<'_>) -> Option<Transaction> {
    match cursor.dialect {
        Dialect::Mysql => {
            cursor.take_word("work");
        }
        Dialect::Postgres => {
            cursor.take_any(&["transaction", "work"]);
            modes(cursor);
        }
        Dialect::Sqlite => {
            cursor.take_any(&["concurrent", "deferred", "exclusive", "immediate"]);
            transaction_word(cursor);
        }
    }
    Some(Transaction::Begin)
}

fn start(cursor: &mut Cursor<'_>) -> Option<Transaction> {
    cursor.take_word("transaction");
    modes(cursor);
    Some(Transaction::Begin)
}

fn modes(cursor: &mut Cursor<'_>) {
    const MODES: [&str; 14] = [
        "committed",
        "consistent",
        "deferrable",
        "isolation",
        "level",
        "not",
        "only",
        "read",
        "repeatable",
        "serializable",
        "snapshot",
        "uncommitted",
        "with",
        "write",
    ];
    while cursor.take_any(&MODES) || cursor.take_mark(b',') {}
}

fn commit(cursor: &mut Cursor<'_>) -> Option<Transaction> {
    transaction_word(cursor);
    if chain(cursor)? { Some(Transaction::CommitAndChain) } else { Some(Transaction::Commit) }
}

fn rollback(cursor: &mut Cursor<'_>) -> Option<Transaction> {
    transaction_word(cursor);
    if cursor.take_word("to") {
        savepoint(cursor).then_some(Transaction::RollbackTo)
    } else if chain(cursor)? {
        Some(Transaction::RollbackAndChain)
    } else {
        Some(Transaction::Rollback)
    }
}

/// `[SAVEPOINT] name`
fn savepoint(cursor: &mut Cursor<'_>) -> bool {
    // A savepoint may be named so, too.
    if cursor.ahead(1).is_some() {
        cursor.take_word("savepoint");
    }
    take_name(cursor)
}

/// Moves over a name, which may be a text on SQLite.
fn take_name(cursor: &mut Cursor<'_>) -> bool {
    let is_text = cursor.dialect == Dialect::Sqlite && matches!(cursor.ahead(0), Some(Lexeme::Text(_)));
    if is_text {
        cursor.take();
    }
    is_text || cursor.take_identifier()
}

/// `[WORK | TRANSACTION]`, which SQLite lets have a name.
fn transaction_word(cursor: &mut Cursor<'_>) {
    if cursor.take_any(&["transaction", "work"]) && cursor.dialect == Dialect::Sqlite && !cursor.is_word(0, "to") {
        take_name(cursor);
    }
}

/// `[AND [NO] CHAIN] [[NO] RELEASE]`
fn chain(cursor: &mut Cursor<'_>) -> Option<bool> {
    let mut is_chain = false;
    if cursor.take_word("and") {
        is_chain = !cursor.take_word("no");
        cursor.take_word("chain").then_some(())?;
    }
    let is_negated = cursor.take_word("no");
    let is_release = cursor.take_word("release");
    (is_release || !is_negated).then_some(is_chain)
}

fn prepare(cursor: &mut Cursor<'_>) -> Option<Transaction> {
    cursor.take_word("transaction");
    matches!(cursor.take(), Some(Lexeme::Text(_))).then_some(Transaction::Prepare)
}
