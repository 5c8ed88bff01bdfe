//! One row by a unique value: the value leads to the primary key, and that to the row.

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
use crate::manager::{Manager, ManagerState};
use crate::model::{CachedModel, Lookup};
use crate::read::base::{KeyedSource, named_by, row_id, row_tags};
use crate::read::filter::{Anywhere, Filterable};
use crate::read::first::FirstRead;
use crate::read::list::ListRead;
use crate::read::load::LoadModel;
use crate::read::lookup_task::{UniqueTarget, UniqueTask};
use crate::read::options::{Options, options_methods};
use crate::read::refresh::Later;
use crate::read::row_task::{first_of, row_codec, weight_of};
use crate::read::terminal::{IntoTask, Require, row_terminals};
use crate::read::twice::cloned;
use crate::shape::{Named, shape_of};

impl<M: CachedModel> Manager<M> {
    /// The row with this value in the unique look-up `L`; generated methods call it.
    #[doc(hidden)]
    #[track_caller]
    pub fn looked_up<L, K>(self, value: K) -> UniqueRead<L, K::Itself>
    where
        L: Lookup<Model = M>,
        K: IntoKey<L::Value>,
    {
        UniqueRead { state: self.state, value: value.itself(), options: Options::new(), lookup: PhantomData }
    }
}

/// A row by a unique value, to be read by [`first`](Self::first) or [`require`](Self::require).
#[derive(Debug)]
#[must_use = "nothing is read until a method with a connection is called"]
pub struct UniqueRead<L, K> {
    state: &'static ManagerState,
    value: K,
    options: Options,
    lookup: PhantomData<fn() -> L>,
}

cloned!([L, K: Clone] UniqueRead<L, K> { state, value, options, lookup });

impl<L: Lookup, K: IntoKey<L::Value>> UniqueRead<L, K> {
    options_methods!(options);
    row_terminals!(L::Model, L::Model, Require<L::Model>, <L::Model as CachedModel>::Error);

    /// Asks for the row only if `condition` holds. It is cached as the first row of a list is, by its query.
    pub fn filter<Condition, Kind>(self, condition: Condition) -> FirstRead<ListRead<L::Model, Condition::Output>>
    where
        <L::Model as CachedModel>::Source: FilterDsl<L::Filter>,
        Condition: Filterable<Source<L>, Kind, Anywhere>,
    {
        let value = self.value.into_key();
        let value = if L::IS_NORMALIZED { L::normalized(&value) } else { value };
        let source = FilterDsl::filter(<L::Model as CachedModel>::source(), L::filter(value));
        FirstRead::new(self.state, condition.filter_of(source), self.options)
    }
}

impl<'query, C, L, K> IntoTask<'query, C> for UniqueRead<L, K>
where
    C: LoadConnection<Backend: CacheBackend> + 'static,
    L: Lookup,
    K: IntoKey<L::Value>,
    RowTarget: UniqueTarget<C, L, Found = L::Model>,
{
    type Task = UniqueTask<C, L, K, RowTarget>;

    fn into_task(self) -> QueryResult<Self::Task> {
        UniqueTask::new(self.state, self.value, self.options)
    }

    fn later(task: &Self::Task) -> Option<Later<C>> {
        Some(Box::new(task.again()?))
    }
}

/// The query of a row by the value.
type Source<L> = Filter<<<L as Lookup>::Model as CachedModel>::Source, <L as Lookup>::Filter>;

/// Says that a unique value leads to a row of the model.
pub struct RowTarget;

impl<C, L> UniqueTarget<C, L> for RowTarget
where
    C: LoadConnection<Backend: CacheBackend>,
    L: Lookup,
    <L::Model as CachedModel>::Source: FilterDsl<L::Filter>,
    KeyedSource<L::Model>: LoadModel<'static, C, L::Model>,
    Source<L>: LoadModel<'static, C, L::Model>,
{
    type Found = L::Model;

    const HAS_BASE_QUERY: bool = L::Model::HAS_BASE_QUERY;

    fn row(found: &L::Model) -> &L::Model {
        found
    }

    fn weight(found: &L::Model) -> usize {
        weight_of(found)
    }

    fn codec() -> Option<Codec> {
        row_codec::<L::Model>()
    }

    fn name(id: KeyBytes, value: impl FnOnce() -> L::Value) -> QueryResult<KeyBytes> {
        if L::Model::HAS_BASE_QUERY { named_by::<C::Backend, _>(&selected::<C, L>(value())) } else { Ok(id) }
    }

    fn row_name(row: KeyBytes, key: impl FnOnce() -> <L::Model as CachedModel>::Id) -> QueryResult<KeyBytes> {
        row_id::<C, L::Model>(row, key)
    }

    fn row_tags(subject: &Subject<'_>, row: KeyBytes) -> Vec<Tag> {
        row_tags::<L::Model>(subject, row)
    }

    fn named(value: L::Value, assume_deterministic: bool) -> QueryResult<Result<Named, Bypass>> {
        Ok(shape_of::<C::Backend, _>(&selected::<C, L>(value))?.named(assume_deterministic))
    }

    fn ask(value: L::Value, conn: &mut C) -> QueryResult<Option<Arc<L::Model>>> {
        first_of(Some(selected::<C, L>(value)), conn)
    }
}

type Selected<C, L> = <Source<L> as LoadModel<'static, C, <L as Lookup>::Model>>::Selected;

fn selected<C, L>(value: L::Value) -> Selected<C, L>
where
    C: LoadConnection<Backend: CacheBackend>,
    L: Lookup,
    <L::Model as CachedModel>::Source: FilterDsl<L::Filter>,
    Source<L>: LoadModel<'static, C, L::Model>,
{
    FilterDsl::filter(<L::Model as CachedModel>::source(), L::filter(value)).selected()
}
