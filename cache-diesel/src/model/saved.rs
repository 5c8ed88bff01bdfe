//! Holds the argument of a model's `after_save` and `after_delete`.

use core::fmt;

use crate::model::cached_model::CachedModel;

/// A write of a manager that is committed, as `after_save` and `after_delete` are told of it.
///
/// Its row is as the write left it. The manager gives what is committed by now.
pub struct Saved<M: CachedModel> {
    pub(crate) id: Option<M::Id>,
    pub(crate) row: Option<M>,
    pub(crate) row_count: usize,
}

impl<M: CachedModel> Saved<M> {
    /// The primary key of the row. `None` if the statement did not tell: that is so after `insert(..).execute` and
    /// `write(..)`.
    #[must_use]
    pub fn id(&self) -> Option<&M::Id> {
        self.id.as_ref()
    }

    /// A copy of the row, as the database gave it back: of a delete, as it was. `None` if the statement gave no row, as after
    /// `insert(..).execute`, `write(..).execute` and `delete(..)`, and if the model is not `Clone`.
    #[must_use]
    pub fn row(&self) -> Option<&M> {
        self.row.as_ref()
    }

    /// How many rows were written: one where the row has an `id`.
    #[must_use]
    pub fn row_count(&self) -> usize {
        self.row_count
    }
}

impl<M: CachedModel<Id: fmt::Debug>> fmt::Debug for Saved<M> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Saved").field("id", &self.id).field("row_count", &self.row_count).finish()
    }
}
