//! Collects every bound of a load in one trait, so that errors name what the user wrote.

use diesel::dsl::{AsSelect, Select};
use diesel::query_builder::{QueryFragment, QueryId};
use diesel::query_dsl::methods::SelectDsl;
use diesel::{Selectable, SelectableHelper};

use crate::backend::line::{Line, Loads};
use crate::read::replay::Replay;

/// A query that loads as `M` from the connection `C`: the columns of `M` are selected by its `Selectable`.
#[diagnostic::on_unimplemented(
    message = "this query cannot be loaded as `{M}` from `{C}`",
    label = "not a query for `{M}` on this connection",
    note = "every column that is used must belong to the table of `{M}`: related rows are read by a view with `select_related(..)`, and asked for by `.eq_any(..)` with a subquery",
    note = "`{M}` needs `#[derive(Queryable, Selectable)]`"
)]
pub trait LoadModel<'query, C: Line, M> {
    /// The query with the columns of `M`.
    type Selected: Loads<'query, C, M> + QueryFragment<C::Backend> + QueryId;
    /// The same query, with values of its own.
    type Owned: Loads<'static, C, M> + Clone + Send + 'static;

    /// Selects the columns of `M`.
    fn selected(self) -> Self::Selected;

    /// The same query for another thread; `None`: its values cannot be told without its connection.
    fn owned(selected: &Self::Selected) -> Option<Self::Owned>;
}

#[diagnostic::do_not_recommend]
impl<'query, C, M, Query> LoadModel<'query, C, M> for Query
where
    C: Line,
    M: Selectable<C::Backend, SelectExpression: QueryId>,
    Query: SelectDsl<AsSelect<M, C::Backend>>,
    Select<Query, AsSelect<M, C::Backend>>: Loads<'query, C, M> + QueryFragment<C::Backend> + QueryId,
    Replay<C::Backend, AsSelect<M, C::Backend>>: Loads<'static, C, M> + Send + 'static,
{
    type Selected = Select<Query, AsSelect<M, C::Backend>>;
    type Owned = Replay<C::Backend, AsSelect<M, C::Backend>>;

    fn selected(self) -> Self::Selected {
        SelectDsl::select(self, M::as_select())
    }

    fn owned(selected: &Self::Selected) -> Option<Self::Owned> {
        Replay::of(selected)
    }
}
