//! Deletes a row by its key.

use core::marker::PhantomData;

use cache_core::KeyBytes;
use cache_core::protocol::write::Change;
use diesel::dsl::Find;
use diesel::query_builder::{DeleteStatement, IntoUpdateTarget};
use diesel::query_dsl::methods::FindDsl;
use diesel::result::QueryResult;

use crate::backend::CacheBackend;
use crate::manager::{Manager, ManagerState};
use crate::misfit::Fits;
use crate::model::CachedModel;
use crate::model::declaration::tables;
use crate::model::keys::IntoKey;
use crate::read::WritingConnection;
use crate::write::saved::for_key;
use crate::write::{Executed, Order, WriteMode};

impl<M: CachedModel> Manager<M> {
    /// Deletes the row with the primary key `id`.
    ///
    /// # Consistency
    ///
    /// Lists, scopes and counts of the table count as changed, and this row; with a key that the database may
    /// compare otherwise than byte by byte, such as text, every row.
    pub fn delete<K: IntoKey<M::Id>>(self, id: K) -> DeleteWrite<M> {
        DeleteWrite { state: self.state, key: id.into_key(), model: PhantomData }
    }
}

/// A row to be deleted by [`execute`](Self::execute).
#[derive(Debug)]
#[must_use = "nothing is written until a method with a connection is called"]
pub struct DeleteWrite<M: CachedModel> {
    state: &'static ManagerState,
    key: M::Id,
    model: PhantomData<fn() -> M>,
}

type Where<M> = <Find<<M as CachedModel>::Table, <M as CachedModel>::Id> as IntoUpdateTarget>::WhereClause;

impl<M: CachedModel> DeleteWrite<M> {
    /// Deletes the row and gives the number of rows that were deleted.
    ///
    /// # Errors
    ///
    /// Returns what the database says; the cache counts a statement that failed as one that has happened.
    pub fn execute<'conn, C, Mode>(self, conn: &'conn mut C) -> Mode::Reply<'conn, QueryResult<usize>>
    where
        C: WritingConnection<Mode, Backend: CacheBackend>,
        Mode: WriteMode,
        Find<M::Table, M::Id>: IntoUpdateTarget<Table = M::Table>,
        DeleteStatement<M::Table, Where<M>>: Executed<<C as WritingConnection<Mode>>::Itself, Mode, Fits>,
    {
        let (table, state, key) = (self.state.table.as_str(), self.state, self.key);
        let (row, statement) = (KeyBytes::of(&key), diesel::delete(FindDsl::find(M::table(), key.clone())));
        // A text may name rows that are written in other letters: only keys that are compared byte by byte are exact.
        let is_exact = move |space| tables().has_one_key(table) && M::key_comparison().is_exact(space, table);
        Executed::executed(
            Order {
                statement,
                table,
                change: Box::new(move |_, space| Change::Delete(is_exact(space()).then_some(row))),
                after: Box::new(|count| match count {
                    0 => Vec::new(),
                    _ => for_key(state, M::AFTER_DELETE, key),
                }),
            },
            conn.itself(),
        )
    }
}
