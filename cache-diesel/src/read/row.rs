//! One row by its key.

use core::marker::PhantomData;

#[cfg(feature = "__async")]
use cache_core::KeyBytes;
use cache_core::Kind;
use diesel::connection::LoadConnection;
#[cfg(feature = "__async")]
use diesel::query_builder::{QueryFragment, QueryId};
use diesel::result::QueryResult;

use crate::backend::CacheBackend;
use crate::keys::IntoKey;
use crate::manager::{Manager, ManagerState};
use crate::model::CachedModel;
use crate::read::base::{KeyedSource, keyed, row_id};
use crate::read::filter::{Anywhere, Filterable};
use crate::read::load::LoadModel;
use crate::read::options::{Options, options_methods};
use crate::read::refresh::Later;
use crate::read::row_task::{FilteredTask, RowTask};
use crate::read::task::Head;
use crate::read::terminal::{IntoTask, Require, row_terminals};
use crate::read::twice::cloned;
use crate::shape::shape_of;

impl<M: CachedModel> Manager<M> {
    /// The row with the primary key `id`.
    ///
    /// A key may be given as it is, borrowed, or as a string slice for a `String`; several columns as a tuple.
    #[track_caller]
    #[must_use = "nothing is read until a method with a connection is called"]
    pub fn get<K: IntoKey<M::Id>>(self, id: K) -> RowRead<M, K::Itself> {
        RowRead { state: self.state, key: id.itself(), options: Options::new(), model: PhantomData }
    }
}

/// A row by its primary key, to be read by [`first`](Self::first) or [`require`](Self::require).
#[derive(Debug)]
#[must_use = "nothing is read until a method with a connection is called"]
pub struct RowRead<M, K> {
    state: &'static ManagerState,
    key: K,
    options: Options,
    model: PhantomData<fn() -> M>,
}

cloned!([M, K: Clone] RowRead<M, K> { state, key, options, model });

/// A row by its primary key and a condition.
#[derive(Debug)]
#[must_use = "nothing is read until a method with a connection is called"]
pub struct FilteredRead<M: CachedModel, Source> {
    state: &'static ManagerState,
    key: M::Id,
    source: Source,
    options: Options,
}

cloned!([M: CachedModel, Source: Clone] FilteredRead<M, Source> { state, key, source, options });

impl<M: CachedModel, K: IntoKey<M::Id>> RowRead<M, K> {
    options_methods!(options);
    row_terminals!(M, M, Require<M>, M::Error);

    /// Asks for the row only if `condition` holds; the condition is part of the entry's name.
    pub fn filter<Condition, Kind>(self, condition: Condition) -> FilteredRead<M, Condition::Output>
    where
        Condition: Filterable<KeyedSource<M>, Kind, Anywhere>,
    {
        let key = self.key.into_key();
        let source = condition.filter_of(keyed::<M>(key.clone()));
        FilteredRead { state: self.state, key, source, options: self.options }
    }

    /// The plain Diesel query, uncached.
    pub fn query(self) -> KeyedSource<M> {
        keyed::<M>(self.key.into_key())
    }
}

impl<M: CachedModel, Source> FilteredRead<M, Source> {
    options_methods!(options);

    /// Adds a condition, or an optional one.
    pub fn filter<Condition, Kind>(self, condition: Condition) -> FilteredRead<M, Condition::Output>
    where
        Condition: Filterable<Source, Kind, Anywhere>,
    {
        let source = condition.filter_of(self.source);
        FilteredRead { state: self.state, key: self.key, source, options: self.options }
    }

    row_terminals!(M, M, Require<M>, M::Error);

    /// The plain Diesel query, uncached.
    pub fn query(self) -> Source {
        self.source
    }
}

impl<'query, C, M, K> IntoTask<'query, C> for RowRead<M, K>
where
    C: LoadConnection<Backend: CacheBackend> + 'static,
    M: CachedModel,
    K: IntoKey<M::Id>,
    KeyedSource<M>: LoadModel<'static, C, M>,
{
    type Task = RowTask<C, M, K>;

    fn into_task(self) -> QueryResult<Self::Task> {
        let head = Head { state: self.state, kind: Kind::Detail, options: self.options };
        let row = self.key.key_bytes();
        let id = row_id::<C, M>(row, || self.key.to_key())?;
        Ok(RowTask { head, row, id, asked: self.key, connection: PhantomData })
    }

    fn later(task: &Self::Task) -> Option<Later<C>> {
        // On another thread, at another moment, a base query may be another one.
        if M::HAS_BASE_QUERY {
            return None;
        }
        Some(Box::new(RowTask::<C, M, M::Id> {
            head: task.head,
            row: task.row,
            id: task.id,
            asked: task.asked.to_key(),
            connection: PhantomData,
        }))
    }
}

impl<'query, C, M, Source> IntoTask<'query, C> for FilteredRead<M, Source>
where
    C: LoadConnection<Backend: CacheBackend> + 'static,
    M: CachedModel,
    Source: LoadModel<'query, C, M>,
{
    type Task = FilteredTask<M, Source::Selected>;

    fn into_task(self) -> QueryResult<Self::Task> {
        let head = Head { state: self.state, kind: Kind::Detail, options: self.options };
        let selected = self.source.selected();
        let shape = shape_of::<C::Backend, _>(&selected)?;
        let id = shape.key_of::<C::Backend, _>(&selected, None)?;
        Ok(FilteredTask { head, shape, id, key: self.key, selected: Some(selected) })
    }

    fn later(task: &Self::Task) -> Option<Later<C>> {
        Some(Box::new(task.again(<Source as LoadModel<'query, C, M>>::owned)?))
    }
}

#[cfg(feature = "__async")]
impl<M: CachedModel, K: IntoKey<M::Id>> RowRead<M, K> {
    /// The task of a driver that makes the query before it looks.
    pub(crate) fn into_keyed_task<DB, Selected>(
        self,
        select: impl FnOnce(M::Id) -> Selected,
    ) -> QueryResult<FilteredTask<M, Selected>>
    where
        DB: CacheBackend,
        Selected: QueryFragment<DB> + QueryId,
    {
        let head = Head { state: self.state, kind: Kind::Detail, options: self.options };
        let key = self.key.into_key();
        let selected = select(key.clone());
        let shape = shape_of::<DB, _>(&selected)?;
        let id = if M::HAS_BASE_QUERY { shape.key_of::<DB, _>(&selected, None)? } else { KeyBytes::of(&key) };
        Ok(FilteredTask { head, shape, id, key, selected: Some(selected) })
    }
}
