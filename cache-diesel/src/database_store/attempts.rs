//! Carries out transactions, one at a time for all who use the tables, and tries again what others were in the way of.

use core::time::Duration;
use std::thread;
use std::time::Instant;

use diesel::connection::{AnsiTransactionManager, TransactionManager};
use diesel::result::Error as DieselError;

use super::StoreConnection;
use super::failure::Failure;
use crate::backend::rows::RowsBackend;

/// The time that a call has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    whole: Duration,
    end: Instant,
}

impl Span {
    /// Longer than any call takes.
    const LONGEST: Duration = Duration::from_secs(1 << 30);

    pub(super) fn of(whole: Duration) -> Self {
        let whole = whole.min(Self::LONGEST);
        Self { whole, end: Instant::now() + whole }
    }

    pub(super) fn left(self) -> Duration {
        self.end.saturating_duration_since(Instant::now())
    }

    pub(super) fn is_over(self) -> bool {
        self.left().is_zero()
    }

    /// Half of what is left.
    pub(super) fn half(self) -> Self {
        Self::of(self.left() / 2)
    }

    /// Until when it is waited for a call that ends by itself: it says why it has failed.
    pub(super) fn left_to_wait(self) -> Duration {
        self.left() + self.whole / 16
    }
}

/// Carries out `work` in a transaction that is alone with the rows; what others were in the way of is tried again.
pub(super) fn alone<C: StoreConnection, T>(
    conn: &mut C,
    span: Span,
    mut work: impl FnMut(&mut C) -> core::result::Result<T, Failure>,
) -> core::result::Result<T, Failure> {
    patiently(span, || attempt(conn, span, &mut work))
}

fn attempt<C: StoreConnection, T>(
    conn: &mut C,
    span: Span,
    work: &mut impl FnMut(&mut C) -> core::result::Result<T, Failure>,
) -> core::result::Result<T, Failure> {
    if let Err(error) = AnsiTransactionManager::begin_transaction_sql(conn, &C::Backend::begin(span.whole)) {
        // It may have begun, and the lock not have been taken.
        if !matches!(error, DieselError::AlreadyInTransaction) {
            let _ = conn.batch_execute("ROLLBACK");
        }
        return Err(Failure::from(error).before_anything());
    }
    match work(conn) {
        Ok(done) => {
            AnsiTransactionManager::commit_transaction(conn)?;
            Ok(done)
        }
        Err(failure) => {
            let _ = AnsiTransactionManager::rollback_transaction(conn);
            Err(failure)
        }
    }
}

/// Carries out `work`, and again after a pause if others were in the way, until the end of `span`.
pub(super) fn patiently<T>(
    span: Span,
    mut work: impl FnMut() -> core::result::Result<T, Failure>,
) -> core::result::Result<T, Failure> {
    let mut pause = Duration::from_micros(100);
    loop {
        match work() {
            Err(failure) if failure.is_passing() && span.left() > pause => {
                thread::sleep(pause);
                pause = (pause * 2).min(Duration::from_millis(2));
            }
            done => return done,
        }
    }
}
