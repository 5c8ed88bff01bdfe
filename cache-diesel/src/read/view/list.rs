//! Lists of pages: all, those that pass a filter, those whose rows share a value.

use core::marker::PhantomData;

use cache_core::Kind;
use diesel::Expression;
use diesel::connection::LoadConnection;
use diesel::dsl::{Filter, Limit};
use diesel::query_builder::AsQuery;
use diesel::query_dsl::methods::{FilterDsl, LimitDsl, OffsetDsl, OrderDsl, ThenOrderDsl};
use diesel::result::QueryResult;

use crate::backend::CacheBackend;
use crate::model::{Lookup, scope_comparison, tag_bytes};
use crate::read::asked::{AskedQuery, Scope};
use crate::read::entry::{CachedEntry, CachedList, CachedRow};
use crate::read::filter::{Anywhere, Filterable, IntoSuffix};
use crate::read::list::{ListRead, OnlyFirst};
use crate::read::load::LoadModel;
use crate::read::number::{Countable, Counted, Existing};
use crate::read::options::options_methods;
use crate::read::order::{Arranged, Arrangement, Limited, OrderedBy, Orders, Skipped, Then, Whole, Windowed};
use crate::read::refresh::Later;
use crate::read::refused::refused;
use crate::read::terminal::{Ended, First, IntoTask, Value, ValueEntry, terminal, terminal_with};
use crate::read::total::{Repeatable, WithTotal, total_with};
use crate::read::twice::cloned;
use crate::read::view::answer::{FirstPage, Pages};
use crate::read::view::list_task::PagesTask;
use crate::read::view::manager::ViewManager;
use crate::read::view::page::{CachedView, LoadPages, Page};

impl<V: CachedView> ViewManager<V> {
    /// The pages that pass `filters`, under the name `suffix`.
    ///
    /// The filters may use the columns of every joined table. They are part of the entry's name, so that one suffix
    /// may go with many of them; [`clear_list`](Self::clear_list) clears them all.
    #[track_caller]
    pub fn all<Suffix, Filters, Kind>(self, suffix: Suffix, filters: Filters) -> PageList<V::Listed, Filters::Output>
    where
        Suffix: IntoSuffix,
        Filters: Filterable<V::Source, Kind, V::Columns>,
    {
        PageList::new(ListRead::new(self.state, filters.filter_of(V::source()), suffix.into_suffix()))
    }

    /// The page of every row of the table.
    #[track_caller]
    pub fn every(self) -> PageList<V::Listed, <V::Source as AsQuery>::Query>
    where
        V::Source: AsQuery,
    {
        self.all((), ())
    }

    /// The pages of the rows with this value in the scope `L`; generated methods call it.
    #[doc(hidden)]
    #[track_caller]
    pub fn scoped<L>(self, value: L::Value) -> PageList<V::Listed, Filter<V::Source, L::Filter>>
    where
        L: Lookup<Model = V::Root>,
        V::Source: FilterDsl<L::Filter>,
    {
        let value = if L::IS_NORMALIZED { L::normalized(&value) } else { value };
        let scope = Scope { columns: L::COLUMNS, value: tag_bytes::<L>(&value), comparison: scope_comparison::<L> };
        let mut list = ListRead::new(self.state, FilterDsl::filter(V::source(), L::filter(value)), None);
        list.scope = Some(scope);
        PageList::new(list)
    }
}

/// A list of pages, to be read by [`load`](Self::load), [`first`](Self::first), [`count`](Self::count) or
/// [`exists`](Self::exists).
#[derive(Debug)]
#[must_use = "nothing is read until a method with a connection is called"]
pub struct PageList<P: Page, Source, Part = Whole> {
    pub(super) list: ListRead<P::Root, Source, Part>,
    page: PhantomData<fn() -> P>,
}

cloned!([P: Page, Source: Clone, Part: Clone] PageList<P, Source, Part> { list, page });

/// The pages whose rows share a value of the scope `L`.
pub type PageScope<V, L> =
    PageList<<V as CachedView>::Listed, Filter<<V as CachedView>::Source, <L as Lookup>::Filter>>;

