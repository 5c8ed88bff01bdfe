//! Holds the contract between a read's task and the drivers.

use cache_core::Claim;
use diesel::result::QueryResult;

use crate::read::task::{Site, Task};

/// A task that asks its database on a blocking connection.
pub trait Query<C>: Task {
    /// Asks the database; called once.
    fn query(&mut self, conn: &mut C) -> QueryResult<Self::Value>;
}

/// A read that has a [`Task`](Task) on the connection `C`.
#[diagnostic::on_unimplemented(
    message = "this cached read cannot run on `{C}`",
    label = "the query does not fit its model or this connection",
    note = "every column that is used must belong to the model's table, and the model needs `#[derive(Queryable, Selectable)]`"
)]
pub trait IntoTask<'query, C> {
    /// The task.
    type Task: Query<C>;

    /// Takes the read apart.
    ///
    /// # Errors
    ///
    /// If the query cannot be printed.
    fn into_task(self) -> QueryResult<Self::Task>;

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
