//! Fills in a read of a query: a list, a first row, a number.

use core::marker::PhantomData;
use std::sync::Arc;

use cache_core::protocol::compare::Parts;
use cache_core::protocol::read::Subject;
use cache_core::{Bypass, Codec, Encode, KeyBytes, Tag, Timeout, Value};
use diesel::result::{Error, QueryResult};

use crate::backend::line::{Line, Loads, Reply};
use crate::model::CachedModel as _;
use crate::read::page::part::codec;
use crate::read::page::relation::Prefetched;
use crate::read::page::{LoadPages, Page, all_of, first_of};
use crate::read::shape::QueryTables;
use crate::read::task::asked::AskedQuery;
use crate::read::task::collected::{end_with, end_with_all};
use crate::read::task::keep::Keep;
use crate::read::task::query::{Copied, Query};
use crate::read::task::row::parts_of;
use crate::read::task::{Head, Task};
use crate::read::terminal::entry::{CachedList, CachedRow};

/// Reads the answer of a query that is named by its SQL and its values.
pub struct AskedTask<'query, C, A, Selected> {
    asked: AskedQuery<Selected>,
    answer: PhantomData<fn(C, &'query ()) -> A>,
}

/// What a query gives on the connection `C`.
pub trait Answer<C> {
    /// What the reader gets.
    type Value: Send;

    /// How it leaves the process.
    const CODEC: Option<Codec>;
    /// Whether a row in it is of a model with a base query.
    const HAS_BASE_QUERY: bool = false;

    /// Gathers the tables that the statements after the first one name.
    fn look_ahead(_prefetched: &mut Prefetched) -> QueryResult<()> {
        Ok(())
    }

    /// What a stored value is to the reader.
    fn accept(value: Value) -> Option<Self::Value>;

    /// What is kept of what the database gave.
    fn keep(value: &Self::Value, timeout: Timeout) -> Keep;

    /// What is compared of it; `None`: no bytes can be made of it.
    fn parts(value: &Self::Value) -> Option<Parts>;

    /// How many rows it is.
    fn row_count(_value: &Self::Value) -> usize {
        1
    }
}

/// All rows.
pub struct Rows<P>(PhantomData<fn() -> P>);

/// The first row, if there is one.
pub struct FirstRow<P>(PhantomData<fn() -> P>);

/// A single number or truth.
pub struct Number<T>(PhantomData<fn() -> T>);

impl<C, A: Answer<C>, Selected> AskedTask<'_, C, A, Selected> {
    pub(crate) fn new(mut asked: AskedQuery<Selected>) -> QueryResult<Self> {
        if A::HAS_BASE_QUERY {
            asked.id = Prefetched::gathered(A::look_ahead)?.name(asked.id);
        }
        Ok(Self { asked, answer: PhantomData })
    }

    /// The same read, whose query is made by `own` of the present one; `None`: at another moment, a query that follows it
    /// may be another one.
    pub(crate) fn again<Owned>(
        &self,
        own: impl FnOnce(&Selected) -> Option<Owned>,
    ) -> Option<AskedTask<'static, C, A, Owned>> {
        if A::HAS_BASE_QUERY && Prefetched::gathered(A::look_ahead).ok()?.has_base_query() {
            return None;
        }
        let owned = own(self.asked.selected.as_ref()?)?;
        Some(AskedTask { asked: self.asked.with(owned), answer: PhantomData })
    }
}

impl<C, A, Selected> AskedTask<'_, C, A, Selected> {
    fn take_query(&mut self) -> Selected {
        self.asked.selected.take().expect("a query is asked once")
    }
}

impl<C, A, Selected: Clone> Copied for AskedTask<'_, C, A, Selected> {
    fn copied(&self) -> Self {
        Self { asked: self.asked.copied(), answer: PhantomData }
    }
}

impl<C, A: Answer<C>, Selected> Task for AskedTask<'_, C, A, Selected> {
    type Value = A::Value;

    fn head(&self) -> &Head {
        &self.asked.head
    }

    fn id(&self) -> KeyBytes {
        self.asked.id
    }

    fn named(&self) -> QueryResult<Result<QueryTables, Bypass>> {
        let prefetched = Prefetched::gathered(A::look_ahead)?;
        Ok(prefetched.join(self.asked.named(), self.asked.head.options.assume_deterministic))
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

    fn parts(&self, value: &Self::Value) -> Option<Parts> {
        A::parts(value)
    }
}

impl<C: Line, P: LoadPages<C>> Answer<C> for Rows<P> {
    type Value = CachedList<P>;

