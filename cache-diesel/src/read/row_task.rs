//! How rows are loaded, kept and taken from the cache.

use core::any::Any;
use core::marker::PhantomData;
use std::sync::Arc;

use cache_core::protocol::read::Subject;
use cache_core::{Bypass, Codec, KeyBytes, Tag, Value};
use diesel::connection::LoadConnection;
use diesel::query_dsl::LoadQuery;
use diesel::result::QueryResult;

use crate::backend::CacheBackend;
use crate::keys::IntoKey;
use crate::model::{CachedModel, Key};
use crate::read::base::{KeyedSource, is_key_exact, keyed, row_tags};
use crate::read::blocking::Query;
use crate::read::entry::CachedRow;
use crate::read::keep::Keep;
use crate::read::load::LoadModel;
use crate::read::task::{Head, Task};
use crate::shape::{Named, Shape, shape_of};

/// Reads a row by its key. The query is made on a miss only, or for a store that has to know its tables.
pub struct RowTask<C, M, K> {
    pub(crate) head: Head,
    pub(crate) row: KeyBytes,
    pub(crate) id: KeyBytes,
    pub(crate) asked: K,
    pub(crate) connection: PhantomData<fn(C) -> M>,
}

impl<C, M, K> Task for RowTask<C, M, K>
where
    C: LoadConnection<Backend: CacheBackend>,
    M: CachedModel,
    K: IntoKey<M::Id>,
    KeyedSource<M>: LoadModel<'static, C, M>,
{
    type Value = Option<CachedRow<M>>;

    fn head(&self) -> &Head {
        &self.head
    }

    fn id(&self) -> KeyBytes {
        self.id
    }

    fn named(&self) -> QueryResult<Result<Named, Bypass>> {
        let shape = shape_of::<C::Backend, _>(&keyed::<M>(self.asked.to_key()).selected())?;
        Ok(shape.named(self.head.options.assume_deterministic))
    }

    fn tags(&self, subject: &Subject<'_>) -> Vec<Tag> {
        row_tags::<M>(subject, self.row)
    }

    fn codec(&self) -> Option<Codec> {
        row_codec::<M>()
    }

    fn accept(&self, value: Value) -> Option<Self::Value> {
        accept_row::<M, _>(value, &self.asked)
    }

    fn keep(&self, row: &Self::Value) -> Keep {
        keep_row(&self.head, row.as_ref(), &self.asked.to_key())
    }

    fn tags_of(&self, subject: &Subject<'_>, row: &Self::Value) -> Vec<Tag> {
        if row.is_some() { subject.found_row(self.row) } else { self.tags(subject) }
    }
}

impl<C, M, K> Query<C> for RowTask<C, M, K>
where
    C: LoadConnection<Backend: CacheBackend>,
    M: CachedModel,
    K: IntoKey<M::Id>,
    KeyedSource<M>: LoadModel<'static, C, M>,
{
    fn query(&mut self, conn: &mut C) -> QueryResult<Self::Value> {
        first_of(Some(keyed::<M>(self.asked.to_key()).selected()), conn)
    }
}

/// Reads a row by its key and a condition.
pub struct FilteredTask<M: CachedModel, Selected> {
    pub(crate) head: Head,
    pub(crate) shape: Arc<Shape>,
    pub(crate) id: KeyBytes,
    pub(crate) key: M::Id,
    pub(crate) selected: Option<Selected>,
}

impl<M: CachedModel, Selected> FilteredTask<M, Selected> {
    /// The same read, whose query is made by `own` of the present one.
    pub(crate) fn again<Owned>(&self, own: impl FnOnce(&Selected) -> Option<Owned>) -> Option<FilteredTask<M, Owned>> {
        let owned = own(self.selected.as_ref()?)?;
        let (shape, key) = (Arc::clone(&self.shape), self.key.clone());
        Some(FilteredTask { head: self.head, shape, id: self.id, key, selected: Some(owned) })
    }

    #[cfg(feature = "__async")]
    pub(crate) fn take_query(&mut self) -> Selected {
        self.selected.take().expect("a query is asked once")
    }
}

impl<M: CachedModel, Selected> Task for FilteredTask<M, Selected> {
    type Value = Option<CachedRow<M>>;

    fn head(&self) -> &Head {
        &self.head
    }