impl<P: Page, Source, Part> PageList<P, Source, Part> {
    options_methods!(list.options);

    terminal! {
        /// Reads the pages.
        ///
        /// # Errors
        ///
        /// Returns what the database says.
        load, P::Joined, Ended<Self, Value>, Ended::new
    }

    terminal! {
        /// Reads the first page.
        ///
        /// # Errors
        ///
        /// Returns Diesel's `NotFound` if there is none, and whatever else the database says.
        first, P::Joined, Ended<OnlyFirst<Self>, First>, |read| Ended::new(OnlyFirst(read))
    }

    terminal! {
        /// Reads the pages together with what the cache knows of them.
        ///
        /// # Errors
        ///
        /// Returns what the database says.
        entry, P::Joined, Ended<Self, ValueEntry>, Ended::new
    }

    terminal! {
        /// Reads how many pages there are.
        ///
        /// # Errors
        ///
        /// Returns what the database says.
        count, P::Joined, Ended<Counted<ListRead<P::Root, Source, Part>>, Value>,
        |read| Ended::new(Counted(read.list)), where Part: Countable
    }

    terminal! {
        /// Reads whether there are any pages.
        ///
        /// # Errors
        ///
        /// Returns what the database says.
        exists, P::Joined, Ended<Existing<ListRead<P::Root, Source, Part>>, Value>,
        |read| Ended::new(Existing(read.list)), where Part: Countable
    }

    refused!(EndsList: execute, get_result, get_results);

    terminal! {
        /// Says what the read would be answered with at present, and why, as that of a row
        /// [does](crate::read::PageRead::explain).
        ///
        /// # Errors
        ///
        /// Returns what the database says when it is asked which database it is.
        explain, P::Joined, crate::read::Explained<Self>, crate::read::Explained::new
    }

    terminal_with! {
        /// As [`load`](Self::load), and takes a connection on a miss only.
        load_with, Self as CachedList<P>, Value as CachedList<P>, |read| read
    }

    terminal_with! {
        /// As [`first`](Self::first), and takes a connection on a miss only.
        first_with, OnlyFirst<Self> as Option<CachedRow<P>>, First as CachedRow<P>, OnlyFirst
    }

    terminal_with! {
        /// As [`entry`](Self::entry), and takes a connection on a miss only.
        entry_with, Self as CachedList<P>, ValueEntry as CachedEntry<CachedList<P>>, |read| read
    }

    terminal_with! {
        /// As [`count`](Self::count), and takes a connection on a miss only.
        count_with, Counted<ListRead<P::Root, Source, Part>> as i64, Value as i64, |read| Counted(read.list),
        where Part: Countable
    }

    terminal_with! {
        /// As [`exists`](Self::exists), and takes a connection on a miss only.
        exists_with, Existing<ListRead<P::Root, Source, Part>> as bool, Value as bool, |read| Existing(read.list),
        where Part: Countable
    }

    terminal! {
        /// Reads the pages, and how many there are without limit and offset: see
        /// [`load_and_count`](ListRead::load_and_count).
        ///
        /// # Errors
        ///
        /// Returns what the database says.
        load_and_count, P::Joined, WithTotal<Self, Counted<ListRead<P::Root, Source>>>,
        |read| WithTotal { window: read.list.window(), number: Counted(read.list.whole()), list: read },
        where Source: Repeatable, Part: Windowed
    }

    total_with!(P, P::Root, |read| &read.list);

    /// Adds a condition, or an optional one. It is part of the entry's name, as the first ones are.
    pub fn filter<Condition, Kind>(self, condition: Condition) -> PageList<P, Condition::Output, Part>
    where
        Condition: Filterable<Source, Kind, Anywhere>,
    {
        PageList::new(self.list.filter(condition))
    }

    /// The plain Diesel query of the rows and what is joined, uncached, to go on with.
    pub fn query(self) -> Part::Query
    where
        Part: Arranged<P::Root, Source>,
    {
        self.list.query()
    }

