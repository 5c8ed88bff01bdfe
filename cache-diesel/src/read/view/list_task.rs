//! How lists of pages are loaded, kept and taken from the cache.

use core::marker::PhantomData;
use std::sync::Arc;

use cache_core::protocol::read::Subject;
use cache_core::{Bypass, Codec, KeyBytes, Tag, Value};
use diesel::RunQueryDsl;
use diesel::connection::LoadConnection;
use diesel::query_dsl::LoadQuery;
use diesel::result::QueryResult;

use crate::backend::CacheBackend;
use crate::read::answer::Answer;
use crate::read::asked::AskedQuery;
use crate::read::blocking::Query;
use crate::read::entry::{CachedList, CachedRow};
use crate::read::keep::Keep;
use crate::read::task::{Head, Task};
use crate::read::view::answer::{FirstPage, Pages};
use crate::read::view::page::LoadPages;
use crate::read::view::relation::with_base_queries;
use crate::read::view::row_task::{first_page, with_prefetched};
use crate::shape::Named;

/// Reads pages by a query that is named by its SQL and its values.
pub struct PagesTask<C, P, A, Selected> {
    asked: AskedQuery<Selected>,
    page: PhantomData<OfPage<C, P, A>>,
}

type OfPage<C, P, A> = fn(C) -> (P, A);

impl<C, P, A, Selected> PagesTask<C, P, A, Selected> {
    /// Names what `asked` gives together with what belongs to it.
    pub(super) fn of_pages(mut asked: AskedQuery<Selected>) -> QueryResult<Self>
    where
        P: LoadPages<C>,
    {
        asked.id = with_base_queries::<C, P>(asked.id)?;
        Ok(Self { asked, page: PhantomData })
    }

    /// The same read, whose query is made by `own` of the present one.
    pub(super) fn again<Owned>(
        &self,
        own: impl FnOnce(&Selected) -> Option<Owned>,
    ) -> Option<PagesTask<C, P, A, Owned>> {
        let owned = own(self.asked.selected.as_ref()?)?;
        Some(PagesTask { asked: self.asked.with(owned), page: PhantomData })
    }

    fn take_query(&mut self) -> Selected {
        self.asked.selected.take().expect("a query is asked once")
    }
}

impl<C, P, A, Selected> Task for PagesTask<C, P, A, Selected>
where
    C: LoadConnection<Backend: CacheBackend>,
    P: LoadPages<C>,
    A: Answer,
{
    type Value = A::Value;

    fn head(&self) -> &Head {
        &self.asked.head
    }

    fn id(&self) -> KeyBytes {
        self.asked.id
    }

    fn named(&self) -> QueryResult<Result<Named, Bypass>> {
        with_prefetched::<C, P>(self.asked.named(), self.asked.head.options.assume_deterministic)
    }

    fn tags(&self, subject: &Subject<'_>) -> Vec<Tag> {
        self.asked.tags(subject)
    }

    fn codec(&self) -> Option<Codec> {
        A::CODEC
    }

    fn accept(&self, value: Value) -> Option<Self::Value> {
        A::accept(value)
    }

    fn keep(&self, value: &Self::Value) -> Keep {
        A::keep(value, self.asked.timeout()).of_rows(A::row_count(value), self.asked.head.state)
    }
}

impl<'query, C, P, Selected> Query<C> for PagesTask<C, P, Pages<P>, Selected>
where
    C: LoadConnection<Backend: CacheBackend>,
    P: LoadPages<C>,
    Selected: LoadQuery<'query, C, P::Joined>,
{
    fn query(&mut self, conn: &mut C) -> QueryResult<CachedList<P>> {
        let joined = RunQueryDsl::load(self.take_query(), conn)?;
        P::assemble(joined, conn).map(Arc::new)
    }
}

impl<'query, C, P, Selected> Query<C> for PagesTask<C, P, FirstPage<P>, Selected>
where
    C: LoadConnection<Backend: CacheBackend>,
    P: LoadPages<C>,
    Selected: LoadQuery<'query, C, P::Joined>,
{
    fn query(&mut self, conn: &mut C) -> QueryResult<Option<CachedRow<P>>> {
        first_page(self.take_query(), conn)
    }
}
