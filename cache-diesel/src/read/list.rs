//! Lists: all rows, those that pass a filter, those that share a value.

use core::marker::PhantomData;

use cache_core::Kind;
use diesel::Expression;
use diesel::connection::LoadConnection;
use diesel::dsl::{Filter, Limit};
use diesel::query_builder::{AsQuery, QueryFragment, QueryId};
use diesel::query_dsl::methods::{FilterDsl, LimitDsl, OffsetDsl, OrderDsl, ThenOrderDsl};
use diesel::result::QueryResult;

use crate::backend::CacheBackend;
use crate::manager::{Manager, ManagerState};
use crate::model::{CachedModel, Lookup, scope_comparison, tag_bytes};
use crate::read::answer::{AskedTask, FirstRow, Rows};
use crate::read::asked::{AskedQuery, Dependency, Scope};
use crate::read::entry::{CachedEntry, CachedList, CachedRow};
use crate::read::filter::{Anywhere, Filterable, IntoSuffix};
use crate::read::load::LoadModel;
use crate::read::options::{Options, options_methods};
use crate::read::order::{Arranged, Arrangement, Limited, OrderedBy, Orders, Skipped, Then, Whole, Window, Windowed};
use crate::read::refresh::Later;
use crate::read::refused::refused;
use crate::read::task::Head;
use crate::read::terminal::{Ended, First, IntoTask, Value, ValueEntry, terminal, terminal_with};
use crate::read::twice::cloned;

impl<M: CachedModel> Manager<M> {
    /// The rows that pass `filters`, under the name `suffix`.
    ///
    /// The filters are part of the entry's name, so that one suffix may go with many of them;
    /// [`clear_list`](Self::clear_list) clears them all.
    #[track_caller]
    pub fn all<Suffix, Filters, Kind>(self, suffix: Suffix, filters: Filters) -> ListRead<M, Filters::Output>
    where
        Suffix: IntoSuffix,
        Filters: Filterable<M::Source, Kind, M::Columns>,
    {
        ListRead::new(self.state, filters.filter_of(M::source()), suffix.into_suffix())
    }

    /// Every row of the table, or of the base query.
    #[track_caller]
    pub fn every(self) -> ListRead<M, <M::Source as AsQuery>::Query>
    where
        M::Source: AsQuery,
    {
        self.all((), ())
    }

    /// The rows with this value in the scope `L`; generated methods call it.
    #[doc(hidden)]
    #[track_caller]
    pub fn scoped<L>(self, value: L::Value) -> ListRead<M, Filter<M::Source, L::Filter>>
    where
        L: Lookup<Model = M>,
        M::Source: FilterDsl<L::Filter>,
    {
        let value = if L::IS_NORMALIZED { L::normalized(&value) } else { value };
        let scope = Scope { columns: L::COLUMNS, value: tag_bytes::<L>(&value), comparison: scope_comparison::<L> };
        let mut read = ListRead::new(self.state, FilterDsl::filter(M::source(), L::filter(value)), None);
        read.scope = Some(scope);
        read
    }
}

/// A list, to be read by [`load`](Self::load), [`first`](Self::first), [`count`](Self::count) or
/// [`exists`](Self::exists).
#[derive(Debug)]
#[must_use = "nothing is read until a method with a connection is called"]
pub struct ListRead<M, Source, Part = Whole> {
    pub(crate) state: &'static ManagerState,
    pub(crate) source: Source,
    part: Part,
    pub(crate) suffix: Option<String>,
    pub(crate) scope: Option<Scope>,
    pub(crate) options: Options,
    model: PhantomData<fn() -> M>,
}

cloned!([M, Source: Clone, Part: Clone] ListRead<M, Source, Part> {
    state, source, part, suffix, scope, options, model
});

/// The rows that share a value of the scope `L`.
pub type ScopeQuery<L> =
    ListRead<<L as Lookup>::Model, Filter<<<L as Lookup>::Model as CachedModel>::Source, <L as Lookup>::Filter>>;

impl<M: CachedModel, Source> ListRead<M, Source> {
    #[track_caller]
    pub(crate) fn new(state: &'static ManagerState, source: Source, suffix: Option<String>) -> Self {
        Self { state, source, part: Whole::new(), suffix, scope: None, options: Options::new(), model: PhantomData }
    }
}

