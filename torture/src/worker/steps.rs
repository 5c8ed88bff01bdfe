//! Says what a write is made of, and in which form.

use diesel::result::QueryResult;

use crate::message::Version;
use crate::models::number;
use crate::question::{Key, State, Table};
use crate::schema::shared;

/// By which form of statement something is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Form {
    /// A model's manager: `insert`, `save`, `delete`.
    Manager,
    /// A manager's `write`, which takes a statement.
    ManagerStatement,
    /// Diesel's own.
    Plain,
    /// SQL text.
    Raw,
    /// Diesel's own, which gives rows back; or which finds its row by something else than the key.
    Returning,
}

pub(super) const FORMS: [Form; 5] = [Form::Manager, Form::ManagerStatement, Form::Plain, Form::Raw, Form::Returning];

/// Those that name one row by its key, as far as the library can tell.
pub(super) const NARROW_FORMS: [Form; 3] = [Form::Manager, Form::ManagerStatement, Form::Plain];

/// What is around the statements of a write.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Frame {
    /// `BEGIN` and `COMMIT` as statements.
    ByHand,
    /// A transaction that is rolled back.
    RolledBack,
    /// A transaction with a savepoint that is rolled back.
    Savepoint,
    /// Nothing.
    Statement,
    /// A transaction.
    Transaction,
}

/// A part of a write.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// The next version of a row that many write.
    Bump(Key, Form),
    /// The next versions of the items of a shelf that many write.
    BumpShelf(i32, Form),
    /// A row of the worker's own comes to be in another state.
    Put { key: Key, from: State, to: State, form: Form },
}

impl Step {
    /// The rows that it writes.
    pub(super) fn keys(&self) -> Vec<Key> {
        match self {
            Self::Bump(key, _) | Self::Put { key, .. } => vec![*key],
            Self::BumpShelf(shelf, _) => shared_items_of(*shelf),
        }
    }

    /// The state that the run has to give a version.
    pub(super) const fn declared(&self) -> Option<(Key, State)> {
        match self {
            Self::Put { key, to, .. } => Some((*key, *to)),
            Self::Bump(..) | Self::BumpShelf(..) => None,
        }
    }

    /// Whether it has to be in a transaction: it reads what it then writes.
    pub(super) fn is_two_statements(&self) -> bool {
        matches!(self, Self::Bump(_, Form::Manager))
    }
}

fn shared_items_of(shelf: i32) -> Vec<Key> {
    shared().filter(|(key, group)| key.table == Table::Items && *group == shelf).map(|(key, _)| key).collect()
}

/// The versions that rows have at least once more has been added.
pub(super) fn one_more(rows: Vec<(i32, i64)>, table: Table) -> Vec<Version> {
    rows.into_iter().map(|(id, version)| (Key::new(table, id), number(version) + 1)).collect()
}

/// Nobody else writes these rows: a statement that finds none did not do what was declared.
pub(super) fn of_one_row(written: usize) -> QueryResult<()> {
    if written == 1 { Ok(()) } else { Err(diesel::result::Error::NotFound) }
}