    fn id(&self) -> KeyBytes {
        self.id
    }

    fn named(&self) -> QueryResult<Result<Named, Bypass>> {
        Ok(self.shape.named(self.head.options.assume_deterministic))
    }

    fn tags(&self, subject: &Subject<'_>) -> Vec<Tag> {
        subject.excluded_row(KeyBytes::of(&self.key), is_key_exact::<M>(subject))
    }

    fn codec(&self) -> Option<Codec> {
        row_codec::<M>()
    }

    fn accept(&self, value: Value) -> Option<Self::Value> {
        accept_row::<M, _>(value, &self.key)
    }

    fn keep(&self, row: &Self::Value) -> Keep {
        keep_row(&self.head, row.as_ref(), &self.key)
    }

    fn tags_of(&self, subject: &Subject<'_>, row: &Self::Value) -> Vec<Tag> {
        if row.is_some() { subject.found_row(KeyBytes::of(&self.key)) } else { self.tags(subject) }
    }
}

impl<'query, C, M, Selected> Query<C> for FilteredTask<M, Selected>
where
    C: LoadConnection,
    M: CachedModel,
    Selected: LoadQuery<'query, C, M>,
{
    fn query(&mut self, conn: &mut C) -> QueryResult<Self::Value> {
        first_of(self.selected.take(), conn)
    }
}

/// The first row that the query gives.
pub(crate) fn first_of<'query, C, M, Selected>(
    selected: Option<Selected>,
    conn: &mut C,
) -> QueryResult<Option<CachedRow<M>>>
where
    C: LoadConnection,
    Selected: LoadQuery<'query, C, M>,
{
    let selected = selected.expect("the query is made once and asked once");
    selected.internal_load(conn)?.next().transpose().map(|row| row.map(Arc::new))
}

pub(crate) fn accept_row<M, K>(value: Value, asked: &K) -> Option<Option<CachedRow<M>>>
where
    M: CachedModel,
    K: IntoKey<M::Id>,
{
    match value {
        Value::Shared(row) => {
            let row = row.downcast::<M>().ok()?;
            is_asked::<M, K>(&row, asked).then_some(Some(row))
        }
        Value::Absent(absent) => is_absent(&*absent, asked).then_some(None),
        _ => None,
    }
}

/// Whether `row`, which was found by its hash, is the one that was asked for.
#[inline]
pub(crate) fn is_asked<M: CachedModel, K: IntoKey<M::Id>>(row: &M, asked: &K) -> bool {
    match asked.as_key() {
        Some(key) => row.has_id(key),
        None => !K::HAS_PARTS || row.is_named(|parts| asked.has_parts(parts)),
    }
}

/// Whether `absent`, a key of which it is known that no row has it, is the one that was asked for.
pub(crate) fn is_absent<Id: Key, K: IntoKey<Id>>(absent: &dyn Any, asked: &K) -> bool {
    let Some(absent) = absent.downcast_ref::<Id>() else { return false };
    match asked.as_key() {
        Some(key) => key == absent,
        None => !K::HAS_PARTS || asked.to_key() == *absent,
    }
}

pub(crate) fn keep_row<M: CachedModel>(head: &Head, row: Option<&CachedRow<M>>, key: &M::Id) -> Keep {
    let Some(row) = row else { return keep_absent(head, key) };
    let timeout = head.options.timeout.unwrap_or(head.state.definition.timeouts.detail);
    let mut keep = Keep::shared(row, weight_of(&**row), timeout).until(row.ends_at().into_iter());
    // Where the database takes other letters for equal, the row has another key than was asked for.
    keep.is_stored = row.has_id(key);
    keep
}

/// What is kept of the news that no row has `key`.
pub(crate) fn keep_absent<Id: Key>(head: &Head, key: &Id) -> Keep {
    let negative = head.state.definition.timeouts.negative;
    Keep::absent(key.clone(), negative.map(|timeout| head.options.timeout.unwrap_or(timeout)))
}

pub(crate) fn row_codec<M: CachedModel>() -> Option<Codec> {
    M::CODECS.map(|codecs| codecs.row)
}

pub(crate) fn weight_of<M: CachedModel>(row: &M) -> usize {
    size_of::<M>() + row.heap_size()
}
