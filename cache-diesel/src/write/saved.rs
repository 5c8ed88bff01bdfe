//! Calls a model's `after_save` and `after_delete`.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::manager::ManagerState;
use crate::model::CachedModel;
use crate::model::saved::Saved;
use crate::track::Hook;

/// What is called after a write of `M`, in this order.
pub(crate) type After<M> = &'static [fn(&Saved<M>)];

/// The calls of `after` for these rows, for one row after the other.
pub(crate) fn for_rows<'a, M: CachedModel>(
    state: &'static ManagerState,
    after: After<M>,
    rows: impl IntoIterator<Item = &'a M>,
) -> Vec<Hook> {
    if after.is_empty() {
        return Vec::new();
    }
    let saved = |row: &M| Saved { id: Some(row.id()), row: row.copied_for_hooks(), row_count: 1 };
    rows.into_iter().map(|row| hook(state, after, saved(row))).collect()
}

/// The calls of `after` for the row with this key, which was not given back.
pub(crate) fn for_key<M: CachedModel>(state: &'static ManagerState, after: After<M>, key: M::Id) -> Vec<Hook> {
    if after.is_empty() {
        return Vec::new();
    }
    vec![hook(state, after, Saved { id: Some(key), row: None, row_count: 1 })]
}

/// The calls of `after` for rows of which no more than their number is known.
pub(crate) fn for_count<M: CachedModel>(state: &'static ManagerState, after: After<M>, row_count: usize) -> Vec<Hook> {
    if after.is_empty() || row_count == 0 {
        return Vec::new();
    }
    vec![hook(state, after, Saved { id: None, row: None, row_count })]
}

/// Calls that end nobody else's work, nor each other's: their panics are counted.
fn hook<M: CachedModel>(state: &'static ManagerState, after: After<M>, saved: Saved<M>) -> Hook {
    Box::new(move || {
        for after in after {
            if catch_unwind(AssertUnwindSafe(|| after(&saved))).is_err()
                && let Some(attached) = state.attached()
            {
                attached.cache.note_hook_panic();
            }
        }
    })
}
