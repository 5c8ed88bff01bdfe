//! How the answers of named queries are loaded, kept and taken from the cache: lists, first rows, numbers.

use core::marker::PhantomData;
use std::sync::Arc;

use cache_core::protocol::read::Subject;
use cache_core::{Bypass, Codec, Encode, KeyBytes, Tag, Timeout, Value};
use diesel::RunQueryDsl;
use diesel::connection::LoadConnection;
use diesel::query_dsl::LoadQuery;
use diesel::result::{Error, QueryResult};

use crate::model::CachedModel;
use crate::read::asked::AskedQuery;
use crate::read::blocking::Query;
use crate::read::entry::{CachedList, CachedRow};
use crate::read::keep::Keep;
use crate::read::row_task::{first_of, weight_of};
use crate::read::task::{Head, Task};
use crate::shape::Named;

/// Reads the answer of a query that is named by its SQL and its values.
pub struct AskedTask<A, Selected> {
    asked: AskedQuery<Selected>,
    answer: PhantomData<fn() -> A>,
}

/// What a query gives.
pub trait Answer {
    /// What the reader gets.
    type Value;

    /// How it leaves the process.
    const CODEC: Option<Codec>;

    /// What a stored value is to the reader.
    fn accept(value: Value) -> Option<Self::Value>;

    /// What is kept of what the database gave.
    fn keep(value: &Self::Value, timeout: Timeout) -> Keep;

    /// How many rows it is.
    fn row_count(_value: &Self::Value) -> usize {
        1
    }
}

/// All rows.
pub struct Rows<M>(PhantomData<fn() -> M>);

/// The first row, if there is one.
pub struct FirstRow<M>(PhantomData<fn() -> M>);

/// A single number or truth.
pub struct Number<T>(PhantomData<fn() -> T>);

impl<A, Selected> AskedTask<A, Selected> {
    pub(crate) fn new(asked: AskedQuery<Selected>) -> Self {
        Self { asked, answer: PhantomData }
    }

    /// The same read, whose query is made by `own` of the present one.
    pub(crate) fn again<Owned>(&self, own: impl FnOnce(&Selected) -> Option<Owned>) -> Option<AskedTask<A, Owned>> {
        let owned = own(self.asked.selected.as_ref()?)?;
        Some(AskedTask::new(self.asked.with(owned)))
    }

    pub(crate) fn take_query(&mut self) -> Selected {
        self.asked.selected.take().expect("a query is asked once")
    }
}

impl<A: Answer, Selected> Task for AskedTask<A, Selected> {
    type Value = A::Value;

    fn head(&self) -> &Head {
        &self.asked.head
    }

    fn id(&self) -> KeyBytes {
        self.asked.id
    }

    fn named(&self) -> QueryResult<Result<Named, Bypass>> {
        Ok(self.asked.named())
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

impl<M: CachedModel> Answer for Rows<M> {
    type Value = CachedList<M>;

    const CODEC: Option<Codec> = match M::CODECS {
        Some(codecs) => Some(codecs.list),
        None => None,
    };

    fn accept(value: Value) -> Option<Self::Value> {
        let Value::Shared(rows) = value else { return None };
        rows.downcast().ok()
    }

    fn keep(rows: &Self::Value, timeout: Timeout) -> Keep {
        let weight = size_of::<Vec<M>>() + rows.iter().map(weight_of).sum::<usize>();
        Keep::shared(rows, weight, timeout).until(rows.iter().filter_map(M::ends_at))
    }

    fn row_count(rows: &Self::Value) -> usize {
        rows.len()
    }
}

impl<M: CachedModel> Answer for FirstRow<M> {
    type Value = Option<CachedRow<M>>;

    const CODEC: Option<Codec> = match M::CODECS {
        Some(codecs) => Some(codecs.first),
        None => None,
    };

    fn accept(value: Value) -> Option<Self::Value> {
        match value {
            Value::Shared(row) => row.downcast().ok().map(Some),
            Value::Absent(_) => Some(None),
            _ => None,
        }
    }

    fn keep(row: &Self::Value, timeout: Timeout) -> Keep {
        match row {
            Some(row) => Keep::shared(row, weight_of(&**row), timeout).until(row.ends_at().into_iter()),
            // A list without rows is a list like any other.
            None => Keep::absent((), Some(timeout)),
        }
    }
}

impl<T: Copy + Encode> Answer for Number<T> {
    type Value = T;

    const CODEC: Option<Codec> = Some(Codec::of::<T, ()>());

    fn accept(value: Value) -> Option<T> {
        let Value::Shared(number) = value else { return None };
        number.downcast_ref().copied()
    }

    fn keep(number: &T, timeout: Timeout) -> Keep {
        Keep::shared(&Arc::new(*number), size_of::<T>(), timeout)
    }
}

impl<'query, C, M, Selected> Query<C> for AskedTask<Rows<M>, Selected>
where
    C: LoadConnection,
    M: CachedModel,
    Selected: LoadQuery<'query, C, M>,
{
    fn query(&mut self, conn: &mut C) -> QueryResult<CachedList<M>> {
        RunQueryDsl::load(self.take_query(), conn).map(Arc::new)
    }
}

impl<'query, C, M, Selected> Query<C> for AskedTask<FirstRow<M>, Selected>
where
    C: LoadConnection,
    M: CachedModel,
    Selected: LoadQuery<'query, C, M>,
{
    fn query(&mut self, conn: &mut C) -> QueryResult<Option<CachedRow<M>>> {
        first_of(Some(self.take_query()), conn)
    }
}

impl<'query, C, T, Selected> Query<C> for AskedTask<Number<T>, Selected>
where
    C: LoadConnection,
    T: Copy + Encode,
    Selected: LoadQuery<'query, C, T>,
{
    fn query(&mut self, conn: &mut C) -> QueryResult<T> {
        RunQueryDsl::load::<T>(self.take_query(), conn)?.pop().ok_or(Error::NotFound)
    }
}