impl<M: CachedModel, Source, Part> ListRead<M, Source, Part> {
    options_methods!(options);

    terminal! {
        /// Reads the rows.
        ///
        /// # Errors
        ///
        /// Returns what the database says.
        load, M, Ended<Self, Value>, Ended::new
    }

    terminal! {
        /// Reads the first row.
        ///
        /// # Errors
        ///
        /// Returns Diesel's `NotFound` if there is none, and whatever else the database says.
        first, M, Ended<OnlyFirst<Self>, First>, |read| Ended::new(OnlyFirst(read))
    }

    terminal! {
        /// Reads the rows together with what the cache knows of them.
        ///
        /// # Errors
        ///
        /// Returns what the database says.
        entry, M, Ended<Self, ValueEntry>, Ended::new
    }

    terminal! {
        /// Says what the read would be answered with at present, and why, as that of a row
        /// [does](crate::read::RowRead::explain).
        ///
        /// # Errors
        ///
        /// Returns what the database says when it is asked which database it is.
        explain, M, crate::read::Explained<Self>, crate::read::Explained::new
    }

    terminal_with! {
        /// As [`load`](Self::load), and takes a connection on a miss only.
        load_with, Self as CachedList<M>, Value as CachedList<M>, |read| read
    }

    terminal_with! {
        /// As [`first`](Self::first), and takes a connection on a miss only.
        first_with, OnlyFirst<Self> as Option<CachedRow<M>>, First as CachedRow<M>, OnlyFirst
    }

    terminal_with! {
        /// As [`entry`](Self::entry), and takes a connection on a miss only.
        entry_with, Self as CachedList<M>, ValueEntry as CachedEntry<CachedList<M>>, |read| read
    }

    refused!(EndsList: execute, get_result, get_results);

    /// Adds a condition, or an optional one. It is part of the entry's name, as the first ones are.
    pub fn filter<Condition, Kind>(self, condition: Condition) -> ListRead<M, Condition::Output, Part>
    where
        Condition: Filterable<Source, Kind, Anywhere>,
    {
        self.map(|source| condition.filter_of(source))
    }

    /// The plain Diesel query, uncached, to go on with.
    pub fn query(self) -> Part::Query
    where
        Part: Arranged<M, Source>,
    {
        self.part.arranged(self.source)
    }

    pub(crate) fn into_list_task<DB, Selected>(
        mut self,
        select: impl FnOnce(Part::Query) -> Selected,
    ) -> QueryResult<AskedTask<Rows<M>, Selected>>
    where
        DB: CacheBackend,
        Part: Arranged<M, Source>,
        Selected: QueryFragment<DB> + QueryId,
    {
        let dependency = Dependency { suffix: self.suffix.take(), scope: self.scope };
        let head = self.head(dependency.kind());
        Ok(AskedTask::new(AskedQuery::new::<DB>(head, dependency, select(self.part.arranged(self.source)))?))
    }

    pub(crate) fn head(&self, kind: Kind) -> Head {
        Head { state: self.state, kind, options: self.options }
    }

    pub(crate) fn dependency(&self) -> Dependency {
        Dependency { suffix: self.suffix.clone(), scope: self.scope }
    }

    pub(crate) fn with_options(self, options: Options) -> Self {
        Self { options, ..self }
    }

    /// The same list before it is ordered and cut.
    pub(crate) fn whole(&self) -> ListRead<M, Source>
    where
        Source: Clone,
    {
        ListRead {
            state: self.state,
            source: self.source.clone(),
            part: Whole::new(),
            suffix: self.suffix.clone(),
            scope: self.scope,
            options: self.options,
            model: PhantomData,
        }
    }

    /// Which of the rows are asked for; `None`: a base query may have a limit of its own.
    pub(crate) fn window(&self) -> Option<Window>
    where
        Part: Windowed,
    {
        (!M::HAS_BASE_QUERY).then(|| self.part.window())
    }

    fn map<Other>(self, map: impl FnOnce(Source) -> Other) -> ListRead<M, Other, Part> {
        ListRead {
            state: self.state,
            source: map(self.source),
            part: self.part,
            suffix: self.suffix,
            scope: self.scope,
            options: self.options,
            model: PhantomData,
        }
    }

