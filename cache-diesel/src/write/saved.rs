//! Calls a model's `after_save` and `after_delete`.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::manager::ManagerState;
use crate::model::CachedModel;
use crate::model::saved::Saved;
use crate::track::Hook;

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
