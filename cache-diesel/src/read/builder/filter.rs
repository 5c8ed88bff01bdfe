//! Holds the arguments of `all`: a suffix, and filters.

use core::marker::PhantomData;

use diesel::dsl::Filter;
use diesel::expression::AppearsOnTable;
// Public for what `table!` writes, and elsewhere with a feature only.
use diesel::internal::table_macro::{FromClause, SelectStatement};
use diesel::query_builder::AsQuery;
use diesel::query_dsl::methods::FilterDsl;
use diesel::{Expression, QuerySource};

use crate::misfit::{Misfit, Never};
use crate::model::expression::IfAny;

/// Marks `()` as a filter.
#[derive(Debug)]
pub struct NoFilter;

/// Marks an optional expression as a filter.
#[derive(Debug)]
pub struct OptionalFilter;

/// Marks a boolean expression as a filter.
#[derive(Debug)]
pub struct ExpressionFilter;

/// The columns of the tables in `Source`.
#[derive(Debug)]
pub struct On<Source>(PhantomData<Source>);

/// The columns of the tables that are joined in `Source`. Boxed conditions name these tables, and no query.
#[derive(Debug)]
pub struct OnJoined<Source>(PhantomData<Source>);

/// The columns of a base query. Diesel tells of no query with conditions which tables are in it: a column of another one
/// is refused where the list is loaded.
#[derive(Debug)]
pub struct Anywhere;

/// Columns that `Condition` may be on.
pub trait Holds<Condition> {}

impl<Source, Condition: AppearsOnTable<Source>> Holds<Condition> for On<Source> {}

impl<Tables, Condition> Holds<Condition> for OnJoined<SelectStatement<FromClause<Tables>>>
where
    Tables: QuerySource,
    Condition: AppearsOnTable<Tables>,
{
}

impl<Condition: Expression> Holds<Condition> for Anywhere {}

/// What selects the rows of a list: `()`, any boolean expression of Diesel's over the table's columns, boxed ones too, or
/// an `Option` of one, of which `None` selects all rows.
///
/// `Kind` is inferred; it keeps them apart.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a filter for `{Source}`",
    label = "expected `()`, a Diesel boolean expression over the columns of this table, or an `Option` of one",
    note = "of a related table, ask by a subquery: `products::category_id.eq_any(categories::table.filter(..).select(categories::id))`, or read a view with `select_related(..)`",
    note = "a boxed condition names what it is on: `Box<dyn BoxableExpression<products::table, Pg, SqlType = Bool>>`, and for a view the joined tables: `diesel::dsl::InnerJoinQuerySource<products::table, categories::table>`"
)]
pub trait Filterable<Source, Kind, Columns = On<Source>> {
    /// The query with the filter.
    type Output;

    /// Filters `source`.
    fn filter_of(self, source: Source) -> Self::Output;
}

impl<Source: AsQuery, Columns> Filterable<Source, NoFilter, Columns> for () {
    type Output = Source::Query;

    fn filter_of(self, source: Source) -> Self::Output {
        source.as_query()
    }
}

#[diagnostic::do_not_recommend]
impl<Source, Columns, Condition> Filterable<Source, ExpressionFilter, Columns> for Condition
where
    Columns: Holds<Condition>,
    Source: FilterDsl<Condition>,
{
    type Output = Filter<Source, Condition>;

    fn filter_of(self, source: Source) -> Self::Output {
        FilterDsl::filter(source, self)
    }
}

// So that nothing is said of a read whose filter is none.
#[diagnostic::do_not_recommend]
impl<Source, Columns, Condition: Never> Filterable<Source, Misfit, Columns> for Condition {
    type Output = Condition;

    fn filter_of(self, _source: Source) -> Self::Output {
        self
    }
}

#[diagnostic::do_not_recommend]
impl<Source, Columns, Condition> Filterable<Source, OptionalFilter, Columns> for Option<Condition>
where
    Columns: Holds<Condition>,
    Source: FilterDsl<IfAny<Condition>>,
{
    type Output = Filter<Source, IfAny<Condition>>;

    fn filter_of(self, source: Source) -> Self::Output {
        FilterDsl::filter(source, IfAny(self))
    }
}

/// What lists are called, so that they can be cleared by name: `()` for nothing, a string, or an optional one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a suffix",
    label = "expected `()`, `&str`, `String` or `Option<&str>`"
)]
pub trait IntoSuffix {
    /// The name, if there is one.
    fn into_suffix(self) -> Option<String>;
}

impl IntoSuffix for () {
    fn into_suffix(self) -> Option<String> {
        None
    }
}

impl IntoSuffix for &str {
    fn into_suffix(self) -> Option<String> {
        Some(self.to_owned())
    }
}

impl IntoSuffix for &String {
    fn into_suffix(self) -> Option<String> {
        Some(self.clone())
    }
}

impl IntoSuffix for String {
    fn into_suffix(self) -> Option<String> {
        Some(self)
    }
}

impl<T: IntoSuffix> IntoSuffix for Option<T> {
    fn into_suffix(self) -> Option<String> {
        self.and_then(IntoSuffix::into_suffix)
    }
}
