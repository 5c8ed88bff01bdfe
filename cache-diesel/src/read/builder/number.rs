//! Builds reads of the number of a list's rows, and of whether it has any.

use cache_core::Kind;
use diesel::Expression;
use diesel::dsl::{self, CountStar, Select};
use diesel::query_builder::{AsQuery, QueryFragment, QueryId};
use diesel::query_dsl::methods::SelectDsl;
use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Bool};

use crate::backend::line::{Line, Loads};
use crate::read::builder::list::ListRead;
use crate::read::builder::order::Countable;
use crate::read::page::Page;
use crate::read::page::base::check_count;
use crate::read::replay::Replay;
use crate::read::task::answer::{AskedTask, Number};
use crate::read::task::asked::AskedQuery;
use crate::read::task::query::{IntoTask, Later, Repeats};
use crate::read::terminal::{AsRead, Ended, terminal, terminal_with};

impl<P: Page, Source, Part> ListRead<P, Source, Part> {
    terminal! {
        /// Reads how many rows there are: `QueryResult<i64>`.
        ///
        /// # Errors
        ///
        /// Returns what the database says.
        count, P::Joined, Ended<Counted<Self>, AsRead>, |read| Ended::new(Counted(read)),
        where Part: Countable
    }

    terminal! {
        /// Reads whether there are any rows: `QueryResult<bool>`.
        ///
        /// # Errors
        ///
        /// Returns what the database says.
        exists, P::Joined, Ended<Existing<Self>, AsRead>, |read| Ended::new(Existing(read)),
        where Part: Countable
    }

    terminal_with! {
        /// As [`count`](Self::count), and takes a connection on a miss only.
        count_with, Ended<Counted<Self>, AsRead>, |read| Ended::new(Counted(read)), where Part: Countable
    }

    terminal_with! {
        /// As [`exists`](Self::exists), and takes a connection on a miss only.
        exists_with, Ended<Existing<Self>, AsRead>, |read| Ended::new(Existing(read)), where Part: Countable
    }
}

/// A list of which the number of rows is wanted.
#[derive(Debug)]
pub struct Counted<R>(pub(super) R);

/// A list of which it is wanted whether it has rows.
#[derive(Debug)]
pub struct Existing<R>(pub(super) R);

impl<'query, C, P, Source, Part> IntoTask<'query, C> for Counted<ListRead<P, Source, Part>>
where
    C: Line,
    P: Page,
    Source: SelectDsl<CountStar>,
    Select<Source, CountStar>: Loads<'query, C, i64> + QueryFragment<C::Backend> + QueryId,
{
    type Task = AskedTask<'query, C, Number<i64>, Select<Source, CountStar>>;

    fn into_task(self) -> QueryResult<Self::Task> {
        let (dependency, head) = (self.0.dependency(), self.0.head(Kind::Count));
        let selected = SelectDsl::select(self.0.source, dsl::count_star());
        let asked = AskedQuery::new::<C::Backend>(head, dependency, selected)?;
        check_count::<P::Root>(&asked.shape)?;
        AskedTask::new(asked)
    }
}

impl<'query, C, P, Source, Part> Repeats<'query, C> for Counted<ListRead<P, Source, Part>>
where
    C: Line + 'static,
    P: Page,
    Source: SelectDsl<CountStar>,
    Select<Source, CountStar>: Loads<'query, C, i64> + QueryFragment<C::Backend> + QueryId,
    Replay<C::Backend, BigInt>: Loads<'static, C, i64> + Send + 'static,
{
    fn later(task: &Self::Task) -> Option<Later<C>> {
        Some(Box::new(task.again(Replay::<C::Backend, BigInt>::of)?))
    }
}

impl<'query, C, P, Source, Part> IntoTask<'query, C> for Existing<ListRead<P, Source, Part>>
where
    C: Line,
    P: Page,
    dsl::exists<Source>: Expression,
    dsl::select<dsl::exists<Source>>: AsQuery + Loads<'query, C, bool> + QueryFragment<C::Backend> + QueryId,
{
    type Task = AskedTask<'query, C, Number<bool>, dsl::select<dsl::exists<Source>>>;

    fn into_task(self) -> QueryResult<Self::Task> {
        let (dependency, head) = (self.0.dependency(), self.0.head(Kind::Exists));
        let selected = diesel::select(dsl::exists(self.0.source));
        AskedTask::new(AskedQuery::new::<C::Backend>(head, dependency, selected)?)
    }
}

impl<'query, C, P, Source, Part> Repeats<'query, C> for Existing<ListRead<P, Source, Part>>
where
    C: Line + 'static,
    P: Page,
    dsl::exists<Source>: Expression,
    dsl::select<dsl::exists<Source>>: AsQuery + Loads<'query, C, bool> + QueryFragment<C::Backend> + QueryId,
    Replay<C::Backend, Bool>: Loads<'static, C, bool> + Send + 'static,
{
    fn later(task: &Self::Task) -> Option<Later<C>> {
        Some(Box::new(task.again(Replay::<C::Backend, Bool>::of)?))
    }
}
