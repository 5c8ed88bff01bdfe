//! Builds reads of lists: all rows, those that pass a filter, those that share a value.

use core::marker::PhantomData;

use cache_core::Kind;
use diesel::Expression;
use diesel::dsl::Limit;
use diesel::query_builder::AsQuery;
use diesel::query_dsl::methods::{FilterDsl, LimitDsl, OffsetDsl, OrderDsl, ThenOrderDsl};
use diesel::result::QueryResult;

use crate::backend::line::Line;
use crate::manager::{Manager, ManagerState};
use crate::model::{CachedModel as _, Lookup, scope_comparison, tag_bytes};
use crate::read::builder::cloned;
use crate::read::builder::filter::{Anywhere, Filterable, IntoSuffix};
use crate::read::builder::options::{Options, options_methods};
use crate::read::builder::order::{
    Arranged, Arrangement, Limited, OrderedBy, Orders, Skipped, Then, Whole, Window, Windowed,
};
use crate::read::builder::refused::refused;
use crate::read::page::load::LoadModel;
use crate::read::page::{CachedView, LoadPages, LookedUpSource, Page, looked_up};
use crate::read::task::Head;
use crate::read::task::answer::{AskedTask, FirstRow, Rows};
use crate::read::task::asked::{AskedQuery, QueryTags, ScopeValue};
use crate::read::task::query::{IntoTask, Later, Repeats};
use crate::read::terminal::{AsRead, AsReadEntry, Ended, First, terminal, terminal_with};

impl<P: CachedView> Manager<P> {
    /// The rows that pass `filters`, under the name `suffix`.
    ///
    /// The filters are part of the entry's name, so that one suffix may go with many of them;
    /// [`clear_list`](Self::clear_list) clears them all. Those of a view may use the columns of every joined table.
    #[track_caller]
    pub fn all<Suffix, Filters, Kind>(self, suffix: Suffix, filters: Filters) -> ListRead<P::Listed, Filters::Output>
    where
        Suffix: IntoSuffix,
        Filters: Filterable<P::Source, Kind, P::Columns>,
    {
        ListRead::new(self.state, filters.filter_of(P::source()), suffix.into_suffix())
    }

    /// Every row of the table, or of the base query.
    #[track_caller]
    pub fn every(self) -> ListRead<P::Listed, <P::Source as AsQuery>::Query>
    where
        P::Source: AsQuery,
    {
        self.all((), ())
    }

    /// The rows with this value in the scope `L`; generated methods call it.
    #[doc(hidden)]
    #[track_caller]
    pub fn scoped<L>(self, value: L::Value) -> ListRead<P::Listed, LookedUpSource<P, L>>
    where
        L: Lookup<Model = P::Root>,
        P::Source: FilterDsl<L::Filter>,
    {
        let value = if L::IS_NORMALIZED { L::normalized(&value) } else { value };
        let scope =
            ScopeValue { columns: L::COLUMNS, value: tag_bytes::<L>(&value), comparison: scope_comparison::<L> };
        let mut read = ListRead::new(self.state, looked_up::<P, L>(value), None);
        read.scope = Some(scope);
        read
    }
}

/// A list, to be read by [`load`](Self::load), [`first`](Self::first), [`count`](Self::count) or
/// [`exists`](Self::exists).
#[derive(Debug)]
#[must_use = "nothing is read until a method with a connection is called"]
pub struct ListRead<P, Source, Part = Whole> {
    pub(crate) state: &'static ManagerState,
    pub(crate) source: Source,
    part: Part,
    pub(crate) suffix: Option<String>,
    pub(crate) scope: Option<ScopeValue>,
    pub(crate) options: Options,
    page: PhantomData<fn() -> P>,
}

cloned!([P, Source: Clone, Part: Clone] ListRead<P, Source, Part> {
    state, source, part, suffix, scope, options, page
});

/// The rows that share a value of the scope `L`.
pub type ScopeRead<P, L> = ListRead<<P as CachedView>::Listed, LookedUpSource<P, L>>;

impl<P: Page, Source> ListRead<P, Source> {
    #[track_caller]
    pub(crate) fn new(state: &'static ManagerState, source: Source, suffix: Option<String>) -> Self {
        Self { state, source, part: Whole::new(), suffix, scope: None, options: Options::new(), page: PhantomData }
    }
}

impl<P: Page, Source, Part> ListRead<P, Source, Part> {
    options_methods!(options);

    terminal! {
        /// Reads the rows: `QueryResult<Arc<Vec<P>>>`.
        ///
        /// # Errors
        ///
        /// Returns what the database says.
        load, P::Joined, Ended<Self, AsRead>, Ended::new
    }

