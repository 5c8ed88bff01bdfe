//! Several pages by the keys of their rows: one look in the store, one load for all that it lacks.

use core::fmt;
use core::marker::PhantomData;

use cache_core::protocol::read::Subject;
use cache_core::{Bypass, Codec, KeyBytes, Kind, Tag, Value};
use diesel::RunQueryDsl;
use diesel::connection::LoadConnection;
use diesel::dsl::Filter;
use diesel::query_dsl::methods::FilterDsl;
use diesel::result::QueryResult;

use crate::backend::CacheBackend;
use crate::comparison::Comparison;
use crate::keys::IntoKey;
use crate::manager::ManagerState;
use crate::model::CachedModel;
use crate::read::base::is_key_exact;
use crate::read::batch::{Batch, Batched, IntoBatch};
use crate::read::entry::{CachedRow, CachedRows};
use crate::read::keep::Keep;
use crate::read::load::LoadModel;
use crate::read::options::{Options, options_methods};
use crate::read::refused::refused;
use crate::read::take::many_with;
use crate::read::task::Head;
use crate::read::terminal::{BlockingRead, terminal};
use crate::read::twice::cloned;
use crate::read::view::answer::{accept_page, keep_page, page_codec};
use crate::read::view::manager::ViewManager;
use crate::read::view::page::{CachedView, LoadPages, Page};
use crate::read::view::row::{Id, KeyedSource, keyed_source, page_id};
use crate::read::view::row_task::{first_page, named_by};
use crate::shape::{Named, shape_of};

impl<V: CachedView> ViewManager<V> {
    /// The pages of the rows with these primary keys, one result for each key, in the order of the keys.
    ///
    /// What is not cached is loaded as a list is, or as one for every 500 keys. Keys that the database may compare
    /// otherwise than byte by byte, such as text, are asked for one by one if no row has them.
    #[track_caller]
    pub fn get_many<K: IntoKey<Id<V>>>(self, ids: impl IntoIterator<Item = K>) -> ManyPagesRead<V> {
        let keys = ids.into_iter().map(IntoKey::into_key).collect();
        ManyPagesRead { state: self.state, keys, options: Options::new(), view: PhantomData }
    }
}

/// Several pages by the primary keys of their rows, to be read by [`load`](Self::load).
#[must_use = "nothing is read until a method with a connection is called"]
pub struct ManyPagesRead<V: CachedView> {
    state: &'static ManagerState,
    keys: Vec<Id<V>>,
    options: Options,
    view: PhantomData<fn() -> V>,
}

cloned!([V: CachedView] ManyPagesRead<V> { state, keys, options, view });

impl<V: CachedView> fmt::Debug for ManyPagesRead<V> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ManyPagesRead").field("manager", &self.state.name).finish_non_exhaustive()
    }
}

impl<V: CachedView> ManyPagesRead<V> {
    options_methods!(options);

    terminal! {
        /// Reads the pages: for each key its page, or `None`.
        ///
        /// A key that is asked for twice is looked for once. No key at all touches neither store nor database.
        ///
        /// # Errors
        ///
        /// Returns what the database says.
        load, V::Joined, Self, |read| read
    }

    refused!(EndsManyRows: count, execute, exists, first, get_result, get_results);
    many_with!(V);
}

/// The condition on several keys.
type ByIds<V> = <<V as Page>::Root as CachedModel>::ByIds;

impl<'query, C, V> BlockingRead<'query, C> for ManyPagesRead<V>
where
    C: LoadConnection<Backend: CacheBackend> + 'static,
    V: CachedView,
    Self: IntoBatch<C, Batched: Batched<C, Row = V> + 'static>,
{
    type Output = QueryResult<CachedRows<V>>;

    fn run(self, conn: &mut C) -> Self::Output {
        Batch::read(self, conn)
    }
}

impl<C, V> IntoBatch<C> for ManyPagesRead<V>
where
    C: LoadConnection<Backend: CacheBackend> + 'static,
    V: CachedView<Source: FilterDsl<ByIds<V>> + FilterDsl<V::ByKey>> + LoadPages<C>,
    Filter<V::Source, ByIds<V>>: LoadModel<'static, C, V::Joined>,
    KeyedSource<V>: LoadModel<'static, C, V::Joined>,
{
    type Batched = Pages<V>;

    fn into_batch(self) -> (Head, Vec<Id<V>>) {
        (Head { state: self.state, kind: Kind::Detail, options: self.options }, self.keys)
    }
}

/// The pages of a view.
#[derive(Debug)]
pub struct Pages<V>(PhantomData<fn() -> V>);

impl<C, V> Batched<C> for Pages<V>
where
    C: LoadConnection<Backend: CacheBackend> + 'static,
    V: CachedView<Source: FilterDsl<ByIds<V>> + FilterDsl<V::ByKey>> + LoadPages<C>,
    Filter<V::Source, ByIds<V>>: LoadModel<'static, C, V::Joined>,
    KeyedSource<V>: LoadModel<'static, C, V::Joined>,
{
    type Id = Id<V>;
    type Row = V;

    const HAS_BASE_QUERY: bool = V::HAS_BASE_QUERY;

    fn codec() -> Option<Codec> {
        page_codec::<V>()
    }

    fn key_comparison() -> Comparison {
        <V::Root as CachedModel>::key_comparison()
    }

    fn id(page: &V) -> Id<V> {
        page.root().id()
    }

    fn entry_id(key: &Id<V>) -> QueryResult<KeyBytes> {
        page_id::<C, V>(KeyBytes::of(key), || key.clone())
    }

    fn named(key: &Id<V>, assume_deterministic: bool) -> QueryResult<Result<Named, Bypass>> {
        let shape = shape_of::<C::Backend, _>(&keyed_source::<V>(key.clone()).selected())?;
        named_by::<C, V>(&shape, assume_deterministic)
    }

    fn tags(subject: &Subject<'_>, key: KeyBytes) -> Vec<Tag> {
        subject.excluded_row(key, is_key_exact::<V::Root>(subject))
    }

    fn accept(value: Value, key: &Id<V>) -> Option<Option<CachedRow<V>>> {
        accept_page(value, key)
    }

    fn keep(head: &Head, page: Option<&CachedRow<V>>, key: &Id<V>) -> Keep {
        keep_page(head, page, key)
    }

    fn ask(keys: Vec<Id<V>>, conn: &mut C) -> QueryResult<Vec<V>> {
        let query = FilterDsl::filter(V::source(), <V::Root as CachedModel>::by_ids(keys));
        let joined = RunQueryDsl::load::<V::Joined>(query.selected(), conn)?;
        V::assemble(joined, conn)
    }

    fn ask_one(key: Id<V>, conn: &mut C) -> QueryResult<Option<CachedRow<V>>> {
        first_page(keyed_source::<V>(key).selected(), conn)
    }
}
