//! How pages are loaded by the key of their row, kept and taken from the cache.

use core::marker::PhantomData;
use std::sync::Arc;

use cache_core::protocol::read::Subject;
use cache_core::{Bypass, Codec, KeyBytes, Tag, Value};
use diesel::connection::LoadConnection;
use diesel::query_dsl::LoadQuery;
use diesel::query_dsl::methods::FilterDsl;
use diesel::result::QueryResult;

use crate::backend::CacheBackend;
use crate::keys::IntoKey;
use crate::read::base::is_key_exact;
use crate::read::blocking::Query;
use crate::read::entry::CachedRow;
use crate::read::keep::Keep;
use crate::read::load::LoadModel;
use crate::read::task::{Head, Task};
use crate::read::view::answer::{accept_page, keep_page, page_codec};
use crate::read::view::page::{CachedView, LoadPages, Page};
use crate::read::view::relation::Prefetched;
use crate::read::view::row::{Id, KeyedSource, keyed_source};
use crate::shape::{Named, Shape, shape_of};

/// Reads a page by the key of its row. The query is made on a miss only, or for a store that has to know its tables.
pub struct PageTask<C, V: Page, K> {
    pub(super) head: Head,
    pub(super) row: KeyBytes,
    pub(super) id: KeyBytes,
    pub(super) asked: K,
    pub(super) connection: PhantomData<fn(C) -> V>,
}

impl<C, V, K> Task for PageTask<C, V, K>
where
    C: LoadConnection<Backend: CacheBackend>,
    K: IntoKey<Id<V>>,
    V: CachedView<Source: FilterDsl<V::ByKey>> + LoadPages<C>,
    KeyedSource<V>: LoadModel<'static, C, V::Joined>,
{
    type Value = Option<CachedRow<V>>;

    fn head(&self) -> &Head {
        &self.head
    }

    fn id(&self) -> KeyBytes {
        self.id
    }

    fn named(&self) -> QueryResult<Result<Named, Bypass>> {
        let shape = shape_of::<C::Backend, _>(&keyed_source::<V>(self.asked.to_key()).selected())?;
        named_by::<C, V>(&shape, self.head.options.assume_deterministic)
    }

    fn tags(&self, subject: &Subject<'_>) -> Vec<Tag> {
        subject.excluded_row(self.row, is_key_exact::<V::Root>(subject))
    }

    fn codec(&self) -> Option<Codec> {
        page_codec::<V>()
    }

    fn accept(&self, value: Value) -> Option<Self::Value> {
        accept_page(value, &self.asked)
    }

    fn keep(&self, page: &Self::Value) -> Keep {
        keep_page(&self.head, page.as_ref(), &self.asked.to_key())
    }

    fn tags_of(&self, subject: &Subject<'_>, page: &Self::Value) -> Vec<Tag> {
        if page.is_some() { subject.found_row(self.row) } else { self.tags(subject) }
    }
}

impl<C, V, K> Query<C> for PageTask<C, V, K>
where
    C: LoadConnection<Backend: CacheBackend>,
    K: IntoKey<Id<V>>,
    V: CachedView<Source: FilterDsl<V::ByKey>> + LoadPages<C>,
    KeyedSource<V>: LoadModel<'static, C, V::Joined>,
{
    fn query(&mut self, conn: &mut C) -> QueryResult<Self::Value> {
        first_page(keyed_source::<V>(self.asked.to_key()).selected(), conn)
    }
}

/// Reads a page by the key of its row and a condition.
pub struct FilteredPageTask<C, V: Page, Selected> {
    pub(super) head: Head,
    pub(super) shape: Arc<Shape>,
    pub(super) id: KeyBytes,
    pub(super) key: Id<V>,
    pub(super) selected: Option<Selected>,
    pub(super) conn: PhantomData<fn(C)>,
}

impl<C, V: Page, Selected> FilteredPageTask<C, V, Selected> {
    /// The same read, whose query is made by `own` of the present one.
    pub(super) fn again<Owned>(
        &self,
        own: impl FnOnce(&Selected) -> Option<Owned>,
    ) -> Option<FilteredPageTask<C, V, Owned>> {
        let owned = own(self.selected.as_ref()?)?;
        let (shape, key) = (Arc::clone(&self.shape), self.key.clone());
        Some(FilteredPageTask { head: self.head, shape, id: self.id, key, selected: Some(owned), conn: PhantomData })
    }
}

impl<C, V, Selected> Task for FilteredPageTask<C, V, Selected>
where
    C: LoadConnection<Backend: CacheBackend>,
    V: LoadPages<C>,
{
    type Value = Option<CachedRow<V>>;

    fn head(&self) -> &Head {
        &self.head
    }

    fn id(&self) -> KeyBytes {
        self.id
    }

    fn named(&self) -> QueryResult<Result<Named, Bypass>> {
        named_by::<C, V>(&self.shape, self.head.options.assume_deterministic)
    }

    fn tags(&self, subject: &Subject<'_>) -> Vec<Tag> {
        subject.excluded_row(KeyBytes::of(&self.key), is_key_exact::<V::Root>(subject))
    }

    fn codec(&self) -> Option<Codec> {
        page_codec::<V>()
    }

    fn accept(&self, value: Value) -> Option<Self::Value> {
        accept_page(value, &self.key)
    }

    fn keep(&self, page: &Self::Value) -> Keep {
        keep_page(&self.head, page.as_ref(), &self.key)
    }

    fn tags_of(&self, subject: &Subject<'_>, page: &Self::Value) -> Vec<Tag> {
        if page.is_some() { subject.found_row(KeyBytes::of(&self.key)) } else { self.tags(subject) }
    }
}

impl<'query, C, V, Selected> Query<C> for FilteredPageTask<C, V, Selected>
where
    C: LoadConnection<Backend: CacheBackend>,
    V: LoadPages<C>,
    Selected: LoadQuery<'query, C, V::Joined>,
{
    fn query(&mut self, conn: &mut C) -> QueryResult<Self::Value> {
        first_page(self.selected.take().expect("a query is asked once"), conn)
    }
}

/// The tables that the statements of a page name: the first one, which `shape` is of, and those that follow.
pub(super) fn named_by<C, P: LoadPages<C>>(
    shape: &Shape,
    assume_deterministic: bool,
) -> QueryResult<Result<Named, Bypass>> {
    let named = shape.named(assume_deterministic);
    with_prefetched::<C, P>(named, assume_deterministic)
}

/// `named`, and the tables that the statements after the first one name.
pub(super) fn with_prefetched<C, P: LoadPages<C>>(
    named: Result<Named, Bypass>,
    assume_deterministic: bool,
) -> QueryResult<Result<Named, Bypass>> {
    let mut prefetched = Prefetched::default();
    P::look_ahead(&mut prefetched)?;
    Ok(named.and_then(|mut named| {
        prefetched.add_to(&mut named, assume_deterministic)?;
        Ok(named)
    }))
}

/// The first page that the query gives, with all that belongs to it.
pub(super) fn first_page<'query, C, P, Selected>(selected: Selected, conn: &mut C) -> QueryResult<Option<CachedRow<P>>>
where
    C: LoadConnection,
    P: LoadPages<C>,
    Selected: LoadQuery<'query, C, P::Joined>,
{
    let joined = selected.internal_load(conn)?.next().transpose()?;
    let Some(joined) = joined else { return Ok(None) };
    Ok(P::assemble(vec![joined], conn)?.pop().map(Arc::new))
}