    terminal! {
        /// Reads the first row: `QueryResult<Arc<P>>`.
        ///
        /// # Errors
        ///
        /// Returns Diesel's `NotFound` if there is none, and whatever else the database says.
        first, P::Joined, Ended<OnlyFirst<Self>, First>, |read| Ended::new(OnlyFirst(read))
    }

    terminal! {
        /// Reads the rows together with what the cache knows of them: `QueryResult<CachedEntry<Arc<Vec<P>>>>`.
        ///
        /// # Errors
        ///
        /// Returns what the database says.
        entry, P::Joined, Ended<Self, AsReadEntry>, Ended::new
    }

    terminal! {
        /// Lets the [value that is being computed](crate::Cache::compute) depend on the list, without reading it:
        /// `QueryResult<()>`. Where nothing is computed, nothing happens.
        ///
        /// A value that asks another service about the products of a category depends on that category so: it ends with a
        /// write that brings a row into the list, changes one in it, or takes one out of it.
        ///
        /// # Errors
        ///
        /// Returns what the database says when it is asked which database it is, and what it declares.
        depend, P::Joined, crate::read::Depended<Self>, crate::read::Depended::new
    }

    terminal! {
        /// Explains what the read would be answered with at present: `QueryResult<Explanation>`; see that of
        /// [a row](crate::read::RowRead::explain).
        ///
        /// # Errors
        ///
        /// Returns what the database says when it is asked which database it is.
        explain, P::Joined, crate::read::Explained<Self>, crate::read::Explained::new
    }

    terminal! {
        /// Compares the entry with what the database says: `QueryResult<Verdict>`.
        ///
        /// It is as the same of a row: see [`RowRead::verify`](crate::read::RowRead::verify).
        ///
        /// # Errors
        ///
        /// Returns what the database says.
        verify, P::Joined, crate::read::Verified<Self>, crate::read::Verified::new
    }

    terminal_with! {
        /// As [`load`](Self::load), and takes a connection on a miss only.
        load_with, Ended<Self, AsRead>, Ended::new
    }

    terminal_with! {
        /// As [`first`](Self::first), and takes a connection on a miss only.
        first_with, Ended<OnlyFirst<Self>, First>, |read| Ended::new(OnlyFirst(read))
    }

    terminal_with! {
        /// As [`entry`](Self::entry), and takes a connection on a miss only.
        entry_with, Ended<Self, AsReadEntry>, Ended::new
    }

    refused!(EndsList: execute, get_result, get_results);

    /// Adds a condition, or an optional one. It is part of the entry's name, as the first ones are.
    pub fn filter<Condition, Kind>(self, condition: Condition) -> ListRead<P, Condition::Output, Part>
    where
        Condition: Filterable<Source, Kind, Anywhere>,
    {
        self.map(|source| condition.filter_of(source))
    }

    /// The plain Diesel query, uncached, to go on with.
    pub fn query(self) -> Part::Query
    where
        Part: Arranged<P::Root, Source>,
    {
        self.part.arranged(self.source)
    }

    pub(crate) fn head(&self, kind: Kind) -> Head {
        Head { state: self.state, kind, options: self.options }
    }

    pub(crate) fn dependency(&self) -> QueryTags {
        QueryTags { suffix: self.suffix.clone(), scope: self.scope }
    }

    pub(crate) fn with_options(self, options: Options) -> Self {
        Self { options, ..self }
    }

    /// The same list before it is ordered and cut.
    pub(crate) fn whole(&self) -> ListRead<P, Source>
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
            page: PhantomData,
        }
    }

    /// Which of the rows are asked for; `None`: a base query may have a limit of its own.
    pub(crate) fn window(&self) -> Option<Window>
    where
        Part: Windowed,
    {
        (!P::Root::HAS_BASE_QUERY).then(|| self.part.window())
    }

    fn map<Other>(self, map: impl FnOnce(Source) -> Other) -> ListRead<P, Other, Part> {
        ListRead {
            state: self.state,
            source: map(self.source),
            part: self.part,
            suffix: self.suffix,
            scope: self.scope,
            options: self.options,
            page: PhantomData,
        }
    }

    fn arrange<Other>(self, arrange: impl FnOnce(Part) -> Other) -> ListRead<P, Source, Other> {
        ListRead {
            state: self.state,
            source: self.source,
            part: arrange(self.part),
            suffix: self.suffix,
            scope: self.scope,
            options: self.options,
            page: PhantomData,
        }
    }
}

