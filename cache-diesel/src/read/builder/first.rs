//! Builds reads of the one row of a query, cached by its query.

use diesel::result::QueryResult;

use crate::backend::line::Line;
use crate::manager::ManagerState;
use crate::read::builder::cloned;
use crate::read::builder::filter::{Anywhere, Filterable};
use crate::read::builder::list::{ListRead, OnlyFirst};
use crate::read::builder::options::{Options, options_methods};
use crate::read::page::CachedView;
use crate::read::task::query::{IntoTask, Later, Repeats};
use crate::read::terminal::row_terminals;

/// A row by a unique value and a condition, to be read by [`first`](Self::first) or [`require`](Self::require).
#[derive(Debug)]
#[must_use = "nothing is read until a method with a connection is called"]
pub struct FirstRead<P, Source> {
    list: ListRead<P, Source>,
}

cloned!([P, Source: Clone] FirstRead<P, Source> { list });

impl<P: CachedView, Source> FirstRead<P, Source> {
    options_methods!(list.options);
    row_terminals!(P);

    /// Adds a condition, or an optional one.
    pub fn filter<Condition, Kind>(self, condition: Condition) -> FirstRead<P, Condition::Output>
    where
        Condition: Filterable<Source, Kind, Anywhere>,
    {
        FirstRead { list: self.list.filter(condition) }
    }

    /// The plain Diesel query of the row and what is joined, uncached.
    pub fn query(self) -> Source {
        self.list.source
    }

    pub(super) fn new(state: &'static ManagerState, source: Source, options: Options) -> Self {
        Self { list: ListRead::new(state, source, None).with_options(options) }
    }
}

impl<'query, C, P, Source> IntoTask<'query, C> for FirstRead<P, Source>
where
    C: Line,
    OnlyFirst<ListRead<P, Source>>: IntoTask<'query, C>,
{
    type Task = <OnlyFirst<ListRead<P, Source>> as IntoTask<'query, C>>::Task;

    fn into_task(self) -> QueryResult<Self::Task> {
        OnlyFirst(self.list).into_task()
    }
}

impl<'query, C, P, Source> Repeats<'query, C> for FirstRead<P, Source>
where
    C: Line + 'static,
    OnlyFirst<ListRead<P, Source>>: Repeats<'query, C>,
{
    fn later(task: &Self::Task) -> Option<Later<C>> {
        <OnlyFirst<ListRead<P, Source>> as Repeats<'query, C>>::later(task)
    }
}