    fn arrange<Other>(self, arrange: impl FnOnce(Part) -> Other) -> ListRead<M, Source, Other> {
        ListRead {
            state: self.state,
            source: self.source,
            part: arrange(self.part),
            suffix: self.suffix,
            scope: self.scope,
            options: self.options,
            model: PhantomData,
        }
    }
}

impl<M: CachedModel, Source, Order, Most, From> ListRead<M, Source, Arrangement<Order, Most, From>> {
    /// Sets the order, in place of the model's own one. It is part of the entry's name.
    pub fn order_by<By: Expression>(self, by: By) -> ListRead<M, Source, Arrangement<OrderedBy<By>, Most, From>>
    where
        Source: OrderDsl<By>,
    {
        self.arrange(|part| Arrangement { by: OrderedBy(by), most: part.most, from: part.from })
    }

    /// Sets the order; the same as [`order_by`](Self::order_by), as in Diesel.
    pub fn order<By: Expression>(self, by: By) -> ListRead<M, Source, Arrangement<OrderedBy<By>, Most, From>>
    where
        Source: OrderDsl<By>,
    {
        self.order_by(by)
    }

    /// Adds to the order, or to the model's own one.
    pub fn then_order_by<By>(self, by: By) -> ListRead<M, Source, Arrangement<Then<Order, By>, Most, From>>
    where
        Order: Orders<M, Source, Ordered: ThenOrderDsl<By>>,
    {
        self.arrange(|part| Arrangement { by: Then(part.by, by), most: part.most, from: part.from })
    }

    /// Reads at most `limit` rows. Each limit has an entry of its own.
    pub fn limit(self, limit: i64) -> ListRead<M, Source, Arrangement<Order, Limited, From>>
    where
        Source: LimitDsl,
    {
        self.arrange(|part| Arrangement { by: part.by, most: Limited(limit), from: part.from })
    }

    /// Leaves the first `offset` rows out. Each offset has an entry of its own.
    pub fn offset(self, offset: i64) -> ListRead<M, Source, Arrangement<Order, Most, Skipped>>
    where
        Source: OffsetDsl,
    {
        self.arrange(|part| Arrangement { by: part.by, most: part.most, from: Skipped(offset) })
    }
}

/// A list of which only the first row is wanted.
#[derive(Debug)]
pub struct OnlyFirst<R>(pub(super) R);

impl<'query, C, M, Source, Part> IntoTask<'query, C> for ListRead<M, Source, Part>
where
    C: LoadConnection<Backend: CacheBackend> + 'static,
    M: CachedModel,
    Part: Arranged<M, Source, Query: LoadModel<'query, C, M>>,
{
    type Task = AskedTask<Rows<M>, <Part::Query as LoadModel<'query, C, M>>::Selected>;

    fn into_task(self) -> QueryResult<Self::Task> {
        self.into_list_task::<C::Backend, _>(LoadModel::selected)
    }

    fn later(task: &Self::Task) -> Option<Later<C>> {
        Some(Box::new(task.again(<Part::Query as LoadModel<'query, C, M>>::owned)?))
    }
}

impl<'query, C, M, Source, Part> IntoTask<'query, C> for OnlyFirst<ListRead<M, Source, Part>>
where
    C: LoadConnection<Backend: CacheBackend> + 'static,
    M: CachedModel,
    Part: Arranged<M, Source, Query: LimitDsl>,
    Limit<Part::Query>: LoadModel<'query, C, M>,
{
    type Task = AskedTask<FirstRow<M>, <Limit<Part::Query> as LoadModel<'query, C, M>>::Selected>;

    fn into_task(self) -> QueryResult<Self::Task> {
        let (dependency, head) = (self.0.dependency(), self.0.head(Kind::First));
        let selected = LimitDsl::limit(self.0.query(), 1).selected();
        Ok(AskedTask::new(AskedQuery::new::<C::Backend>(head, dependency, selected)?))
    }

    fn later(task: &Self::Task) -> Option<Later<C>> {
        Some(Box::new(task.again(<Limit<Part::Query> as LoadModel<'query, C, M>>::owned)?))
    }
}
