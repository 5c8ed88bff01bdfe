//! Decides which models can be stored by their writes.

/// A model of which a copy is stored when a write gives a row back.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be stored by its writes",
    label = "`write_through` stores a copy of the row that a write gives back",
    note = "add `#[derive(Clone)]` to `{Self}`"
)]
pub trait StoredRow: Sized {
    /// A copy.
    #[must_use]
    fn copied(&self) -> Self;
}

#[diagnostic::do_not_recommend]
impl<Row: Clone> StoredRow for Row {
    fn copied(&self) -> Self {
        self.clone()
    }
}
