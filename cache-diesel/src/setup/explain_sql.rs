//! Explains what a text of SQL changes in the cache.

use core::fmt;

use crate::model::row_key::RowKey;
use crate::scan::{self, Dialect, Effect, SettingEffect, Transaction, WriteKind, Written};

/// What a text of SQL counts as. [`Display`](fmt::Display) says it in lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqlExplanation {
    readings: Vec<(Dialect, Vec<String>)>,
}

/// Says what a text of SQL counts as when it runs on a tracked connection, and why: for each database that the program was
/// built for. Values that are bound are written `?` or `$1`, as Diesel prints them.
///
/// # Examples
///
/// ```
/// let told = cache_diesel::explain_sql("UPDATE orders SET paid = TRUE WHERE customer = 7").to_string();
/// assert!(told.contains("changes or deletes rows of `orders`"), "{told}");
/// assert!(told.contains("every row"), "{told}");
/// ```
#[must_use]
pub fn explain_sql(sql: &str) -> SqlExplanation {
    let readings = DIALECTS.iter().map(|dialect| (*dialect, read(sql, *dialect))).collect();
    SqlExplanation { readings }
}

const DIALECTS: &[Dialect] = &[
    #[cfg(feature = "sqlite")]
    Dialect::Sqlite,
    #[cfg(feature = "postgres")]
    Dialect::Postgres,
    #[cfg(feature = "mysql")]
    Dialect::Mysql,
];

fn read(sql: &str, dialect: Dialect) -> Vec<String> {
    let mut lines = Vec::new();
    scan::effects(sql, dialect, &mut |effect| match effect {
        Effect::Read => lines.push(of_read(sql, dialect)),
        Effect::Session(session) => lines.push(of_session(session).to_owned()),
        Effect::Transaction(transaction) => lines.push(of_transaction(transaction).to_owned()),
        Effect::Unknown => lines.push(
            "is not understood, or changes the schema: everything that is kept of the database counts as changed"
                .into(),
        ),
        Effect::Write(written) => lines.extend(written.iter().map(|written| of_write(written, sql, dialect))),
    });
    lines
}

fn of_read(sql: &str, dialect: Dialect) -> String {
    let Some(looked) = scan::read(sql, dialect) else {
        return "changes nothing that a cached read sees; as a cached read it would go to the database: its tables cannot \
                be told from its text, or it locks rows"
            .into();
    };
    let tables: Vec<String> = looked.tables.iter().map(|table| format!("`{table}`")).collect();
    let tables = if tables.is_empty() { "no table".into() } else { tables.join(", ") };
    if looked.is_deterministic {
        format!("reads {tables}; as a cached read it depends on them")
    } else {
        format!(
            "reads {tables}; as a cached read it would go to the database: it calls a function that may give another \
                 result next time"
        )
    }
}

fn of_write(written: &Written, sql: &str, dialect: Dialect) -> String {
    let table = &written.table;
    match written.kind {
        WriteKind::Insert => {
            format!(
                "adds rows to `{table}`: its lists, counts and known absences count as changed, and none of its rows"
            )
        }
        WriteKind::Upsert => {
            format!("adds rows to `{table}`, and changes those in the way: every row and list of it counts as changed")
        }
        WriteKind::Change => format!("changes or deletes rows of `{table}`: {}", extent(table, sql, dialect)),
    }
}

/// How many rows count as changed, and why.
fn extent(table: &str, sql: &str, dialect: Dialect) -> &'static str {
    match RowKey::of(table) {
        None => {
            "every row of it counts, because no cached model of the table has a key whose values are equal byte by byte"
        }
        Some(key) if key.one_row(sql, dialect).is_some() => {
            "one row of it counts, whose key is bound last, if the database compares that key byte by byte"
        }
        Some(_) => {
            "every row of it counts, because the text is not one UPDATE or DELETE by primary key as Diesel prints it"
        }
    }
}

const fn of_session(session: SettingEffect) -> &'static str {
    match session {
        SettingEffect::Attach => {
            "brings other databases within reach: tables are told apart by name alone from then on"
        }
        SettingEffect::Autocommit(true) => "each statement commits by itself from then on",
        SettingEffect::Autocommit(false) => "the connection counts as in a transaction from then on",
        SettingEffect::Particular => {
            "the same SQL may give other rows on this connection from then on: its reads keep to themselves, or bypass"
        }
    }
}

const fn of_transaction(transaction: Transaction) -> &'static str {
    match transaction {
        Transaction::Begin => "opens a transaction: its reads go to the database until it ends",
        Transaction::Commit | Transaction::CommitAndChain => "commits: what was written counts from then on",
        Transaction::Prepare => {
            "hands the transaction over to be committed by anybody: what was written counts at once"
        }
        Transaction::Release | Transaction::Savepoint => "sets or forgets a savepoint",
        Transaction::Rollback | Transaction::RollbackAndChain | Transaction::RollbackTo => {
            "rolls back: what was written does not count, as far as it was understood"
        }
    }
}

impl fmt::Display for SqlExplanation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, others @ ..] = self.readings.as_slice() else {
            return formatter.write_str("the program is built for no database");
        };
        if others.iter().all(|(_, lines)| *lines == first.1) {
            return formatter.write_str(&first.1.join("\n"));
        }
        for (at, (dialect, lines)) in self.readings.iter().enumerate() {
            if at > 0 {
                formatter.write_str("\n")?;
            }
            write!(formatter, "{dialect:?}: {}", lines.join("; "))?;
        }
        Ok(())
    }
}
