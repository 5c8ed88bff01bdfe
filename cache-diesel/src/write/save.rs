//! Saves an existing row.

use core::marker::PhantomData;

use cache_core::protocol::write::{Change, ChangeSet};
use cache_core::{Fingerprint, KeyBytes};
use diesel::connection::LoadConnection;
use diesel::result::QueryResult;

use crate::backend::CacheBackend;
use crate::backend::line::at_once;
use crate::identity::Identity;
use crate::manager::{Manager, ManagerState};
use crate::model::CachedModel;
use crate::model::declaration::tables;
use crate::read::WritingConnection;
use crate::track::WriteResult;
#[cfg(feature = "async")]
use crate::write::awaiting::{Awaited, Through};
use crate::write::candidate::prepare;
use crate::write::insert::scopes_of;
use crate::write::saved::for_rows;
use crate::write::{WriteMode, by_manager, space_of};

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
    pub fn execute<'conn, 'query, C, Mode>(self, conn: &'conn mut C) -> Mode::Reply<'conn, QueryResult<usize>>
    where
        C: WritingConnection<Mode, Backend: CacheBackend>
            + FetchSaved<'query, 'row, M, <C as WritingConnection<Mode>>::Backend, Mode>,
        Mode: WriteMode,
        'query: 'conn,
        'row: 'conn,
    {
        let count = |saved: QueryResult<Option<M>>| Ok(usize::from(saved?.is_some()));
        Mode::map(conn.fetch_saved(self), count)
    }

    /// Saves the row and gives it as the database has it.
    ///
    /// # Errors
    ///
    /// Returns what the database says, and `NotFound` if the row is not there.
    pub fn get_result<'conn, 'query, C, Mode>(self, conn: &'conn mut C) -> Mode::Reply<'conn, QueryResult<M>>
    where
        C: WritingConnection<Mode, Backend: CacheBackend>
            + FetchSaved<'query, 'row, M, <C as WritingConnection<Mode>>::Backend, Mode>,
        Mode: WriteMode,
        'query: 'conn,
        'row: 'conn,
    {
        Mode::map(conn.fetch_saved(self), |saved: QueryResult<Option<M>>| saved?.ok_or(diesel::result::Error::NotFound))
    }

    /// Saves by `fetch` on a connection that blocks.
    pub(crate) fn run<C>(
        self,
        conn: &mut C,
        fetch: impl FnOnce(&mut C, &'row M) -> QueryResult<Option<M>>,
    ) -> QueryResult<Option<M>>
    where
        C: LoadConnection<Backend: CacheBackend>,
    {
        let table = self.state.table.as_str();
        let change = change_of(self.state, self.row, || space_of(conn, table));
        let prepared = M::WRITE_THROUGH
            .and_then(|_| at_once(prepare::<C, M>(conn, self.state, Some(KeyBytes::of(&self.row.id())))));
        let given = |saved: &Option<M>| at_once(prepared?.given::<C>(saved.as_slice()));
        let exact = |saved: &Option<M>, identity| Some(saved_changes(self.state, saved.as_ref()?, identity));
        let after = |saved: &Option<M>| for_rows(self.state, M::AFTER_SAVE, saved);
        by_manager(conn, table, &change, |conn| fetch(conn, self.row), WriteResult { exact, after, given })
    }

    /// The row, and how its save is told on a connection that is awaited.
    #[cfg(feature = "async")]
    pub(crate) fn awaited(self) -> (&'row M, Awaited<'row, Option<M>>, Option<Through<M>>) {
        let (state, row) = (self.state, self.row);
        let told = Awaited {
            table: &state.table,
            change: Box::new(move |space| change_of(state, row, space)),
            exact: Box::new(|saved: &Option<M>, identity| Some(saved_changes(state, saved.as_ref()?, identity))),
            after: Box::new(|saved: &Option<M>| for_rows(state, M::AFTER_SAVE, saved)),
        };
        let through = M::WRITE_THROUGH.map(|_| Through::of(state, Some(KeyBytes::of(&row.id()))));
        (row, told, through)
    }
}

/// What a save of `row` changes; `space`: under what the contents of the database are kept.
fn change_of<M: CachedModel>(
    state: &'static ManagerState,
    row: &M,
    space: impl FnOnce() -> Option<Fingerprint>,
) -> Change {
    let is_exact = tables().has_one_key(&state.table) && M::key_comparison().is_exact(space(), &state.table);
    Change::Save(is_exact.then(|| KeyBytes::of(&row.id())))
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
pub trait FetchSaved<'query, 'row, M, DB, Mode: WriteMode> {
    /// Updates the row with the key of the one given and loads what came of it.
    ///
    /// # Errors
    ///
    /// Returns what the database says.
    fn fetch_saved<'conn>(&'conn mut self, write: SaveWrite<'row, M>) -> Mode::Reply<'conn, QueryResult<Option<M>>>
    where
        'query: 'conn,
        'row: 'conn;
}
