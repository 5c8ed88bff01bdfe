//! The one row that a query gives, cached by its query.

use diesel::connection::LoadConnection;
use diesel::result::QueryResult;

use crate::backend::CacheBackend;
use crate::manager::ManagerState;
use crate::model::CachedModel;
use crate::read::filter::{Anywhere, Filterable};
use crate::read::list::{ListRead, OnlyFirst};
use crate::read::options::{Options, options_methods};
use crate::read::order::Whole;
use crate::read::refresh::Later;
use crate::read::terminal::{IntoTask, Require, row_terminals};
use crate::read::twice::cloned;

/// A row by a unique value and a condition, to be read by [`first`](Self::first) or [`require`](Self::require).
#[derive(Debug)]
#[must_use = "nothing is read until a method with a connection is called"]
pub struct FirstRead<M, Source> {
    list: ListRead<M, Source>,
}

cloned!([M, Source: Clone] FirstRead<M, Source> { list });

impl<M: CachedModel, Source> FirstRead<M, Source> {
    options_methods!(list.options);
    row_terminals!(M, M, Require<M>, M::Error);

    /// Adds a condition, or an optional one.
    pub fn filter<Condition, Kind>(self, condition: Condition) -> FirstRead<M, Condition::Output>
    where
        Condition: Filterable<Source, Kind, Anywhere>,
    {
        FirstRead { list: self.list.filter(condition) }
    }

    /// The plain Diesel query, uncached.
    pub fn query(self) -> Source {
        self.list.source
    }

    pub(super) fn new(state: &'static ManagerState, source: Source, options: Options) -> Self {
        Self { list: ListRead::new(state, source, None).with_options(options) }
    }
}

type Inner<M, Source> = OnlyFirst<ListRead<M, Source, Whole>>;

impl<'query, C, M, Source> IntoTask<'query, C> for FirstRead<M, Source>
where
    C: LoadConnection<Backend: CacheBackend> + 'static,
    M: CachedModel,
    Inner<M, Source>: IntoTask<'query, C>,
{
    type Task = <Inner<M, Source> as IntoTask<'query, C>>::Task;

    fn into_task(self) -> QueryResult<Self::Task> {
        OnlyFirst(self.list).into_task()
    }

    fn later(task: &Self::Task) -> Option<Later<C>> {
        <Inner<M, Source> as IntoTask<'query, C>>::later(task)
    }
}
