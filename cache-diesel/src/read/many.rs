//! Several rows by their keys: one look in the store, one statement for all that it lacks.

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
use crate::manager::{Manager, ManagerState};
use crate::model::CachedModel;
use crate::read::base::{KeyedSource, keyed, row_id, row_tags};
use crate::read::batch::{Batch, Batched, IntoBatch};
use crate::read::entry::{CachedRow, CachedRows};
use crate::read::keep::Keep;
use crate::read::load::LoadModel;
use crate::read::options::{Options, options_methods};
use crate::read::refused::refused;
use crate::read::row_task::{accept_row, first_of, keep_row, row_codec};
use crate::read::take::many_with;
use crate::read::task::Head;
use crate::read::terminal::{BlockingRead, terminal};
use crate::read::twice::cloned;
use crate::shape::{Named, shape_of};

impl<M: CachedModel> Manager<M> {
    /// The rows with these primary keys, one result for each key, in the order of the keys.
    ///
    /// What is not cached is asked for in one statement, or in one for every 500 keys. Keys that the database may
    /// compare otherwise than byte by byte, such as text, are asked for once more if no row has them.
    #[track_caller]
    pub fn get_many<K: IntoKey<M::Id>>(self, ids: impl IntoIterator<Item = K>) -> ManyRead<M> {
        let keys = ids.into_iter().map(IntoKey::into_key).collect();
        ManyRead { state: self.state, keys, options: Options::new(), model: PhantomData }
    }
}

/// Several rows by their primary keys, to be read by [`load`](Self::load).
#[derive(Debug)]
#[must_use = "nothing is read until a method with a connection is called"]
pub struct ManyRead<M: CachedModel> {
    state: &'static ManagerState,
    keys: Vec<M::Id>,
    options: Options,
    model: PhantomData<fn() -> M>,
}

cloned!([M: CachedModel] ManyRead<M> { state, keys, options, model });

impl<M: CachedModel> ManyRead<M> {
    options_methods!(options);

    terminal! {
        /// Reads the rows: for each key its row, or `None`.
        ///
        /// A key that is asked for twice is looked for once. No key at all touches neither store nor database.
        ///
        /// # Errors
        ///
        /// Returns what the database says.
        load, M, Self, |read| read
    }

    refused!(EndsManyRows: count, execute, exists, first, get_result, get_results);
    many_with!(M);
}

impl<'query, C, M> BlockingRead<'query, C> for ManyRead<M>
where
    C: LoadConnection<Backend: CacheBackend> + 'static,
    M: CachedModel,
    Self: IntoBatch<C, Batched: Batched<C, Row = M> + 'static>,
{
    type Output = QueryResult<CachedRows<M>>;

    fn run(self, conn: &mut C) -> Self::Output {
        Batch::read(self, conn)
    }
}

impl<C, M> IntoBatch<C> for ManyRead<M>
where
    C: LoadConnection<Backend: CacheBackend> + 'static,
    M: CachedModel,
    M::Source: FilterDsl<M::ByIds>,
    Filter<M::Source, M::ByIds>: LoadModel<'static, C, M>,
    KeyedSource<M>: LoadModel<'static, C, M>,
{
    type Batched = Rows<M>;

    fn into_batch(self) -> (Head, Vec<M::Id>) {
        (Head { state: self.state, kind: Kind::Detail, options: self.options }, self.keys)
    }
}

/// The rows of a model.
#[derive(Debug)]
pub struct Rows<M>(PhantomData<fn() -> M>);

impl<C, M> Batched<C> for Rows<M>
where
    C: LoadConnection<Backend: CacheBackend> + 'static,
    M: CachedModel,
    M::Source: FilterDsl<M::ByIds>,
    Filter<M::Source, M::ByIds>: LoadModel<'static, C, M>,
    KeyedSource<M>: LoadModel<'static, C, M>,
{
    type Id = M::Id;
    type Row = M;

    const HAS_BASE_QUERY: bool = M::HAS_BASE_QUERY;

    fn codec() -> Option<Codec> {
        row_codec::<M>()
    }

    fn key_comparison() -> Comparison {
        M::key_comparison()
    }

    fn id(row: &M) -> M::Id {
        row.id()
    }

    fn entry_id(key: &M::Id) -> QueryResult<KeyBytes> {
        row_id::<C, M>(KeyBytes::of(key), || key.clone())
    }

    fn named(key: &M::Id, assume_deterministic: bool) -> QueryResult<Result<Named, Bypass>> {
        let shape = shape_of::<C::Backend, _>(&keyed::<M>(key.clone()).selected())?;
        Ok(shape.named(assume_deterministic))
    }

    fn tags(subject: &Subject<'_>, key: KeyBytes) -> Vec<Tag> {
        row_tags::<M>(subject, key)
    }

    fn accept(value: Value, key: &M::Id) -> Option<Option<CachedRow<M>>> {
        accept_row(value, key)
    }

    fn keep(head: &Head, row: Option<&CachedRow<M>>, key: &M::Id) -> Keep {
        keep_row(head, row, key)
    }

    fn ask(keys: Vec<M::Id>, conn: &mut C) -> QueryResult<Vec<M>> {
        RunQueryDsl::load(FilterDsl::filter(M::source(), M::by_ids(keys)).selected(), conn)
    }

    fn ask_one(key: M::Id, conn: &mut C) -> QueryResult<Option<CachedRow<M>>> {
        first_of(Some(keyed::<M>(key).selected()), conn)
    }
}
