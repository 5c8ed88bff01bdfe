//! What is a view? The traits that the derive implements for it.

use diesel::result::QueryResult;

use crate::model::{CachedModel, Definition};
use crate::read::view::part::Part;
use crate::read::view::relation::Prefetched;

/// A row of a model with related rows.
pub trait Page: Part {
    /// The model of the row.
    type Root: CachedModel;
    /// The row with those that are joined, as the first statement gives them.
    type Joined: 'static;

    /// The row.
    fn root(&self) -> &Self::Root;
}

/// A second cached shape of a model: its row with joined and prefetched ones.
///
/// Implemented for what `#[cached(view(..))]` generates; every method is for the library and for generated code.
pub trait CachedView: Page {
    /// The model's table or base query, joined with those of the related models.
    type Source;
    /// Which columns the conditions of lists may use.
    type Columns;
    /// The condition on the primary key.
    type ByKey;
    /// What lists hold: the view itself, or its row without what is prefetched.
    type Listed: Page<Root = Self::Root, Joined = Self::Joined>;

    /// What the derive was told.
    const DEFINITION: Definition;

    /// The joined tables.
    fn source() -> Self::Source;
    /// Selects the row with this primary key.
    fn by_key(key: <Self::Root as CachedModel>::Id) -> Self::ByKey;
    /// The models of the related rows: other ones have other entries.
    fn related() -> Vec<Definition>;
    /// The types of its queries, which tell by which columns and in which order: other ones have other entries.
    fn queries() -> Vec<&'static str>;
}

/// A page that can be loaded from the connection `C`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be loaded from `{C}`",
    label = "one of its related rows cannot be read from this connection",
    note = "every related model needs `#[derive(Queryable, Selectable)]`"
)]
pub trait LoadPages<C>: Page {
    /// Gathers the tables that the statements after the first one name.
    ///
    /// # Errors
    ///
    /// If a statement cannot be printed.
    fn look_ahead(prefetched: &mut Prefetched) -> QueryResult<()>;

    /// Loads what belongs to the rows, with one statement for each relation.
    ///
    /// # Errors
    ///
    /// Whatever the database says.
    fn assemble(joined: Vec<Self::Joined>, conn: &mut C) -> QueryResult<Vec<Self>>;
}
