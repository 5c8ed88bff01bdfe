//! How lists are loaded, kept and taken from the cache.

use core::marker::PhantomData;
use std::sync::Arc;

use cache_core::protocol::read::Subject;
use cache_core::{Bypass, KeyBytes, Tag, Value};
use diesel::RunQueryDsl;
use diesel::connection::LoadConnection;
use diesel::query_dsl::LoadQuery;
use diesel::result::QueryResult;

use crate::model::CachedModel;
use crate::read::asked::AskedQuery;
use crate::read::blocking::Query;
use crate::read::entry::{CachedList, CachedRow};
use crate::read::row_task::{first_of, weight_of};
use crate::read::task::{Head, Keep, Task};

/// Reads a list.
pub struct ListTask<M, Selected> {
    pub(crate) asked: AskedQuery<Selected>,
    pub(crate) model: PhantomData<fn() -> M>,
}

impl<M, Selected> ListTask<M, Selected> {
    pub(crate) fn take_query(&mut self) -> Selected {
        self.asked.selected.take().expect("a query is asked once")
    }
}

impl<M: CachedModel, Selected> Task for ListTask<M, Selected> {
    type Value = CachedList<M>;

    fn head(&self) -> &Head {
        &self.asked.head
    }

    fn id(&self) -> KeyBytes {
        self.asked.id
    }

    fn named(&mut self) -> QueryResult<Result<Vec<String>, Bypass>> {
        Ok(self.asked.named())
    }

    fn tags(&self, subject: &Subject<'_>) -> Vec<Tag> {
        self.asked.tags(subject)
    }

    fn accept(&self, value: Value) -> Option<Self::Value> {
        let Value::Shared(rows) = value else { return None };
        rows.downcast().ok()
    }

    fn keep(&self, rows: &Self::Value) -> Keep {
        let weight = size_of::<Vec<M>>() + rows.iter().map(weight_of).sum::<usize>();
        Keep::shared(rows, weight, self.asked.timeout())
    }
}

impl<'query, C, M, Selected> Query<C> for ListTask<M, Selected>
where
    C: LoadConnection,
    M: CachedModel,
    Selected: LoadQuery<'query, C, M>,
{
    fn query(&mut self, conn: &mut C) -> QueryResult<Self::Value> {
        RunQueryDsl::load(self.take_query(), conn).map(Arc::new)
    }
}

/// Reads the first row of a list.
pub struct FirstTask<M, Selected> {
    pub(crate) asked: AskedQuery<Selected>,
    pub(crate) model: PhantomData<fn() -> M>,
}

impl<M: CachedModel, Selected> Task for FirstTask<M, Selected> {
    type Value = Option<CachedRow<M>>;

    fn head(&self) -> &Head {
        &self.asked.head
    }

    fn id(&self) -> KeyBytes {
        self.asked.id
    }

    fn named(&mut self) -> QueryResult<Result<Vec<String>, Bypass>> {
        Ok(self.asked.named())
    }

    fn tags(&self, subject: &Subject<'_>) -> Vec<Tag> {
        self.asked.tags(subject)
    }

    fn accept(&self, value: Value) -> Option<Self::Value> {
        match value {
            Value::Shared(row) => row.downcast().ok().map(Some),
            Value::Absent(_) => Some(None),
            _ => None,
        }
    }

    fn keep(&self, row: &Self::Value) -> Keep {
        match row {
            Some(row) => Keep::shared(row, weight_of(&**row), self.asked.timeout()),
            // A list without rows is a list like any other.
            None => Keep::absent((), Some(self.asked.timeout())),
        }
    }
}

impl<'query, C, M, Selected> Query<C> for FirstTask<M, Selected>
where
    C: LoadConnection,
    M: CachedModel,
    Selected: LoadQuery<'query, C, M>,
{
    fn query(&mut self, conn: &mut C) -> QueryResult<Self::Value> {
        first_of(self.asked.selected.take(), conn)
    }
}