    pub(super) fn new(list: ListRead<P::Root, Source, Part>) -> Self {
        Self { list, page: PhantomData }
    }
}

impl<P: Page, Source, Order, Most, From> PageList<P, Source, Arrangement<Order, Most, From>> {
    /// Sets the order, in place of the model's own one, also by columns of joined tables. It is part of the entry's name.
    pub fn order_by<By: Expression>(self, by: By) -> PageList<P, Source, Arrangement<OrderedBy<By>, Most, From>>
    where
        Source: OrderDsl<By>,
    {
        PageList::new(self.list.order_by(by))
    }

    /// Sets the order; the same as [`order_by`](Self::order_by), as in Diesel.
    pub fn order<By: Expression>(self, by: By) -> PageList<P, Source, Arrangement<OrderedBy<By>, Most, From>>
    where
        Source: OrderDsl<By>,
    {
        self.order_by(by)
    }

    /// Adds to the order, or to the model's own one.
    pub fn then_order_by<By>(self, by: By) -> PageList<P, Source, Arrangement<Then<Order, By>, Most, From>>
    where
        Order: Orders<P::Root, Source, Ordered: ThenOrderDsl<By>>,
    {
        PageList::new(self.list.then_order_by(by))
    }

    /// Reads at most `limit` pages. Each limit has an entry of its own.
    pub fn limit(self, limit: i64) -> PageList<P, Source, Arrangement<Order, Limited, From>>
    where
        Source: LimitDsl,
    {
        PageList::new(self.list.limit(limit))
    }

    /// Leaves the first `offset` pages out. Each offset has an entry of its own.
    pub fn offset(self, offset: i64) -> PageList<P, Source, Arrangement<Order, Most, Skipped>>
    where
        Source: OffsetDsl,
    {
        PageList::new(self.list.offset(offset))
    }
}

impl<'query, C, P, Source, Part> IntoTask<'query, C> for PageList<P, Source, Part>
where
    C: LoadConnection<Backend: CacheBackend> + 'static,
    P: LoadPages<C>,
    Part: Arranged<P::Root, Source, Query: LoadModel<'query, C, P::Joined>>,
{
    type Task = PagesTask<C, P, Pages<P>, <Part::Query as LoadModel<'query, C, P::Joined>>::Selected>;

    fn into_task(self) -> QueryResult<Self::Task> {
        let dependency = self.list.dependency();
        let head = self.list.head(dependency.kind());
        let selected = self.list.query().selected();
        PagesTask::of_pages(AskedQuery::new::<C::Backend>(head, dependency, selected)?)
    }

    fn later(task: &Self::Task) -> Option<Later<C>> {
        // On another thread, at another moment, a base query may be another one.
        if P::HAS_BASE_QUERY {
            return None;
        }
        Some(Box::new(task.again(<Part::Query as LoadModel<'query, C, P::Joined>>::owned)?))
    }
}

impl<'query, C, P, Source, Part> IntoTask<'query, C> for OnlyFirst<PageList<P, Source, Part>>
where
    C: LoadConnection<Backend: CacheBackend> + 'static,
    P: LoadPages<C>,
    Part: Arranged<P::Root, Source, Query: LimitDsl>,
    Limit<Part::Query>: LoadModel<'query, C, P::Joined>,
{
    type Task = PagesTask<C, P, FirstPage<P>, <Limit<Part::Query> as LoadModel<'query, C, P::Joined>>::Selected>;

    fn into_task(self) -> QueryResult<Self::Task> {
        let list = self.0.list;
        let (dependency, head) = (list.dependency(), list.head(Kind::First));
        let selected = LimitDsl::limit(list.query(), 1).selected();
        PagesTask::of_pages(AskedQuery::new::<C::Backend>(head, dependency, selected)?)
    }

    fn later(task: &Self::Task) -> Option<Later<C>> {
        // On another thread, at another moment, a base query may be another one.
        if P::HAS_BASE_QUERY {
            return None;
        }
        Some(Box::new(task.again(<Limit<Part::Query> as LoadModel<'query, C, P::Joined>>::owned)?))
    }
}
