//! Reads from SQL text what it changes and which tables it reads.
//!
//! Nothing here parses SQL in full. The text is cut into tokens ([`lex`]) and statements ([`split`]),
//! a statement is told by its first word ([`statement`]), and what carries data is walked once from
//! left to right ([`walk`]). Whatever is not followed with certainty widens: a write becomes
//! [`Effect::Unknown`], a read is not cached. Every pass is linear in the length of the text, and
//! none recurses, so that text from anywhere can be given in.

mod bound;
mod call;
mod chunk;
mod cursor;
mod doubt;
mod exact;
mod function;
mod lex;
mod memo;
mod name;
mod plain;
mod pragma;
mod quote;
mod read;
mod rule;
mod session;
mod split;
mod statement;
mod transaction;
mod variable;
mod walk;
mod whole;
mod word;
mod write;

#[cfg(test)]
mod tests;

pub(crate) use bound::Bound;
#[cfg(feature = "sqlite")]
pub(crate) use bound::{bytes as printed_bytes, opening_quote, text as printed_text};
pub(crate) use bound::{count as count_binds, last as last_bounds};
pub(crate) use call::listed;
pub(crate) use chunk::{Binds, Bounded, first_chunk};
pub(crate) use exact::{ByKey, OneRow, bind_count, is_plain_column, one_row, sole_change};
pub(crate) use memo::{Fingerprint, Memo};
pub(crate) use name::{has_schema, table_name};
pub(crate) use read::{Called, Looked, read};
pub(crate) use rule::{calls_any, defined_by, rule};
#[cfg(feature = "postgres")]
pub(crate) use session::HARMLESS_SETTINGS;
pub(crate) use whole::is_counted_whole;

/// Whose SQL a text is written in.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Dialect {
    /// MySQL and MariaDB.
    Mysql,
    /// PostgreSQL.
    Postgres,
    /// SQLite.
    Sqlite,
}

/// One statement's effect on what cached reads may see.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Effect {
    /// It changes nothing that a cached read could see.
    Read,
    /// It changes what later statements of this connection mean or see.
    Session(Session),
    /// It controls a transaction past Diesel's back.
    Transaction(Transaction),
    /// It is not understood, or it is DDL: anything may have changed.
    Unknown,
    /// It writes these tables.
    Write(Vec<Written>),
}

impl Effect {
    /// Rows of `table` that exist change or go.
    pub(crate) fn change_of(table: &str) -> Self {
        Self::Write(vec![Written { table: table.to_owned(), kind: WriteKind::Change }])
    }
}

/// What a statement does to its connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Session {
    /// Other databases come within reach, or leave it: ATTACH, USE, a table named with MySQL's database.
    Attach,
    /// MySQL: whether each statement commits by itself.
    Autocommit(bool),
    /// The same SQL may give other rows here than on another connection.
    Particular,
}

/// What a raw statement does to the transaction of its connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Transaction {
    /// Opens one.
    Begin,
    /// Commits it.
    Commit,
    /// Commits it and opens the next.
    CommitAndChain,
    /// Hands it over to be committed by anybody later.
    Prepare,
    /// Forgets a savepoint and keeps what was done since; the outermost one of SQLite may commit.
    Release,
    /// Rolls it back.
    Rollback,
    /// Rolls it back and opens the next.
    RollbackAndChain,
    /// Rolls back to a savepoint.
    RollbackTo,
    /// Sets a savepoint; on SQLite it may open the transaction.
    Savepoint,
}

/// What is done to the rows of a table.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum WriteKind {
    /// Rows that exist change or go: UPDATE, DELETE, TRUNCATE.
    Change,
    /// Rows are added and none is touched: a plain INSERT, one that skips conflicts, COPY FROM.
    Insert,
    /// Rows are added, and those in the way change or go: REPLACE, ON CONFLICT DO UPDATE, MERGE.
    Upsert,
}

/// A table that a statement writes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Written {
    /// The last component of its name, in lower case.
    pub(crate) table: String,
    /// What is done to it.
    pub(crate) kind: WriteKind,
}

/// Gives `each` the effects of the statements in `sql`, in order.
///
/// Empty statements have none. A statement may have several: a `CREATE TEMP TABLE` is unknown and
/// makes the session particular, one `SET` of MySQL sets several variables. From the first place that
/// cannot be read with certainty on, the rest of the text is one unknown statement; if it may have
/// begun or ended a transaction, a [`Transaction::Savepoint`] is given with it, after which nobody can
/// tell either whether one is open.
pub(crate) fn effects(sql: &str, dialect: Dialect, each: &mut dyn FnMut(Effect)) {
    if plain::is_select(sql, dialect) {
        each(Effect::Read);
    } else {
        split::statements(sql, dialect, each);
    }
}