impl<P: Page, Source, Order, Most, From> ListRead<P, Source, Arrangement<Order, Most, From>> {
    /// Sets the order, in place of the model's own one. It is part of the entry's name.
    pub fn order_by<By: Expression>(self, by: By) -> ListRead<P, Source, Arrangement<OrderedBy<By>, Most, From>>
    where
        Source: OrderDsl<By>,
    {
        self.arrange(|part| Arrangement { by: OrderedBy(by), most: part.most, from: part.from })
    }

    /// Sets the order; the same as [`order_by`](Self::order_by), as in Diesel.
    pub fn order<By: Expression>(self, by: By) -> ListRead<P, Source, Arrangement<OrderedBy<By>, Most, From>>
    where
        Source: OrderDsl<By>,
    {
        self.order_by(by)
    }

    /// Adds to the order, or to the model's own one.
    pub fn then_order_by<By>(self, by: By) -> ListRead<P, Source, Arrangement<Then<Order, By>, Most, From>>
    where
        Order: Orders<P::Root, Source, Ordered: ThenOrderDsl<By>>,
    {
        self.arrange(|part| Arrangement { by: Then(part.by, by), most: part.most, from: part.from })
    }

    /// Reads at most `limit` rows. Each limit has an entry of its own.
    pub fn limit(self, limit: i64) -> ListRead<P, Source, Arrangement<Order, Limited, From>>
    where
        Source: LimitDsl,
    {
        self.arrange(|part| Arrangement { by: part.by, most: Limited(limit), from: part.from })
    }

    /// Leaves the first `offset` rows out. Each offset has an entry of its own.
    pub fn offset(self, offset: i64) -> ListRead<P, Source, Arrangement<Order, Most, Skipped>>
    where
        Source: OffsetDsl,
    {
        self.arrange(|part| Arrangement { by: part.by, most: part.most, from: Skipped(offset) })
    }
}

/// A list of which only the first row is wanted.
#[derive(Debug)]
pub struct OnlyFirst<R>(pub(super) R);

impl<'query, C, P, Source, Part> IntoTask<'query, C> for ListRead<P, Source, Part>
where
    C: Line,
    P: LoadPages<C>,
    Part: Arranged<P::Root, Source, Query: LoadModel<'query, C, P::Joined>>,
{
    type Task = AskedTask<'query, C, Rows<P>, <Part::Query as LoadModel<'query, C, P::Joined>>::Selected>;

    fn into_task(mut self) -> QueryResult<Self::Task> {
        let dependency = QueryTags { suffix: self.suffix.take(), scope: self.scope };
        let head = self.head(dependency.kind());
        AskedTask::new(AskedQuery::new::<C::Backend>(head, dependency, self.query().selected())?)
    }
}

impl<'query, C, P, Source, Part> Repeats<'query, C> for ListRead<P, Source, Part>
where
    C: Line + 'static,
    P: LoadPages<C>,
    Part: Arranged<P::Root, Source, Query: LoadModel<'query, C, P::Joined>>,
{
    fn later(task: &Self::Task) -> Option<Later<C>> {
        Some(Box::new(task.again(<Part::Query as LoadModel<'query, C, P::Joined>>::owned)?))
    }
}

impl<'query, C, P, Source, Part> IntoTask<'query, C> for OnlyFirst<ListRead<P, Source, Part>>
where
    C: Line,
    P: LoadPages<C>,
    Part: Arranged<P::Root, Source, Query: LimitDsl>,
    Limit<Part::Query>: LoadModel<'query, C, P::Joined>,
{
    type Task = AskedTask<'query, C, FirstRow<P>, <Limit<Part::Query> as LoadModel<'query, C, P::Joined>>::Selected>;

    fn into_task(self) -> QueryResult<Self::Task> {
        let (dependency, head) = (self.0.dependency(), self.0.head(Kind::First));
        let selected = LimitDsl::limit(self.0.query(), 1).selected();
        AskedTask::new(AskedQuery::new::<C::Backend>(head, dependency, selected)?)
    }
}

impl<'query, C, P, Source, Part> Repeats<'query, C> for OnlyFirst<ListRead<P, Source, Part>>
where
    C: Line + 'static,
    P: LoadPages<C>,
    Part: Arranged<P::Root, Source, Query: LimitDsl>,
    Limit<Part::Query>: LoadModel<'query, C, P::Joined>,
{
    fn later(task: &Self::Task) -> Option<Later<C>> {
        Some(Box::new(task.again(<Limit<Part::Query> as LoadModel<'query, C, P::Joined>>::owned)?))
    }
}
