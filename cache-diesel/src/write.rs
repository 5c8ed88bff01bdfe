//! Writes through the manager, by Diesel's verbs, with exact invalidation.

#[cfg(feature = "async")]
pub(crate) mod awaiting;
mod candidate;
mod delete;
mod insert;
mod mode;
mod named;
mod rows;
mod save;
mod saved;
mod statement;
mod target;
mod untracked;

pub use crate::model::saved::Saved;
pub use delete::DeleteWrite;
pub use insert::{FetchInserted, InsertWrite, NewRows};
pub use mode::{Order, WriteMode};
#[cfg(feature = "async")]
pub use named::writes_async;
pub use named::{ByName, ByTable, ByTables, TableNames, writes};
pub use rows::{Executed, WrittenRows};
pub use save::{FetchSaved, SaveWrite};
pub use statement::{FetchWritten, StatementWrite};
pub use target::{GivesBack, WriteTarget, WritesTo};

use cache_core::protocol::write::{Change, ChangeSet};
use cache_core::{Candidate, Fingerprint};
use diesel::connection::LoadConnection;
use diesel::result::QueryResult;

use crate::backend::CacheBackend;
use crate::backend::line::at_once;
use crate::identity::Identity;
use crate::model::declaration::{has_schema, is_stated, tables};
use crate::read::{consult_writer, introduce_writer, is_in_transaction};
use crate::scan::Dialect;
use crate::track::{Hook, WriteResult, tracker_of, writing};

/// Runs a write of one table. `announced` is what it may change at most; `told` tells, of its result, what it did.
pub(crate) fn by_manager<C, T>(
    conn: &mut C,
    table: &str,
    announced: &Change,
    write: impl FnOnce(&mut C) -> QueryResult<T>,
    told: WriteResult<
        impl FnOnce(&T, Identity) -> Option<ChangeSet>,
        impl FnOnce(&T) -> Vec<Hook>,
        impl FnOnce(&T) -> Option<Candidate>,
    >,
) -> QueryResult<T>
where
    C: LoadConnection<Backend: CacheBackend>,
{
    let changes = announced_changes::<C::Backend>(table, announced);
    at_once(introduce_writer::<C>(conn));
    if let Some(tracker) = tracker_of(conn) {
        tracker.ensure(&changes).map_err(untracked::refused::<diesel::result::Error>)?;
        return writing(conn, changes, write, told);
    }
    let written = untracked::write(conn, &changes, write)?;
    // In a transaction nobody would tell of the commit.
    if !is_in_transaction::<C>(conn) {
        (told.after)(&written).into_iter().for_each(|hook| hook());
    }
    Ok(written)
}

/// What a write changes at most that changes `announced` of `table`.
fn announced_changes<DB: CacheBackend>(table: &str, announced: &Change) -> ChangeSet {
    let mut changes = ChangeSet::new();
    changes.add(table, announced, tables());
    if DB::DIALECT == Dialect::Mysql && has_schema(table) {
        changes.add_other_databases();
    }
    changes
}

/// Under what the contents of the database are kept whose `table` is written on `conn`, if that is known.
pub(crate) fn space_of<C: LoadConnection<Backend: CacheBackend>>(conn: &mut C, table: &str) -> Option<Fingerprint> {
    at_once(introduce_writer::<C>(conn));
    if is_stated(table) {
        at_once(consult_writer::<C>(conn));
    }
    tracker_of(conn)?.present_identity().map(|identity| identity.space)
}

/// For a write whose result does not tell what it changed.
pub(crate) fn as_announced<T>(_: &T, _: Identity) -> Option<ChangeSet> {
    None
}

/// For a write that gives no row back to be stored.
pub(crate) fn not_given<T>(_: &T) -> Option<Candidate> {
    None
}
