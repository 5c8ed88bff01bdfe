//! Inserts rows.

use core::marker::PhantomData;

use cache_core::protocol::write::{Change, ChangeSet};
use cache_core::{KeyBytes, Tag};
use diesel::connection::LoadConnection;
use diesel::query_builder::InsertStatement;
use diesel::result::{Error, QueryResult};
use diesel::{Insertable, QuerySource};

use crate::backend::CacheBackend;
use crate::backend::line::at_once;
use crate::catalogue::catalogue_of;
use crate::identity::Identity;
use crate::manager::{Manager, ManagerState};
use crate::misfit::{Fits, Misfit, Never};
use crate::model::CachedModel;
use crate::model::declaration::tables;
use crate::read::WritingConnection;
use crate::track::WriteResult;
#[cfg(feature = "async")]
use crate::write::awaiting::{Awaited, Through};
use crate::write::candidate::prepare;
use crate::write::saved::{for_count, for_rows};
use crate::write::{Executed, Order, WriteMode, by_manager};

impl<M: CachedModel> Manager<M> {
    /// Inserts what Diesel's `values` takes: a struct with `derive(Insertable)`, a tuple of assignments, or several.
    ///
    /// # Consistency
    ///
    /// Lists and counts of the table count as changed, and what was known to be absent. Rows that are there do not.
    /// [`get_result`](InsertWrite::get_result) leaves the scopes that the new row is not in, unless the database has said
    /// that it may change the row afterwards.
    pub fn insert<New, Kind>(self, new: New) -> InsertWrite<M, New::Itself>
    where
        New: NewRows<M::Table, Kind>,
    {
        InsertWrite { state: self.state, new: new.itself(), model: PhantomData }
    }
}

/// What can be inserted into the table `T`: whatever is Diesel's [`Insertable`].
///
/// `Kind` is inferred.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be inserted into `{T}`",
    label = "not `Insertable` into this table",
    note = "add `#[derive(Insertable)]` and `#[diesel(table_name = ..)]` to the struct, or give assignments, as in `insert(products::title.eq(\"Lamp\"))`"
)]
pub trait NewRows<T, Kind> {
    /// This type.
    type Itself;

    /// This.
    fn itself(self) -> Self::Itself;
}

#[diagnostic::do_not_recommend]
impl<T, New: Insertable<T>> NewRows<T, Fits> for New {
    type Itself = New;

    fn itself(self) -> New {
        self
    }
}

// So that nothing is said of the insert of what cannot be inserted.
#[diagnostic::do_not_recommend]
impl<T, New: Never> NewRows<T, Misfit> for New {
    type Itself = New;

    fn itself(self) -> New {
        self
    }
}

/// Rows to be inserted by [`execute`](Self::execute) or [`get_result`](Self::get_result).
#[derive(Debug)]
#[must_use = "nothing is written until a method with a connection is called"]
pub struct InsertWrite<M, New> {
    state: &'static ManagerState,
    new: New,
    model: PhantomData<fn() -> M>,
}

