//! Calls a model's `after_save` and `after_delete`.

use core::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::manager::ManagerState;
use crate::model::CachedModel;
use crate::track::Hook;

/// A write of a manager that is committed, as `after_save` and `after_delete` are told of it.
///
/// It names the row and does not hold it: the row has gone to the caller. Read it through the manager, which gives what
/// is committed by now.
pub struct Saved<M: CachedModel> {
    id: Option<M::Id>,
    row_count: usize,
}

impl<M: CachedModel> Saved<M> {
    /// The primary key of the row. `None` if the statement did not tell: that is so after `insert(..).execute` and
    /// `write(..)`.
    #[must_use]
    pub fn id(&self) -> Option<&M::Id> {
        self.id.as_ref()
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

/// What is called after a write of `M`.
pub(crate) type After<M> = Option<fn(&Saved<M>)>;

/// The calls of `after` for rows with these keys, one for each.
pub(crate) fn for_rows<M: CachedModel>(
    state: &'static ManagerState,
    after: After<M>,
    ids: impl Iterator<Item = M::Id>,
) -> Vec<Hook> {
    let call = |after| ids.map(|id| hook(state, after, Saved { id: Some(id), row_count: 1 })).collect();
    after.map_or_else(Vec::new, call)
}

/// The one call of `after` for rows of which no more than their number is known.
pub(crate) fn for_count<M: CachedModel>(state: &'static ManagerState, after: After<M>, row_count: usize) -> Vec<Hook> {
    let after = after.filter(|_| row_count > 0);
    after.map(|after| hook(state, after, Saved { id: None, row_count })).into_iter().collect()
}

/// A call that ends nobody else's work: its panic is counted.
fn hook<M: CachedModel>(state: &'static ManagerState, after: fn(&Saved<M>), saved: Saved<M>) -> Hook {
    Box::new(move || {
        if catch_unwind(AssertUnwindSafe(|| after(&saved))).is_err()
            && let Some(attached) = state.attached()
        {
            attached.cache.note_hook_panic();
        }
    })
}
