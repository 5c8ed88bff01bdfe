//! Builds transactions of PostgreSQL of a certain kind.

use diesel::result::{Error, QueryResult};
use diesel_async::{AnsiTransactionManager, TransactionManager};

use super::AsyncPgConnection;

/// A transaction to be [run](Self::run): as that of diesel-async, on a tracked connection.
#[derive(Debug)]
#[must_use = "nothing happens until `run` is called"]
pub struct TransactionBuilder<'conn> {
    conn: &'conn mut AsyncPgConnection,
    isolation: &'static str,
    mode: &'static str,
    deferrable: &'static str,
}

/// What a transaction does: an `async |conn| ..` that may be sent to another thread.
///
/// It is implemented for every closure of that kind.
pub trait TransactionBody<Argument, Answer>:
    AsyncFnOnce(Argument) -> Answer + FnOnce(Argument) -> <Self as TransactionBody<Argument, Answer>>::Running
{
    /// The closure's future.
    type Running: Future<Output = Answer>;
}

impl<Body, Argument, Answer, Running> TransactionBody<Argument, Answer> for Body
where
    Body: AsyncFnOnce(Argument) -> Answer + FnOnce(Argument) -> Running,
    Running: Future<Output = Answer>,
{
    type Running = Running;
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident($field:ident = $sql:literal);)*) => { $(
        $(#[$doc])*
        pub fn $name(mut self) -> Self {
            self.$field = $sql;
            self
        }
    )* };
}

impl<'conn> TransactionBuilder<'conn> {
    kinds! {
        /// It may read, and not write.
        read_only(mode = " READ ONLY");
        /// It may read and write.
        read_write(mode = " READ WRITE");
        /// A serializable one that is read-only waits until it cannot fail.
        deferrable(deferrable = " DEFERRABLE");
        /// It does not wait.
        not_deferrable(deferrable = " NOT DEFERRABLE");
        /// It sees what was committed before each of its statements.
        read_committed(isolation = " ISOLATION LEVEL READ COMMITTED");
        /// It sees what was committed before its first statement.
        repeatable_read(isolation = " ISOLATION LEVEL REPEATABLE READ");
        /// It runs as if it were alone, or fails.
        serializable(isolation = " ISOLATION LEVEL SERIALIZABLE");
    }

    pub(super) fn new(conn: &'conn mut AsyncPgConnection) -> Self {
        Self { conn, isolation: "", mode: "", deferrable: "" }
    }

    /// Runs `body` in the transaction: commits it if the answer is `Ok`, and rolls it back otherwise.
    ///
    /// # Errors
    ///
    /// Returns the error of `body`, or Diesel's if the transaction cannot begin or end. One within another is refused.
    pub async fn run<T, E, Body>(self, body: Body) -> Result<T, E>
    where
        Body: for<'r> TransactionBody<&'r mut AsyncPgConnection, Result<T, E>, Running: Send> + Send,
        E: From<Error>,
    {
        let Self { conn, isolation, mode, deferrable } = self;
        let sql = format!("BEGIN TRANSACTION{isolation}{mode}{deferrable}");
        let begun: QueryResult<()> = AnsiTransactionManager::begin_transaction_sql(conn, &sql).await;
        begun?;
        match body(conn).await {
            Ok(answer) => {
                AnsiTransactionManager::commit_transaction(conn).await?;
                Ok(answer)
            }
            Err(error) => {
                AnsiTransactionManager::rollback_transaction(conn).await?;
                Err(error)
            }
        }
    }
}
