//! Holds the contract between a read's task and the drivers.

use cache_core::{CacheKey, Claim};
use diesel::result::QueryResult;

use crate::backend::line::{Line, Reply};
use crate::read::drive::compare::Compared;
use crate::read::task::{Site, Task};
use crate::read::terminal::explain::Explanation;

/// A task that asks its database on the line `C`.
pub trait Query<C: Line>: Task {
    /// Asks the database; called once.
    fn query<'a>(&'a mut self, conn: &'a mut C::Conn) -> Reply<'a, QueryResult<Self::Value>>
    where
        C: 'a;
}

/// A read that has a [`Task`](Task) on the line `C`.
#[diagnostic::on_unimplemented(
    message = "this cached read cannot run on `{C}`",
    label = "the query does not fit its model or this connection",
    note = "every column that is used must belong to the model's table, and the model needs `#[derive(Queryable, Selectable)]`"
)]
pub trait IntoTask<'query, C: Line> {
    /// The task.
    type Task: Query<C>;

    /// Takes the read apart.
    ///
    /// # Errors
    ///
    /// If the query cannot be printed.
    fn into_task(self) -> QueryResult<Self::Task>;
}

/// A read that can be made once more, on another thread or at another moment.
#[diagnostic::on_unimplemented(
    message = "this cached read cannot run on `{C}`",
    label = "the query does not fit its model or this connection",
    note = "every column that is used must belong to the model's table, and the model needs `#[derive(Queryable, Selectable)]`"
)]
pub trait Repeats<'query, C: Line>: IntoTask<'query, C> {
    /// The same read with values of its own, for another thread; `None`: its values cannot be told.
    fn later(task: &Self::Task) -> Option<Later<C>>;
}

/// A read with values of its own, for another thread.
pub(crate) type Later<C> = Box<dyn Repeated<C> + Send>;

/// A read that refreshes on a connection of the type `C`.
pub(crate) trait Reread<C> {
    /// Refreshes what was stale at `site`, as far as `claims` allow.
    ///
    /// # Errors
    ///
    /// Returns what the database says; then the claims are not done.
    fn reread(self: Box<Self>, site: &Site<'static>, claims: Vec<Claim>, conn: &mut C) -> QueryResult<()>;
}

/// A read of one entry that can be made as often as wanted on the line `C`.
pub trait Repeated<C: Line> {
    /// The name of the entry.
    fn key(&self, site: &Site<'static>) -> CacheKey;

    /// Compares the entry with what the database says.
    ///
    /// # Errors
    ///
    /// Returns what the database says.
    fn compare<'a>(&self, site: &Site<'static>, conn: &'a mut C::Conn) -> Reply<'a, QueryResult<Compared>>
    where
        C: 'a,
        Self: 'a;

    /// Explains what the read would be answered with.
    ///
    /// # Errors
    ///
    /// Returns what the database says.
    fn explain<'a>(&self, conn: &'a mut C::Conn) -> Reply<'a, QueryResult<Explanation>>
    where
        C: 'a,
        Self: 'a;

    /// Refreshes the entry.
    ///
    /// # Errors
    ///
    /// Returns what the database says.
    fn refresh<'a>(&self, site: &Site<'static>, conn: &'a mut C::Conn) -> Reply<'a, QueryResult<()>>
    where
        C: 'a,
        Self: 'a;
}

/// A task with values of its own, which can be made once more.
pub trait Copied {
    /// The same read.
    fn copied(&self) -> Self;
}
