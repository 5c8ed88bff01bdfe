//! Saves an existing row.

use core::marker::PhantomData;

use cache_core::KeyBytes;
use cache_core::protocol::write::{Change, ChangeSet};
use diesel::result::QueryResult;

use crate::backend::CacheBackend;
use crate::identity::Identity;
use crate::manager::{Manager, ManagerState};
use crate::model::CachedModel;
use crate::model::declaration::tables;
use crate::read::WritingConnection;
use crate::track::WriteResult;
use crate::write::candidate::prepare;
use crate::write::insert::scopes_of;
use crate::write::saved::for_rows;
use crate::write::{by_manager, space_of};

impl<M: CachedModel> Manager<M> {
    /// Saves `row` under its primary key: an update of every field that Diesel's `derive(AsChangeset)` sets.
    ///
    /// # Consistency
    ///
    /// Lists, scopes and counts of the table count as changed, and this row. Other scopes than the row's own stay if all
    /// columns of the table's scopes are declared `fixed`. A row that came from the cache may be older than the
    /// database's: read it again before it is changed and saved.
    pub fn save(self, row: &M) -> SaveWrite<'_, M> {
        SaveWrite { state: self.state, row, model: PhantomData }
    }
}

/// A row to be saved by [`execute`](Self::execute) or [`get_result`](Self::get_result).
#[derive(Debug)]
#[must_use = "nothing is written until a method with a connection is called"]
pub struct SaveWrite<'row, M> {
    state: &'static ManagerState,
    row: &'row M,
    model: PhantomData<fn() -> M>,
}

impl<'row, M: CachedModel> SaveWrite<'row, M> {
    /// Saves the row and gives the number of rows that were updated: none if it is not there.
    ///
    /// # Errors
    ///
    /// Returns what the database says; the cache counts a statement that failed as one that has happened.
    pub fn execute<'query, C>(self, conn: &mut C) -> QueryResult<usize>
    where
        C: WritingConnection<Backend: CacheBackend> + FetchSaved<'query, 'row, M, C::Backend>,
    {
        self.run(conn).map(|saved| usize::from(saved.is_some()))
    }

    /// Saves the row and gives it as the database has it.
    ///
    /// # Errors
    ///
    /// Returns what the database says, and `NotFound` if the row is not there.
    pub fn get_result<'query, C>(self, conn: &mut C) -> QueryResult<M>
    where
        C: WritingConnection<Backend: CacheBackend> + FetchSaved<'query, 'row, M, C::Backend>,
    {
        self.run(conn)?.ok_or(diesel::result::Error::NotFound)
    }

    fn run<'query, C>(self, conn: &mut C) -> QueryResult<Option<M>>
    where
        C: WritingConnection<Backend: CacheBackend> + FetchSaved<'query, 'row, M, C::Backend>,
    {
        let table = self.state.table.as_str();
        let is_one_type = tables().has_one_key(table);
        let is_exact = is_one_type && M::key_comparison().is_exact(space_of(conn, table), table);
        let asked = is_exact.then(|| KeyBytes::of(&self.row.id()));
        let prepared = M::WRITE_THROUGH.and_then(|_| prepare(conn, self.state, Some(KeyBytes::of(&self.row.id()))));
        let given = |saved: &Option<M>| prepared?.given(saved.as_slice());
        let exact = |saved: &Option<M>, identity| Some(saved_changes(self.state, saved.as_ref()?, identity));
        let after = |saved: &Option<M>| for_rows(self.state, M::AFTER_SAVE, saved.iter().map(M::id));
        by_manager(
            conn,
            table,
            &Change::Save(asked),
            |conn| conn.fetch_saved(self.row),
            WriteResult { exact, after, given },
        )
    }
}

/// What a row that came back changed.
fn saved_changes<M: CachedModel>(state: &ManagerState, row: &M, identity: Identity) -> ChangeSet {
    let tables = tables();
    // A save that sets the key too may have written it in other letters: then the old row has another tag.
    let is_key_kept = M::key_comparison().is_exact(identity.space, &state.table) || !M::DEFINITION.is_key_saved;
    let key = (is_key_kept && tables.has_one_key(&state.table)).then(|| KeyBytes::of(&row.id()));
    let scopes = tables.keeps_scopes(&state.table, &state.lookups).then(|| scopes_of(state, row, identity));
    let mut changes = ChangeSet::new();
    changes.add(&state.table, &Change::Saved { row: key, scopes }, tables);
    changes
}

/// A connection that can save an `M` and give it back.
///
/// The backend is a parameter, so that those with RETURNING and those without do not overlap.
#[diagnostic::on_unimplemented(
    message = "`{M}` cannot be saved on `{Self}`",
    label = "`save` sets what `AsChangeset` sets, and reads the row back",
    note = "`{M}` needs `#[derive(AsChangeset, Queryable, Selectable)]`"
)]
pub trait FetchSaved<'query, 'row, M, DB> {
    /// Updates the row with the key of `row` and loads what came of it.
    ///
    /// # Errors
    ///
    /// Returns what the database says.
    fn fetch_saved(&mut self, row: &'row M) -> QueryResult<Option<M>>;
}
