//! Fills in a read of a page by the key of its row.

use core::any::Any;
use core::marker::PhantomData;
use std::sync::Arc;

use cache_core::protocol::compare::Parts;
use cache_core::protocol::read::Subject;
use cache_core::{Bypass, Codec, KeyBytes, Loaders, Tag, Value};
use diesel::query_dsl::methods::FilterDsl;
use diesel::result::QueryResult;

use crate::backend::line::{Line, Loads, Reply};
use crate::model::keys::IntoKey;
use crate::model::{CachedModel, Key};
use crate::read::page::base::{excluded_row, row_tags};
use crate::read::page::part::{IdOf, codec};
use crate::read::page::relation::Prefetched;
use crate::read::page::{CachedView, KeyOf, KeyedSource, LoadOne, LoadPages, Page, first_of, keyed};
use crate::read::shape::{QueryTables, Shape};
use crate::read::task::collected::end_with;
use crate::read::task::keep::Keep;
use crate::read::task::query::{Copied, Query};
use crate::read::task::{Head, Task};
use crate::read::terminal::entry::CachedRow;

/// Reads a page by the key of its row. The query is made on a miss only, or for a store that has to know its tables.
pub struct RowTask<C, P, K> {
    pub(crate) head: Head,
    pub(crate) row: KeyBytes,
    pub(crate) id: KeyBytes,
    pub(crate) asked: K,
    pub(crate) connection: PhantomData<fn(C) -> P>,
}

impl<C, P, K> Task for RowTask<C, P, K>
where
    C: Line,
    P: CachedView<Source: FilterDsl<P::ByKey>> + LoadOne<C, KeyedSource<P>>,
    K: IntoKey<KeyOf<P>>,
{
    type Value = Option<CachedRow<P>>;

    fn head(&self) -> &Head {
        &self.head
    }

    fn id(&self) -> KeyBytes {
        self.id
    }

    fn named(&self) -> QueryResult<Result<QueryTables, Bypass>> {
        P::named(keyed::<P>(self.asked.to_key()), self.head.options.assume_deterministic)
    }

    fn tags(&self, subject: &Subject<'_>) -> Vec<Tag> {
        row_tags::<P>(subject, self.row)
    }

    fn loaders(&self) -> Loaders {
        loaders_of::<P>()
    }

    fn codec(&self) -> Option<Codec> {
        row_codec::<P>()
    }

    fn accept(&self, value: Value) -> Option<Self::Value> {
        accept_row::<P, _>(value, &self.asked)
    }

    fn keep(&self, page: &Self::Value) -> Keep {
        keep_row(&self.head, page.as_ref(), &self.asked.to_key())
    }

    fn parts(&self, page: &Self::Value) -> Option<Parts> {
        parts_of(page.as_deref())
    }

    fn tags_of(&self, subject: &Subject<'_>, page: &Self::Value) -> Vec<Tag> {
        if page.is_some() { subject.found_row(self.row) } else { self.tags(subject) }
    }
}

impl<C, P, K: Clone> Copied for RowTask<C, P, K> {
    fn copied(&self) -> Self {
        let Self { head, row, id, asked, connection } = self;
        Self { head: *head, row: *row, id: *id, asked: asked.clone(), connection: *connection }
    }
}

impl<C, P, K> Query<C> for RowTask<C, P, K>
where
    C: Line,
    P: CachedView<Source: FilterDsl<P::ByKey>> + LoadOne<C, KeyedSource<P>>,
    K: IntoKey<KeyOf<P>>,
{
    fn query<'a>(&'a mut self, conn: &'a mut C::Conn) -> Reply<'a, QueryResult<Self::Value>>
    where
        C: 'a,
    {
        P::ask(keyed::<P>(self.asked.to_key()), conn)
    }
}

/// Reads a page by the key of its row and a condition.
pub struct FilteredTask<'query, C, P: Page, Selected> {
    pub(crate) head: Head,
    pub(crate) shape: Arc<Shape>,
    pub(crate) id: KeyBytes,
    pub(crate) key: KeyOf<P>,
    pub(crate) selected: Option<Selected>,
    pub(crate) connection: PhantomData<fn(C, &'query ())>,
}

impl<C: Line, P: Page, Selected> FilteredTask<'_, C, P, Selected> {
    /// The same read, whose query is made by `own` of the present one; `None`: at another moment, a query that follows it
    /// may be another one.
    pub(crate) fn again<Owned>(
        &self,
        own: impl FnOnce(&Selected) -> Option<Owned>,
    ) -> Option<FilteredTask<'static, C, P, Owned>>
    where
        P: LoadPages<C>,
    {
        if P::HAS_BASE_QUERY && Prefetched::gathered(P::look_ahead).ok()?.has_base_query() {
            return None;
        }
        let owned = own(self.selected.as_ref()?)?;
        let (shape, key) = (Arc::clone(&self.shape), self.key.clone());
        Some(FilteredTask { head: self.head, shape, id: self.id, key, selected: Some(owned), connection: PhantomData })
    }

    fn take_query(&mut self) -> Selected {
        self.selected.take().expect("a query is made once and asked once")
    }
}

