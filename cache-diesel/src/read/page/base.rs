//! Decides which queries can be base queries, and what the answers of their rows depend on.

use core::marker::PhantomData;

use cache_core::protocol::read::Subject;
use cache_core::{KeyBytes, Tag};
use diesel::query_dsl::methods::SelectDsl;
use diesel::result::{Error, QueryResult};
use diesel::{HasQuery, Table};

use crate::backend::NamingBackend;
use crate::model::CachedModel;
use crate::read::page::Page;
use crate::read::shape::Shape;

/// A query that can be the base query of the models of the table `T`: it has the table's rows.
#[diagnostic::on_unimplemented(
    message = "the base query of this model has no rows of its table",
    label = "`{T}` is not in this query, or only as the side of a join that may be missing",
    note = "begin with the table of the model, as in `products::table.filter(..)` or `products::table.left_join(..)`"
)]
pub trait BaseQueryOf<T> {}

#[diagnostic::do_not_recommend]
impl<T: Table, Query: SelectDsl<T::PrimaryKey>> BaseQueryOf<T> for Query {}

/// A model whose query Diesel knows.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no query of its own",
    label = "this base query is for Diesel's `HasQuery`",
    note = "add `#[derive(HasQuery)]` in place of `Queryable` and `Selectable`, or name a function: `#[cached(base_query = path)]`"
)]
pub trait OwnQuery {
    /// The type of the query.
    type Query;

    /// The query.
    fn own_query() -> Self::Query;
}

#[diagnostic::do_not_recommend]
impl<M: HasQuery<NamingBackend>> OwnQuery for M {
    type Query = M::BaseQuery;

    // `query` selects columns for one backend, and a model may be read from several.
    fn own_query() -> Self::Query {
        M::base_query()
    }
}

/// Says that Diesel knows the query of `M`.
///
/// Generated code names it before all that follows from it: of a missing `HasQuery` this is what the compiler reports
/// first, and in our words.
#[derive(Debug)]
pub struct Queried<M: OwnQuery>(PhantomData<fn() -> M>);

/// What the answer for a key depends on, whatever it is: there may be a row that the query leaves out.
pub(crate) fn row_tags<P: Page>(subject: &Subject<'_>, row: KeyBytes) -> Vec<Tag> {
    if P::MAY_LEAVE_OUT { excluded_row::<P>(subject, row) } else { subject.absent_row(row) }
}

/// The same for a query that has a condition of its own.
pub(crate) fn excluded_row<P: Page>(subject: &Subject<'_>, row: KeyBytes) -> Vec<Tag> {
    subject.excluded_row(row, P::Root::key_comparison().is_exact(subject.space, subject.table))
}

/// What a unique value that belongs to no row depends on.
pub(crate) fn absent_unique<M: CachedModel>(subject: &Subject<'_>) -> Vec<Tag> {
    if M::HAS_BASE_QUERY { subject.hidden_unique() } else { subject.absent_unique() }
}

/// Refuses a count that is not the number of rows: Diesel leaves `DISTINCT`, `GROUP BY` and limits where they are.
pub(crate) fn check_count<M: CachedModel>(shape: &Shape) -> QueryResult<()> {
    if !M::HAS_BASE_QUERY || shape.is_counted_whole() {
        return Ok(());
    }
    let message = format!(
        "`count` of `{}` would not be the number of its rows: the base query has DISTINCT, GROUP BY, a limit or an \
         offset; load the rows and count those",
        M::DEFINITION.name
    );
    Err(Error::QueryBuilderError(message.into()))
}
