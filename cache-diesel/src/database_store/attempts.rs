//! Carries out transactions, one at a time for all who use the tables, and tries again what others were in the way of.

use core::time::Duration;
use std::thread;
use std::time::Instant;

use diesel::connection::{AnsiTransactionManager, TransactionManager};
use diesel::result::Error as DieselError;

use super::StoreConnection;
use super::failure::Failure;
use crate::backend::rows::RowsBackend;

/// Carries out `work` in a transaction that is alone with the rows; what others were in the way of is tried again.
pub(super) fn alone<C: StoreConnection, T>(
    conn: &mut C,
    deadline: Instant,
    mut work: impl FnMut(&mut C) -> core::result::Result<T, Failure>,
) -> core::result::Result<T, Failure> {
    patiently(deadline, || attempt(conn, &mut work))
}

fn attempt<C: StoreConnection, T>(
    conn: &mut C,
    work: &mut impl FnMut(&mut C) -> core::result::Result<T, Failure>,
) -> core::result::Result<T, Failure> {
    if let Err(error) = AnsiTransactionManager::begin_transaction_sql(conn, C::Backend::BEGIN) {
        // It may have begun, and the lock not have been taken.
        if !matches!(error, DieselError::AlreadyInTransaction) {
            let _ = conn.batch_execute("ROLLBACK");
        }
        return Err(error.into());
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

/// Carries out `work`, and again after a pause if others were in the way, until `deadline`.
pub(super) fn patiently<T>(
    deadline: Instant,
    mut work: impl FnMut() -> core::result::Result<T, Failure>,
) -> core::result::Result<T, Failure> {
    let mut pause = Duration::from_micros(100);
    loop {
        match work() {
            Err(failure) if failure.is_passing() && Instant::now() + pause < deadline => {
                thread::sleep(pause);
                pause = (pause * 2).min(Duration::from_millis(2));
            }
            done => return done,
        }
    }
}
