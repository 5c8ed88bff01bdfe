//! Holds the contract between a read's task and the drivers.

use cache_core::Claim;
use diesel::result::QueryResult;

use crate::backend::line::{Line, Reply};
use crate::read::task::{Site, Task};

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

/// A read that another thread can make once more, on another connection of the type `C`.
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
pub(crate) type Later<C> = Box<dyn Reread<C> + Send>;

/// A read that can be made once more on a connection of the type `C`.
pub trait Reread<C> {
    /// Refreshes what was stale at `site`, as far as `claims` allow.
    ///
    /// # Errors
    ///
    /// Returns what the database says; then the claims are not done.
    fn reread(self: Box<Self>, site: &Site<'static>, claims: Vec<Claim>, conn: &mut C) -> QueryResult<()>;
}