impl<M: CachedModel, New: Insertable<M::Table>> InsertWrite<M, New> {
    /// Inserts and gives the number of new rows.
    ///
    /// # Errors
    ///
    /// Returns what the database says; the cache counts a statement that failed as one that has happened.
    pub fn execute<'conn, C, Mode>(self, conn: &'conn mut C) -> Mode::Reply<'conn, QueryResult<usize>>
    where
        C: WritingConnection<Mode, Backend: CacheBackend>,
        Mode: WriteMode,
        M::Table: QuerySource,
        InsertStatement<M::Table, New::Values>: Executed<<C as WritingConnection<Mode>>::Itself, Mode, Fits> + 'conn,
    {
        let state = self.state;
        Executed::executed(
            Order {
                statement: diesel::insert_into(M::table()).values(self.new),
                table: &state.table,
                change: Box::new(|_, _| Change::Insert),
                after: Box::new(|count| for_count(state, M::AFTER_SAVE, *count)),
            },
            conn.itself(),
        )
    }

    /// Inserts and gives the first new row, as the database has it.
    ///
    /// # Errors
    ///
    /// Returns what the database says, and `NotFound` if nothing was inserted.
    pub fn get_result<'conn, 'query, C, Mode>(self, conn: &'conn mut C) -> Mode::Reply<'conn, QueryResult<M>>
    where
        C: WritingConnection<Mode, Backend: CacheBackend>
            + FetchInserted<'query, New, M, <C as WritingConnection<Mode>>::Backend, Mode>,
        Mode: WriteMode,
        'query: 'conn,
    {
        Mode::map(self.get_results(conn), |rows: QueryResult<Vec<M>>| rows?.into_iter().next().ok_or(Error::NotFound))
    }

    /// Inserts and gives the new rows, as the database has them.
    ///
    /// # Errors
    ///
    /// Returns what the database says.
    pub fn get_results<'conn, 'query, C, Mode>(self, conn: &'conn mut C) -> Mode::Reply<'conn, QueryResult<Vec<M>>>
    where
        C: WritingConnection<Mode, Backend: CacheBackend>
            + FetchInserted<'query, New, M, <C as WritingConnection<Mode>>::Backend, Mode>,
        Mode: WriteMode,
        'query: 'conn,
    {
        conn.fetch_inserted(self)
    }
}

impl<M: CachedModel, New> InsertWrite<M, New> {
    /// Inserts by `fetch` on a connection that blocks.
    pub(crate) fn run<C>(
        self,
        conn: &mut C,
        fetch: impl FnOnce(&mut C, New) -> QueryResult<Vec<M>>,
    ) -> QueryResult<Vec<M>>
    where
        C: LoadConnection<Backend: CacheBackend>,
    {
        let (state, new) = (self.state, self.new);
        let prepared = at_once(prepare::<C, M>(conn, state, None));
        let given = |rows: &Vec<M>| at_once(prepared?.given::<C>(rows));
        let exact = |rows: &Vec<M>, identity| inserted(state, rows, identity);
        let after = |rows: &Vec<M>| for_rows(state, M::AFTER_SAVE, rows);
        by_manager(conn, &state.table, &Change::Insert, |conn| fetch(conn, new), WriteResult { exact, after, given })
    }

    /// What is inserted, and how that is told on a connection that is awaited.
    #[cfg(feature = "async")]
    pub(crate) fn awaited(self) -> (New, Awaited<'static, Vec<M>>, Option<Through<M>>) {
        let state = self.state;
        let told = Awaited {
            table: &state.table,
            change: Box::new(|_| Change::Insert),
            exact: Box::new(|rows: &Vec<M>, identity| inserted(state, rows, identity)),
            after: Box::new(|rows: &Vec<M>| for_rows(state, M::AFTER_SAVE, rows)),
        };
        (self.new, told, Some(Through::of(state, None)))
    }
}

/// A connection that can insert `New` and give the rows back as `M`.
///
/// The backend is a parameter, so that those with RETURNING and those without do not overlap.
#[diagnostic::on_unimplemented(
    message = "`{New}` cannot be inserted as `{M}` on `{Self}`",
    label = "`get_result` reads the new row back",
    note = "`{New}` needs `#[derive(Insertable)]` for the table of `{M}`, and `{M}` needs `#[derive(Queryable, Selectable)]`"
)]
pub trait FetchInserted<'query, New, M, DB, Mode: WriteMode> {
    /// Inserts and loads what came of it.
    ///
    /// # Errors
    ///
    /// Returns what the database says.
    fn fetch_inserted<'conn>(&'conn mut self, write: InsertWrite<M, New>) -> Mode::Reply<'conn, QueryResult<Vec<M>>>
    where
        'query: 'conn;
}

/// What the rows that came back change. A statement that gave no row back has inserted none, but who knows.
fn inserted<M: CachedModel>(state: &ManagerState, rows: &[M], identity: Identity) -> Option<ChangeSet> {
    let tables = tables();
    // A trigger may move a row to another scope after the row was given back.
    let stays = !catalogue_of(identity).is_some_and(|known| known.may_change_later(&state.table));
    let knows_all = stays && tables.knows_all_scopes(&state.table, &state.lookups);
    let mut changes = ChangeSet::new();
    for row in rows {
        let key = tables.has_one_key(&state.table).then(|| KeyBytes::of(&row.id()));
        let scopes = knows_all.then(|| scopes_of(state, row, identity));
        changes.add(&state.table, &Change::Inserted { row: key, scopes }, tables);
    }
    (!rows.is_empty()).then_some(changes)
}

/// Every scope of the model that `row` belongs to.
pub(crate) fn scopes_of<M: CachedModel>(state: &ManagerState, row: &M, identity: Identity) -> Vec<Tag> {
    let table = identity.database.table(&state.table);
    let definitions = M::lookups();
    let scopes = definitions.iter().filter(|definition| !definition.declaration.is_unique);
    scopes
        .filter_map(|scope| (scope.value_of)(row).map(|value| table.scope(scope.declaration.columns, value)))
        .collect()
}
