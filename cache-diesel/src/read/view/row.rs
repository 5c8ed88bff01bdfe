//! One page by the key of its row.

use core::fmt;
use core::marker::PhantomData;

use cache_core::{KeyBytes, Kind};
use diesel::connection::LoadConnection;
use diesel::dsl::Filter;
use diesel::query_dsl::methods::FilterDsl;
use diesel::result::QueryResult;

use crate::backend::CacheBackend;
use crate::keys::IntoKey;
use crate::manager::ManagerState;
use crate::model::CachedModel;
use crate::read::base::named_by;
use crate::read::filter::{Anywhere, Filterable};
use crate::read::load::LoadModel;
use crate::read::options::{Options, options_methods};
use crate::read::refresh::Later;
use crate::read::task::Head;
use crate::read::terminal::{IntoTask, row_terminals};
use crate::read::twice::cloned;
use crate::read::view::manager::ViewManager;
use crate::read::view::page::{CachedView, LoadPages, Page};
use crate::read::view::relation::with_base_queries;
use crate::read::view::require::{ErrorOf, RequirePage};
use crate::read::view::row_task::{FilteredPageTask, PageTask};
use crate::shape::shape_of;

/// The key of a view's rows.
pub(super) type Id<V> = <<V as Page>::Root as CachedModel>::Id;

/// The query of a page by the key of its row.
pub(super) type KeyedSource<V> = Filter<<V as CachedView>::Source, <V as CachedView>::ByKey>;

impl<V: CachedView> ViewManager<V> {
    /// The page of the row with the primary key `id`.
    ///
    /// A row whose inner join finds nothing has no page.
    #[track_caller]
    #[must_use = "nothing is read until a method with a connection is called"]
    pub fn get<K: IntoKey<Id<V>>>(self, id: K) -> PageRead<V, K::Itself> {
        PageRead { state: self.state, key: id.itself(), options: Options::new(), view: PhantomData }
    }
}

/// A page by the primary key of its row, to be read by [`first`](Self::first) or [`require`](Self::require).
#[derive(Debug)]
#[must_use = "nothing is read until a method with a connection is called"]
pub struct PageRead<V, K> {
    state: &'static ManagerState,
    key: K,
    options: Options,
    view: PhantomData<fn() -> V>,
}

cloned!([V, K: Clone] PageRead<V, K> { state, key, options, view });

/// A page by the primary key of its row and a condition.
#[must_use = "nothing is read until a method with a connection is called"]
pub struct FilteredPageRead<V: CachedView, Source> {
    state: &'static ManagerState,
    key: Id<V>,
    source: Source,
    options: Options,
}

cloned!([V: CachedView, Source: Clone] FilteredPageRead<V, Source> { state, key, source, options });

impl<V: CachedView, Source> fmt::Debug for FilteredPageRead<V, Source> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("FilteredPageRead").field("manager", &self.state.name).finish_non_exhaustive()
    }
}

impl<V: CachedView, K: IntoKey<Id<V>>> PageRead<V, K> {
    options_methods!(options);
    row_terminals!(V, V::Joined, RequirePage<V>, ErrorOf<V>);

    /// Asks for the page only if `condition` holds; the condition is part of the entry's name. It may use the columns
    /// of every joined table.
    pub fn filter<Condition, Kind>(self, condition: Condition) -> FilteredPageRead<V, Condition::Output>
    where
        V::Source: FilterDsl<V::ByKey>,
        Condition: Filterable<KeyedSource<V>, Kind, Anywhere>,
    {
        let key = self.key.into_key();
        let source = condition.filter_of(keyed_source::<V>(key.clone()));
        FilteredPageRead { state: self.state, key, source, options: self.options }
    }

    /// The plain Diesel query of the row and what is joined, uncached.
    pub fn query(self) -> KeyedSource<V>
    where
        V::Source: FilterDsl<V::ByKey>,
    {
        keyed_source::<V>(self.key.into_key())
    }
}

