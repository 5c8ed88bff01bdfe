//! Holds the results of reads.

use std::sync::Arc;

pub use cache_core::{CachedEntry, Origin};

/// The rows of a list.
pub type CachedList<M> = Arc<Vec<M>>;

/// One row.
pub type CachedRow<M> = Arc<M>;

/// One row, or none, for each key that was asked for, in that order.
pub type CachedRows<M> = Vec<Option<Arc<M>>>;

/// A list, and how many rows it has without limit and offset.
#[derive(Debug)]
#[non_exhaustive]
pub struct ListWithTotal<M> {
    /// The rows.
    pub rows: CachedList<M>,
    /// How many there are.
    pub total: i64,
}

impl<M> Clone for ListWithTotal<M> {
    fn clone(&self) -> Self {
        Self { rows: Arc::clone(&self.rows), total: self.total }
    }
}