    const CODEC: Option<Codec> = list_codec::<P>();
    const HAS_BASE_QUERY: bool = P::HAS_BASE_QUERY;

    fn look_ahead(prefetched: &mut Prefetched) -> QueryResult<()> {
        P::look_ahead(prefetched)
    }

    fn accept(value: Value) -> Option<Self::Value> {
        let Value::Shared(rows) = value else { return None };
        let rows: CachedList<P> = rows.downcast().ok()?;
        end_with_all(&rows);
        Some(rows)
    }

    fn keep(rows: &Self::Value, timeout: Timeout) -> Keep {
        end_with_all(rows);
        let owned: usize = rows.iter().map(|page| size_of::<P>() + page.heap_size()).sum();
        let ends = rows.iter().filter_map(|page| page.root().ends_at());
        Keep::shared(rows, size_of::<Vec<P>>() + owned, timeout).until(ends)
    }

    fn parts(rows: &Self::Value) -> Option<Parts> {
        parts_of(rows.iter())
    }

    fn row_count(rows: &Self::Value) -> usize {
        rows.len()
    }
}

impl<C: Line, P: LoadPages<C>> Answer<C> for FirstRow<P> {
    type Value = Option<CachedRow<P>>;

    const CODEC: Option<Codec> = codec::<P, ()>();
    const HAS_BASE_QUERY: bool = P::HAS_BASE_QUERY;

    fn look_ahead(prefetched: &mut Prefetched) -> QueryResult<()> {
        P::look_ahead(prefetched)
    }

    fn accept(value: Value) -> Option<Self::Value> {
        match value {
            Value::Shared(row) => row.downcast().ok().inspect(|row: &CachedRow<P>| end_with(&**row)).map(Some),
            Value::Absent(_) => Some(None),
            _ => None,
        }
    }

    fn keep(row: &Self::Value, timeout: Timeout) -> Keep {
        // A list without rows is a list like any other.
        row.as_ref().map_or_else(|| Keep::absent((), Some(timeout)), |row| Keep::page(row, timeout))
    }

    fn parts(row: &Self::Value) -> Option<Parts> {
        parts_of(row.as_deref())
    }
}

impl<C, T: Copy + Encode + Send> Answer<C> for Number<T> {
    type Value = T;

    const CODEC: Option<Codec> = Some(Codec::of::<T, ()>());

    fn accept(value: Value) -> Option<T> {
        let Value::Shared(number) = value else { return None };
        number.downcast_ref().copied()
    }

    fn keep(number: &T, timeout: Timeout) -> Keep {
        Keep::shared(&Arc::new(*number), size_of::<T>(), timeout)
    }

    fn parts(number: &T) -> Option<Parts> {
        let mut bytes = Vec::new();
        number.encode(&mut bytes).ok().map(|()| vec![bytes])
    }
}

impl<'query, C, P, Selected> Query<C> for AskedTask<'query, C, Rows<P>, Selected>
where
    C: Line,
    P: LoadPages<C>,
    Selected: Loads<'query, C, P::Joined>,
{
    fn query<'a>(&'a mut self, conn: &'a mut C::Conn) -> Reply<'a, QueryResult<CachedList<P>>>
    where
        C: 'a,
    {
        let pages = all_of::<C, P, _>(self.take_query(), conn);
        Box::pin(async move { pages.await.map(Arc::new) })
    }
}

impl<'query, C, P, Selected> Query<C> for AskedTask<'query, C, FirstRow<P>, Selected>
where
    C: Line,
    P: LoadPages<C>,
    Selected: Loads<'query, C, P::Joined>,
{
    fn query<'a>(&'a mut self, conn: &'a mut C::Conn) -> Reply<'a, QueryResult<Option<CachedRow<P>>>>
    where
        C: 'a,
    {
        first_of::<C, P, _>(self.take_query(), conn)
    }
}

impl<'query, C, T, Selected> Query<C> for AskedTask<'query, C, Number<T>, Selected>
where
    C: Line,
    T: Copy + Encode + Send,
    Selected: Loads<'query, C, T>,
{
    fn query<'a>(&'a mut self, conn: &'a mut C::Conn) -> Reply<'a, QueryResult<T>>
    where
        C: 'a,
    {
        let number = self.take_query().load_first(conn);
        Box::pin(async move { number.await.0?.ok_or(Error::NotFound) })
    }
}

/// How a list of pages leaves the process.
#[must_use]
pub const fn list_codec<P: Page>() -> Option<Codec> {
    codec::<Vec<P>, ()>()
}
