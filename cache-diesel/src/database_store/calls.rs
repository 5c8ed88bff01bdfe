//! Calls a database before a deadline: over a connection of the pool, on a thread that may be left behind.

use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};

use cache_core::store::Name;
use cache_core::store::engine::{Changes, View};
use diesel::connection::{AnsiTransactionManager, TransactionManager};
use diesel::r2d2::{ConnectionManager, PooledConnection};
use diesel::result::Error as DieselError;
use r2d2::Pool;

use super::StoreConnection;
use super::attempts::{Span, alone};
use super::failure::Failure;
use super::hands::Hands;
use super::rows::{look, write};
use crate::backend::rows::RowsBackend;
use crate::track::Question;

type Result<T> = core::result::Result<T, Failure>;

/// The connections to a database, and the threads that use them.
///
/// Diesel's connections know no deadline. A server that hangs, and a lock on the tables that somebody else keeps, would
/// hold a caller up for as long as they like. So a thread makes the call, and who waits for it leaves in time.
pub(super) struct Calls<C: StoreConnection> {
    pool: Pool<ConnectionManager<C>>,
    hands: Hands,
}

/// What a thread says of a change.
enum Said {
    Seen(View),
    Done(Result<()>),
}

impl<C: StoreConnection> Calls<C> {
    pub(super) fn over(pool: Pool<ConnectionManager<C>>) -> Self {
        // Each thread has one of the connections.
        let hands = Hands::new(usize::try_from(pool.max_size()).unwrap_or(usize::MAX));
        Self { pool, hands }
    }

    /// Carries out `work` on a connection.
    pub(super) fn carry<T: Send + 'static>(
        &self,
        span: Span,
        work: impl FnMut(&mut C, Span) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        if !C::Backend::MAY_HANG {
            return on_connection(&self.pool, span, work);
        }
        let (say, said) = sync_channel(1);
        self.give(span, move |pool| {
            // Whoever asked may have left.
            let _ = say.send(on_connection(pool, span, work));
        })?;
        self.hands.pace().receive(&said, span.left_to_wait()).unwrap_or_else(|error| Err(unanswered(error, span)))
    }

    /// Reads the rows under `names`, and writes what `decide` makes of them, in one transaction.
    pub(super) fn change(&self, span: Span, names: &[Name], decide: &mut dyn FnMut(View) -> Changes) -> Result<()> {
        if !C::Backend::MAY_HANG {
            return on_connection(&self.pool, span, |conn, span| {
                alone(conn, span, |conn| {
                    let changes = decide(look(conn, names)?);
                    Ok(write(conn, &changes.rows)?)
                })
            });
        }
        let (say, said) = sync_channel(1);
        let (answer, answers) = sync_channel(1);
        let names = names.to_vec();
        self.give(span, move |pool| {
            let done = on_connection(pool, span, |conn, span| {
                alone(conn, span, |conn| {
                    tell(&say, Said::Seen(look(conn, &names)?))?;
                    // Whoever decides has left: nothing is changed.
                    let changes: Changes = answers.recv().map_err(|_| Failure::Late)?;
                    Ok(write(conn, &changes.rows)?)
                })
            });
            let _ = say.send(Said::Done(done));
        })?;
        loop {
            match self.hands.pace().receive(&said, span.left_to_wait()) {
                Ok(Said::Seen(view)) => drop(answer.send(decide(view))),
                Ok(Said::Done(done)) => return done,
                Err(error) => return Err(unanswered(error, span)),
            }
        }
    }

    fn give(&self, span: Span, work: impl FnOnce(&Pool<ConnectionManager<C>>) + Send + 'static) -> Result<()> {
        let pool = self.pool.clone();
        let in_time = move || {
            // It may have waited for a thread for too long.
            if !span.is_over() {
                work(&pool);
            }
        };
        self.hands.give(in_time).map_err(Failure::Thread)
    }
}

fn tell(say: &SyncSender<Said>, said: Said) -> Result<()> {
    say.send(said).map_err(|_| Failure::Late)
}

fn unanswered(error: RecvTimeoutError, span: Span) -> Failure {
    match error {
        RecvTimeoutError::Disconnected if !span.is_over() => Failure::Dropped,
        _ => Failure::Late,
    }
}

/// Carries out `work` on a connection of the pool; on another one, if it was closed before anything was done.
fn on_connection<C: StoreConnection, T>(
    pool: &Pool<ConnectionManager<C>>,
    span: Span,
    mut work: impl FnMut(&mut C, Span) -> Result<T>,
) -> Result<T> {
    let mut done = Err(Failure::Late);
    // All that the pool keeps may have been closed.
    for _ in 0..=pool.max_size() {
        let mut pooled: PooledConnection<ConnectionManager<C>> =
            pool.get_timeout(span.left()).map_err(Failure::Pool)?;
        let conn: &mut C = &mut pooled;
        done = on(conn, span, &mut work);
        if done.as_ref().is_err_and(Failure::is_of_a_closed_connection) {
            // Not every database says it of itself: so the pool lets it go.
            AnsiTransactionManager::transaction_manager_status_mut(conn).set_in_error();
        }
        if !matches!(done, Err(Failure::Closed(_))) {
            break;
        }
    }
    done
}

fn on<C: StoreConnection, T>(conn: &mut C, span: Span, work: &mut impl FnMut(&mut C, Span) -> Result<T>) -> Result<T> {
    let mut question = Question::<C>::begin(conn);
    let conn = question.conn();
    // Reads would see the rows of the moment at which it began.
    if AnsiTransactionManager::transaction_manager_status_mut(conn).transaction_depth()?.is_some() {
        return Err(DieselError::AlreadyInTransaction.into());
    }
    work(conn, span)
}
