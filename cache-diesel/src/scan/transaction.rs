//! What does a statement do to the transaction?

use super::cursor::Cursor;
use super::lex::Token;
use super::{Dialect, Effect, Transaction};

/// The words that statements about transactions begin with.
pub(super) const WORDS: [&str; 9] =
    ["abort", "begin", "commit", "end", "prepare", "release", "rollback", "savepoint", "start"];

/// The effect of the statement that begins with `word`, and goes on with `cursor`.
///
/// Each has to be understood to its end: `COMMIT PREPARED` is about another transaction.
pub(super) fn effect(word: &str, mut cursor: Cursor<'_>) -> Effect {
    let transaction = match (word, cursor.dialect) {
        // Not known to MySQL, where END belongs to blocks.
        ("abort" | "end", Dialect::Mysql) => None,
        ("begin", _) => begin(&mut cursor),
        ("start", _) => start(&mut cursor),
        ("commit" | "end", _) => commit(&mut cursor),
        ("abort" | "rollback", _) => rollback(&mut cursor),
        ("savepoint", _) => cursor.take_identifier().then_some(Transaction::Savepoint),
        ("release", _) => savepoint(&mut cursor).then_some(Transaction::Release),
        ("prepare", Dialect::Postgres) => prepare(&mut cursor),
        _ => None,
    };
    match transaction {
        Some(transaction) if cursor.is_at_end() => Effect::Transaction(transaction),
        _ => Effect::Unknown,
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
    if !cursor.take_word("transaction") {
        return None;
    }
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
    cursor.take_identifier()
}

/// `[WORK | TRANSACTION]`, which SQLite lets have a name.
fn transaction_word(cursor: &mut Cursor<'_>) {
    if cursor.take_any(&["transaction", "work"]) && cursor.dialect == Dialect::Sqlite && !cursor.is_word(0, "to") {
        cursor.take_identifier();
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
    let is_transaction = cursor.take_word("transaction");
    let has_name = matches!(cursor.take(), Some(Token::Text(_)));
    (is_transaction && has_name).then_some(Transaction::Prepare)
}
