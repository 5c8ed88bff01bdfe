//! Names what a statement does to tables, to its session and to its transaction.

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
    Session(SettingEffect),
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
pub(crate) enum SettingEffect {
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