impl<C: Line, P: LoadPages<C>, Selected> Task for FilteredTask<'_, C, P, Selected> {
    type Value = Option<CachedRow<P>>;

    fn head(&self) -> &Head {
        &self.head
    }

    fn id(&self) -> KeyBytes {
        self.id
    }

    fn named(&self) -> QueryResult<Result<QueryTables, Bypass>> {
        let assume_deterministic = self.head.options.assume_deterministic;
        let prefetched = Prefetched::gathered(P::look_ahead)?;
        Ok(prefetched.join(self.shape.named(assume_deterministic), assume_deterministic))
    }

    fn tags(&self, subject: &Subject<'_>) -> Vec<Tag> {
        excluded_row::<P>(subject, KeyBytes::of(&self.key))
    }

    fn loaders(&self) -> Loaders {
        loaders_of::<P>()
    }

    fn codec(&self) -> Option<Codec> {
        row_codec::<P>()
    }

    fn accept(&self, value: Value) -> Option<Self::Value> {
        accept_row::<P, _>(value, &self.key)
    }

    fn keep(&self, page: &Self::Value) -> Keep {
        keep_row(&self.head, page.as_ref(), &self.key)
    }

    fn parts(&self, page: &Self::Value) -> Option<Parts> {
        parts_of(page.as_deref())
    }

    fn tags_of(&self, subject: &Subject<'_>, page: &Self::Value) -> Vec<Tag> {
        if page.is_some() { subject.found_row(KeyBytes::of(&self.key)) } else { self.tags(subject) }
    }
}

impl<C, P: Page, Selected: Clone> Copied for FilteredTask<'_, C, P, Selected> {
    fn copied(&self) -> Self {
        let Self { head, shape, id, key, selected, connection } = self;
        let (shape, key, selected) = (Arc::clone(shape), key.clone(), selected.clone());
        Self { head: *head, shape, id: *id, key, selected, connection: *connection }
    }
}

impl<'query, C, P, Selected> Query<C> for FilteredTask<'query, C, P, Selected>
where
    C: Line,
    P: LoadPages<C>,
    Selected: Loads<'query, C, P::Joined>,
{
    fn query<'a>(&'a mut self, conn: &'a mut C::Conn) -> Reply<'a, QueryResult<Self::Value>>
    where
        C: 'a,
    {
        first_of::<C, P, _>(self.take_query(), conn)
    }
}

/// The page that is cached under what was `asked`; `None`: it is something else.
pub(crate) fn accept_row<P: Page, K: IntoKey<KeyOf<P>>>(value: Value, asked: &K) -> Option<Option<CachedRow<P>>> {
    match value {
        Value::Shared(page) => {
            let page = page.downcast::<P>().ok()?;
            end_with(&*page);
            is_asked::<P::Root, K>(page.root(), asked).then_some(Some(page))
        }
        Value::Absent(absent) => is_absent(&*absent, asked).then_some(None),
        _ => None,
    }
}

/// Whether `row`, which was found by its hash, is the one that was asked for.
#[inline]
fn is_asked<M: CachedModel, K: IntoKey<M::Id>>(row: &M, asked: &K) -> bool {
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

/// What is kept of the page that was asked for by `key`.
pub(crate) fn keep_row<P: Page>(head: &Head, page: Option<&CachedRow<P>>, key: &KeyOf<P>) -> Keep {
    let timeouts = &head.state.definition.timeouts;
    let Some(page) = page else {
        return Keep::absent(key.clone(), timeouts.negative.map(|timeout| head.options.timeout.unwrap_or(timeout)));
    };
    let mut keep = Keep::page(page, head.options.timeout.unwrap_or_else(|| head.state.lives().of_rows()));
    // Where the database takes other letters for equal, the row has another key than was asked for.
    keep.is_stored = page.root().has_id(key);
    keep
}

/// Which of several processes ask the database for a page: one row costs it less than a lease costs the store.
pub(crate) const fn loaders_of<P: Page>() -> Loaders {
    if P::HAS_RELATED_ROWS { Loaders::OneProcess } else { Loaders::EachProcess }
}

/// What is compared of pages; `None`: no bytes can be made of them.
pub(crate) fn parts_of<'a, P: Page>(pages: impl IntoIterator<Item = &'a P>) -> Option<Parts> {
    let part = |page: &P| {
        let mut bytes = Vec::new();
        page.store(&mut bytes).ok().map(|()| bytes)
    };
    if P::IS_STORABLE { pages.into_iter().map(part).collect() } else { None }
}

/// How a page leaves the process, and the key that has none.
#[must_use]
pub fn row_codec<P: Page>() -> Option<Codec> {
    const { codec::<P, IdOf<P::Root>>() }
}
