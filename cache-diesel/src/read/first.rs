//! The one row, or the one page, that a query gives, cached by its query.

use diesel::connection::LoadConnection;
use diesel::result::QueryResult;

use crate::backend::CacheBackend;
use crate::manager::ManagerState;
use crate::model::CachedModel;
use crate::read::filter::{Anywhere, Filterable};
use crate::read::list::{ListRead, OnlyFirst};
use crate::read::options::{Options, options_methods};
use crate::read::refresh::Later;
use crate::read::terminal::{IntoTask, Require, row_terminals};

/// A row, or a page of one, by a unique value and a condition, to be read by `first` or `require`.
#[derive(Clone, Debug)]
#[must_use = "nothing is read until a method with a connection is called"]
pub struct FirstRead<List> {
    pub(crate) list: List,
}

impl<M: CachedModel, Source> FirstRead<ListRead<M, Source>> {
    options_methods!(list.options);
    row_terminals!(M, M, Require<M>, M::Error);

    /// Adds a condition, or an optional one.
    pub fn filter<Condition, Kind>(self, condition: Condition) -> FirstRead<ListRead<M, Condition::Output>>
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

impl<'query, C, List> IntoTask<'query, C> for FirstRead<List>
where
    C: LoadConnection<Backend: CacheBackend> + 'static,
    OnlyFirst<List>: IntoTask<'query, C>,
{
    type Task = <OnlyFirst<List> as IntoTask<'query, C>>::Task;

    fn into_task(self) -> QueryResult<Self::Task> {
        OnlyFirst(self.list).into_task()
    }

    fn later(task: &Self::Task) -> Option<Later<C>> {
        <OnlyFirst<List> as IntoTask<'query, C>>::later(task)
    }
}
