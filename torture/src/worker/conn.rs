//! The connection of one thread: one that blocks, or one that is awaited.

use core::time::Duration;

use cache_diesel::AsyncPgConnection;
use diesel::prelude::*;
use diesel::result::Error;
use diesel_async::AsyncConnection;
use tokio::runtime::{Builder, Runtime};

use super::access::Answer;
use super::steps::{Frame, Step};
use super::{managed, statements};
use crate::message::Version;
use crate::question::{Key, Question, State};
use crate::servers::Problem;

pub(super) enum Conn {
    /// Its futures run on a runtime of the thread's own. Connections are closed before that ends.
    Awaited(Box<AsyncPgConnection>, Runtime),
    Blocking(Box<PgConnection>),
}

impl Conn {
    pub(super) fn open(url: &str, is_awaited: bool) -> Result<Self, Problem> {
        if !is_awaited {
            return Ok(Self::Blocking(Box::new(PgConnection::establish(url)?)));
        }
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let conn = runtime.block_on(AsyncPgConnection::establish(url))?;
        Ok(Self::Awaited(Box::new(conn), runtime))
    }

    /// Answers a question through the managers.
    pub(super) fn read(&mut self, question: &Question) -> QueryResult<Answer> {
        match self {
            Self::Awaited(conn, runtime) => runtime.block_on(managed::awaited::read(question, conn)),
            Self::Blocking(conn) => managed::blocking::read(question, conn),
        }
    }

    /// The state of a row that nobody else writes.
    pub(super) fn state(&mut self, key: Key) -> QueryResult<State> {
        match self {
            Self::Awaited(conn, runtime) => runtime.block_on(statements::awaited::state(key, conn)),
            Self::Blocking(conn) => statements::blocking::state(key, conn),
        }
    }

    /// Runs the steps; gives the least versions that shared rows have afterwards.
    ///
    /// A future is dropped once `patience` is over: who knows what becomes of its statements.
    ///
    /// # Errors
    ///
    /// `RollbackTransaction` if they were rolled back on purpose.
    pub(super) fn write(
        &mut self,
        (frame, steps): (Frame, &[Step]),
        versions: &[u64],
        patience: Option<Duration>,
    ) -> QueryResult<Vec<Version>> {
        match self {
            Self::Awaited(conn, runtime) => runtime.block_on(async {
                let work = statements::awaited::run(frame, steps, versions, conn);
                match patience {
                    Some(patience) => {
                        tokio::time::timeout(patience, work).await.unwrap_or(Err(Error::NotInTransaction))
                    }
                    None => work.await,
                }
            }),
            Self::Blocking(conn) => statements::blocking::run(frame, steps, versions, conn),
        }
    }

    /// The connection, if it is one that blocks.
    pub(super) fn blocking(&mut self) -> Option<&mut PgConnection> {
        match self {
            Self::Awaited(..) => None,
            Self::Blocking(conn) => Some(conn),
        }
    }
}
