//! What `all` takes: a suffix, and filters.

use core::marker::PhantomData;

use diesel::Expression;
use diesel::dsl::Filter;
use diesel::expression::AppearsOnTable;
use diesel::query_builder::AsQuery;
use diesel::query_dsl::methods::FilterDsl;

/// Marks `()` as a filter.
#[derive(Debug)]
pub struct NoFilter;

/// Marks a boolean expression as a filter.
#[derive(Debug)]
pub struct ExpressionFilter;

/// The columns of the tables in `Source`.
#[derive(Debug)]
pub struct On<Source>(PhantomData<Source>);

/// The columns of a base query. Diesel tells of no query with conditions which tables are in it: a column of another one
/// is refused where the list is loaded.
#[derive(Debug)]
pub struct Anywhere;

/// Columns that `Condition` may be on.
pub trait Holds<Condition> {}

impl<Source, Condition: AppearsOnTable<Source>> Holds<Condition> for On<Source> {}

impl<Condition: Expression> Holds<Condition> for Anywhere {}

/// What selects the rows of a list: `()`, or any boolean expression of Diesel's over the table's columns.
///
/// `Kind` is inferred; it keeps the two apart.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a filter for `{Source}`",
    label = "expected `()` or a Diesel boolean expression over the columns of this table"
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
