//! How many rows a list has, and whether it has any.

use core::marker::PhantomData;
use std::sync::Arc;

use cache_core::protocol::read::Subject;
use cache_core::{Bypass, KeyBytes, Kind, Tag, Value};
use diesel::connection::LoadConnection;
use diesel::dsl::{self, CountStar, Select};
use diesel::query_builder::{AsQuery, QueryFragment, QueryId};
use diesel::query_dsl::LoadQuery;
use diesel::query_dsl::methods::SelectDsl;
use diesel::result::{Error, QueryResult};
use diesel::{Expression, RunQueryDsl};

use crate::backend::CacheBackend;
use crate::model::CachedModel;
use crate::read::asked::AskedQuery;
use crate::read::blocking::Query;
use crate::read::list::{ListRead, Whole};
use crate::read::task::{Head, Keep, Task};
use crate::read::terminal::{self, IntoTask, terminal};

impl<M: CachedModel, Source, Part> ListRead<M, Source, Part> {
    terminal! {
        /// Reads how many rows there are.
        ///
        /// # Errors
        ///
        /// Returns what the database says.
        count, M, terminal::Value<Counted<Self>>, |read| terminal::Value(Counted(read)),
        where Part: Countable
    }

    terminal! {
        /// Reads whether there are any rows.
        ///
        /// # Errors
        ///
        /// Returns what the database says.
        exists, M, terminal::Value<Existing<Self>>, |read| terminal::Value(Existing(read)),
        where Part: Countable
    }
}

/// A list that can be counted: one that is not cut.
#[diagnostic::on_unimplemented(
    message = "a list with an order, a limit or an offset cannot be counted",
    label = "`count` and `exists` are for whole lists",
    note = "count the list before it is ordered or cut, or count its rows: `.load(&mut conn)?.len()`"
)]
pub trait Countable {}

impl Countable for Whole {}

/// A list of which the number of rows is wanted.
#[derive(Debug)]
pub struct Counted<R>(R);

/// A list of which it is wanted whether it has rows.
#[derive(Debug)]
pub struct Existing<R>(R);

impl<'query, C, M, Source, Part> IntoTask<'query, C> for Counted<ListRead<M, Source, Part>>
where
    C: LoadConnection<Backend: CacheBackend>,
    M: CachedModel,
    Source: SelectDsl<CountStar>,
    Select<Source, CountStar>: LoadQuery<'query, C, i64> + QueryFragment<C::Backend> + QueryId,
{
    type Task = NumberTask<i64, Select<Source, CountStar>>;

    fn into_task(self) -> QueryResult<Self::Task> {
        let (dependency, head) = (self.0.dependency(), self.0.head(Kind::Count));
        let selected = SelectDsl::select(self.0.source, dsl::count_star());
        Ok(NumberTask { asked: AskedQuery::new::<C::Backend>(head, dependency, selected)?, number: PhantomData })
    }
}

impl<'query, C, M, Source, Part> IntoTask<'query, C> for Existing<ListRead<M, Source, Part>>
where
    C: LoadConnection<Backend: CacheBackend>,
    M: CachedModel,
    dsl::exists<Source>: Expression,
    dsl::select<dsl::exists<Source>>: AsQuery + LoadQuery<'query, C, bool> + QueryFragment<C::Backend> + QueryId,
{
    type Task = NumberTask<bool, dsl::select<dsl::exists<Source>>>;

    fn into_task(self) -> QueryResult<Self::Task> {
        let (dependency, head) = (self.0.dependency(), self.0.head(Kind::Exists));
        let selected = diesel::select(dsl::exists(self.0.source));
        Ok(NumberTask { asked: AskedQuery::new::<C::Backend>(head, dependency, selected)?, number: PhantomData })
    }
}

/// Reads a single number or truth.
pub struct NumberTask<T, Selected> {
    asked: AskedQuery<Selected>,
    number: PhantomData<fn() -> T>,
}

impl<T: Copy + Send + Sync + 'static, Selected> Task for NumberTask<T, Selected> {
    type Value = T;

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

    fn accept(&self, value: Value) -> Option<T> {
        let Value::Shared(number) = value else { return None };
        number.downcast_ref().copied()
    }

    fn keep(&self, number: &T) -> Keep {
        Keep::shared(&Arc::new(*number), size_of::<T>(), self.asked.timeout())
    }
}

impl<'query, C, T, Selected> Query<C> for NumberTask<T, Selected>
where
    C: LoadConnection,
    T: Copy + Send + Sync + 'static,
    Selected: LoadQuery<'query, C, T>,
{
    fn query(&mut self, conn: &mut C) -> QueryResult<T> {
        let selected = self.asked.selected.take().expect("a query is asked once");
        RunQueryDsl::load::<T>(selected, conn)?.pop().ok_or(Error::NotFound)
    }
}
