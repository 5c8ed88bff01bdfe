//! Which table a statement of Diesel's writes to, known at compile time.

use diesel::QuerySource;
use diesel::query_builder::{DeleteStatement, InsertStatement, UpdateStatement};

/// A statement of Diesel's that writes to one table.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an insert, update or delete statement",
    note = "raw SQL runs as it does in Diesel: the cache sees it too"
)]
pub trait WriteTarget {
    /// The table.
    type Table;
    /// Whether rows go.
    #[doc(hidden)]
    const IS_DELETE: bool = false;
}

impl<T: QuerySource, Values, Op, Returning> WriteTarget for InsertStatement<T, Values, Op, Returning> {
    type Table = T;
}

impl<T: QuerySource, Where, Values, Returning> WriteTarget for UpdateStatement<T, Where, Values, Returning> {
    type Table = T;
}

impl<T: QuerySource, Where, Returning> WriteTarget for DeleteStatement<T, Where, Returning> {
    type Table = T;
    const IS_DELETE: bool = true;
}
