//! One page by a unique value of its row.

use core::marker::PhantomData;
use std::sync::Arc;

use cache_core::protocol::read::Subject;
use cache_core::{Bypass, Codec, KeyBytes, Tag};
use diesel::connection::LoadConnection;
use diesel::dsl::Filter;
use diesel::query_dsl::methods::FilterDsl;
use diesel::result::QueryResult;

use crate::backend::CacheBackend;
use crate::keys::IntoKey;
use crate::manager::ManagerState;
use crate::model::{CachedModel, Lookup};
use crate::read::base::{is_key_exact, named_by as name_of};
use crate::read::filter::{Anywhere, Filterable};
use crate::read::first::FirstRead;
use crate::read::list::ListRead;
use crate::read::load::LoadModel;
use crate::read::lookup_task::{UniqueTarget, UniqueTask};
use crate::read::options::{Options, options_methods};
use crate::read::refresh::Later;
use crate::read::terminal::{IntoTask, row_terminals};
use crate::read::twice::cloned;
use crate::read::view::answer::{page_codec, weight_of};
use crate::read::view::list::PageList;
use crate::read::view::manager::ViewManager;
use crate::read::view::page::{CachedView, LoadPages};
use crate::read::view::relation::with_base_queries;
use crate::read::view::require::{ErrorOf, RequirePage};
use crate::read::view::row::{Id, KeyedSource, page_id};
use crate::read::view::row_task::{first_page, named_by};
use crate::shape::{Named, shape_of};

impl<V: CachedView> ViewManager<V> {
    /// The page of the row with this value in the unique look-up `L`; generated methods call it.
    #[doc(hidden)]
    #[track_caller]
    pub fn looked_up<L, K>(self, value: K) -> UniquePageRead<V, L, K::Itself>
    where
        L: Lookup<Model = V::Root>,
        K: IntoKey<L::Value>,
    {
        UniquePageRead { state: self.state, value: value.itself(), options: Options::new(), lookup: PhantomData }
    }
}

/// A page by a unique value of its row, to be read by [`first`](Self::first) or [`require`](Self::require).
#[derive(Debug)]
#[must_use = "nothing is read until a method with a connection is called"]
pub struct UniquePageRead<V, L, K> {
    state: &'static ManagerState,
    value: K,
    options: Options,
    lookup: PhantomData<fn() -> (V, L)>,
}

cloned!([V, L, K: Clone] UniquePageRead<V, L, K> { state, value, options, lookup });

impl<V, L, K> UniquePageRead<V, L, K>
where
    V: CachedView,
    L: Lookup<Model = V::Root>,
    K: IntoKey<L::Value>,
{
    options_methods!(options);
    row_terminals!(V, V::Joined, RequirePage<V>, ErrorOf<V>);

    /// Asks for the page only if `condition` holds. It is cached as the first page of a list is, by its query.
    pub fn filter<Condition, Kind>(self, condition: Condition) -> FirstRead<PageList<V, Condition::Output>>
    where
        V::Source: FilterDsl<L::Filter>,
        Condition: Filterable<Source<V, L>, Kind, Anywhere>,
    {
        let value = self.value.into_key();
        let value = if L::IS_NORMALIZED { L::normalized(&value) } else { value };
        let source = condition.filter_of(FilterDsl::filter(V::source(), L::filter(value)));
        FirstRead { list: PageList::new(ListRead::new(self.state, source, None).with_options(self.options)) }
    }
}

impl<V: CachedView, Source> FirstRead<PageList<V, Source>> {
    options_methods!(list.list.options);
    row_terminals!(V, V::Joined, RequirePage<V>, ErrorOf<V>);

    /// Adds a condition, or an optional one.
    pub fn filter<Condition, Kind>(self, condition: Condition) -> FirstRead<PageList<V, Condition::Output>>
    where
        Condition: Filterable<Source, Kind, Anywhere>,
    {
        FirstRead { list: self.list.filter(condition) }
    }

    /// The plain Diesel query of the row and what is joined, uncached.
    pub fn query(self) -> Source {
        self.list.list.source
    }
}

impl<'query, C, V, L, K> IntoTask<'query, C> for UniquePageRead<V, L, K>
where
    C: LoadConnection<Backend: CacheBackend> + 'static,
    V: CachedView,
    L: Lookup<Model = V::Root>,
    K: IntoKey<L::Value>,
    PageTarget<V>: UniqueTarget<C, L, Found = V>,
{
    type Task = UniqueTask<C, L, K, PageTarget<V>>;

    fn into_task(self) -> QueryResult<Self::Task> {
        UniqueTask::new(self.state, self.value, self.options)
    }

    fn later(task: &Self::Task) -> Option<Later<C>> {
        Some(Box::new(task.again()?))
    }
}

/// Says that a unique value leads to a page of the view.
pub struct PageTarget<V>(PhantomData<fn() -> V>);

type Source<V, L> = Filter<<V as CachedView>::Source, <L as Lookup>::Filter>;

impl<C, V, L> UniqueTarget<C, L> for PageTarget<V>
where
    C: LoadConnection<Backend: CacheBackend>,
    L: Lookup<Model = V::Root>,
    V: CachedView<Source: FilterDsl<L::Filter> + FilterDsl<V::ByKey>> + LoadPages<C>,
    KeyedSource<V>: LoadModel<'static, C, V::Joined>,
    Source<V, L>: LoadModel<'static, C, V::Joined>,
{
    type Found = V;

    const HAS_BASE_QUERY: bool = V::HAS_BASE_QUERY;

    fn row(page: &V) -> &V::Root {
        page.root()
    }

    fn weight(page: &V) -> usize {
        weight_of(page)
    }

    fn codec() -> Option<Codec> {
        page_codec::<V>()
    }

    fn name(id: KeyBytes, value: impl FnOnce() -> L::Value) -> QueryResult<KeyBytes> {
        let has_base_query = V::Root::HAS_BASE_QUERY;
        let id = if has_base_query { name_of::<C::Backend, _>(&selected::<C, V, L>(value()))? } else { id };
        with_base_queries::<C, V>(id)
    }

    fn row_name(row: KeyBytes, key: impl FnOnce() -> Id<V>) -> QueryResult<KeyBytes> {
        page_id::<C, V>(row, key)
    }

    fn row_tags(subject: &Subject<'_>, row: KeyBytes) -> Vec<Tag> {
        subject.excluded_row(row, is_key_exact::<V::Root>(subject))
    }

    fn named(value: L::Value, assume_deterministic: bool) -> QueryResult<Result<Named, Bypass>> {
        let shape = shape_of::<C::Backend, _>(&selected::<C, V, L>(value))?;
        named_by::<C, V>(&shape, assume_deterministic)
    }

    fn ask(value: L::Value, conn: &mut C) -> QueryResult<Option<Arc<V>>> {
        first_page(selected::<C, V, L>(value), conn)
    }
}

type Selected<C, V, L> =
    <Source<V, L> as LoadModel<'static, C, <V as crate::read::view::page::Page>::Joined>>::Selected;

fn selected<C, V, L>(value: L::Value) -> Selected<C, V, L>
where
    C: LoadConnection<Backend: CacheBackend>,
    L: Lookup<Model = V::Root>,
    V: CachedView<Source: FilterDsl<L::Filter>>,
    Source<V, L>: LoadModel<'static, C, V::Joined>,
{
    FilterDsl::filter(V::source(), L::filter(value)).selected()
}
