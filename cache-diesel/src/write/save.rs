//! Saving a row that is there.

use core::marker::PhantomData;

use cache_core::KeyBytes;
use cache_core::protocol::write::{Change, ChangeSet};
use diesel::connection::LoadConnection;
use diesel::result::QueryResult;

use crate::backend::CacheBackend;
use crate::declaration::tables;
use crate::manager::{Manager, ManagerState};
use crate::model::CachedModel;
use crate::write::write_through;

impl<M: CachedModel> Manager<M> {
    /// Saves `row` under its primary key: an update of every field that Diesel's `derive(AsChangeset)` sets.
    ///
    /// # Consistency
    ///
    /// Lists, scopes and counts of the table count as changed, and this row. A row that came from the cache may be older than the database's: read it again before it is changed and saved.
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
        C: LoadConnection<Backend: CacheBackend> + FetchSaved<'query, 'row, M, C::Backend>,
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
        C: LoadConnection<Backend: CacheBackend> + FetchSaved<'query, 'row, M, C::Backend>,
    {
        self.run(conn)?.ok_or(diesel::result::Error::NotFound)
    }

    fn run<'query, C>(self, conn: &mut C) -> QueryResult<Option<M>>
    where
        C: LoadConnection<Backend: CacheBackend> + FetchSaved<'query, 'row, M, C::Backend>,
    {
        let table = self.state.table.as_str();
        let is_one_type = tables().has_one_key(table);
        let asked = (is_one_type && M::is_key_exact()).then(|| KeyBytes::of(&self.row.id()));
        let exact = |saved: &Option<M>, _| {
            let saved = saved.as_ref()?;
            let mut changes = ChangeSet::new();
            changes.add(table, &Change::Save(is_one_type.then(|| KeyBytes::of(&saved.id()))), tables());
            Some(changes)
        };
        write_through(conn, table, &Change::Save(asked), |conn| conn.fetch_saved(self.row), exact)
    }
}

/// A connection that can save an `M` and give it back.
///
/// The backend is a parameter, so that those with RETURNING and those without do not overlap.
#[diagnostic::on_unimplemented(
    message = "`{M}` cannot be saved on `{Self}`",
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