impl<V: CachedView, Source> FilteredPageRead<V, Source> {
    options_methods!(options);

    /// Adds a condition, or an optional one.
    pub fn filter<Condition, Kind>(self, condition: Condition) -> FilteredPageRead<V, Condition::Output>
    where
        Condition: Filterable<Source, Kind, Anywhere>,
    {
        let source = condition.filter_of(self.source);
        FilteredPageRead { state: self.state, key: self.key, source, options: self.options }
    }

    row_terminals!(V, V::Joined, RequirePage<V>, ErrorOf<V>);

    /// The plain Diesel query of the row and what is joined, uncached.
    pub fn query(self) -> Source {
        self.source
    }
}

pub(super) fn keyed_source<V>(key: Id<V>) -> KeyedSource<V>
where
    V: CachedView<Source: FilterDsl<V::ByKey>>,
{
    FilterDsl::filter(V::source(), V::by_key(key))
}

/// What an entry of the page of the row `row` is called.
pub(super) fn page_id<'query, C, V>(row: KeyBytes, key: impl FnOnce() -> Id<V>) -> QueryResult<KeyBytes>
where
    C: LoadConnection<Backend: CacheBackend>,
    V: CachedView<Source: FilterDsl<V::ByKey>> + LoadPages<C>,
    KeyedSource<V>: LoadModel<'query, C, V::Joined>,
{
    let has_base_query = V::Root::HAS_BASE_QUERY;
    let id = if has_base_query { named_by::<C::Backend, _>(&keyed_source::<V>(key()).selected())? } else { row };
    with_base_queries::<C, V>(id)
}

impl<'query, C, V, K> IntoTask<'query, C> for PageRead<V, K>
where
    C: LoadConnection<Backend: CacheBackend> + 'static,
    K: IntoKey<Id<V>>,
    V: CachedView<Source: FilterDsl<V::ByKey>> + LoadPages<C>,
    KeyedSource<V>: LoadModel<'static, C, V::Joined>,
{
    type Task = PageTask<C, V, K>;

    fn into_task(self) -> QueryResult<Self::Task> {
        let head = Head { state: self.state, kind: Kind::Detail, options: self.options };
        let row = self.key.key_bytes();
        let id = page_id::<C, V>(row, || self.key.to_key())?;
        Ok(PageTask { head, row, id, asked: self.key, connection: PhantomData })
    }

    fn later(task: &Self::Task) -> Option<Later<C>> {
        // On another thread, at another moment, a base query may be another one.
        if V::HAS_BASE_QUERY {
            return None;
        }
        Some(Box::new(PageTask::<C, V, Id<V>> {
            head: task.head,
            row: task.row,
            id: task.id,
            asked: task.asked.to_key(),
            connection: PhantomData,
        }))
    }
}

impl<'query, C, V, Source> IntoTask<'query, C> for FilteredPageRead<V, Source>
where
    C: LoadConnection<Backend: CacheBackend> + 'static,
    V: CachedView + LoadPages<C>,
    Source: LoadModel<'query, C, V::Joined>,
{
    type Task = FilteredPageTask<C, V, Source::Selected>;

    fn into_task(self) -> QueryResult<Self::Task> {
        let head = Head { state: self.state, kind: Kind::Detail, options: self.options };
        let selected = self.source.selected();
        let shape = shape_of::<C::Backend, _>(&selected)?;
        let id = with_base_queries::<C, V>(shape.key_of::<C::Backend, _>(&selected, None)?)?;
        Ok(FilteredPageTask { head, shape, id, key: self.key, selected: Some(selected), conn: PhantomData })
    }

    fn later(task: &Self::Task) -> Option<Later<C>> {
        // On another thread, at another moment, a base query may be another one.
        if V::HAS_BASE_QUERY {
            return None;
        }
        Some(Box::new(task.again(<Source as LoadModel<'query, C, V::Joined>>::owned)?))
    }
}
