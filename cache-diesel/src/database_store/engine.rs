//! Does what a store asks of its rows, in the tables.

use core::fmt;
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::time::Instant;

use cache_core::store::engine::{Changes, Engine, View};
use cache_core::store::{Name, Usage};
use cache_core::{Error, ErrorKind, MIB, Result};
use diesel::connection::{AnsiTransactionManager, TransactionManager};
use diesel::r2d2::{ConnectionManager, PooledConnection};
use diesel::result::Error as DieselError;
use r2d2::Pool;

use super::StoreConnection;
use super::attempts::{alone, patiently};
use super::failure::Failure;
use super::rows::{BATCH, look, micros_up, shrink, weight, write};
use crate::backend::rows::{RowsBackend, Statement};
use crate::track::Question;

/// The tables of a cache, as the rows of a store.
///
/// One transaction changes them at a time. What reads is one SELECT, and waits for nobody. The time is the database's.
pub struct DatabaseEngine<C: StoreConnection> {
    pool: Pool<ConnectionManager<C>>,
    capacity: u64,
    timeout_nanos: AtomicU64,
}

impl<C: StoreConnection> DatabaseEngine<C> {
    const DEFAULT_CAPACITY: u64 = 64 * MIB;

    /// The tables of the database that `pool` leads to.
    ///
    /// # Errors
    ///
    /// As [`database_store`](super::database_store).
    pub fn new(pool: Pool<ConnectionManager<C>>) -> Result<Self> {
        let engine = Self { pool, capacity: Self::DEFAULT_CAPACITY, timeout_nanos: AtomicU64::new(0) };
        engine.set_timeout(Duration::from_secs(5));
        match engine.carry(|conn, deadline| patiently(deadline, || look(conn, &[]))) {
            Ok(_) => {}
            Err(Failure::Database(error)) if !matches!(error, DieselError::AlreadyInTransaction) => {
                let context = "the tables of the cache cannot be used: `create_cache_tables` makes them";
                return Err(Error::new(ErrorKind::Configuration, context).with_source(error));
            }
            Err(failure) => return Err(failure.into_error(ErrorKind::Configuration, "opening the tables of the cache")),
        }
        engine.set_timeout(Duration::from_millis(250));
        Ok(engine)
    }

    /// Sets how many bytes of entries are kept; 64 MiB if not set. Above it, those that end first are removed.
    #[must_use]
    pub fn capacity(mut self, bytes: u64) -> Self {
        self.capacity = bytes;
        self
    }

    fn carry<T>(
        &self,
        work: impl FnOnce(&mut C, Instant) -> core::result::Result<T, Failure>,
    ) -> core::result::Result<T, Failure> {
        let timeout = Duration::from_nanos(self.timeout_nanos.load(Ordering::Relaxed));
        let deadline = Instant::now() + timeout;
        let mut pooled: PooledConnection<ConnectionManager<C>> =
            self.pool.get_timeout(timeout).map_err(Failure::Pool)?;
        let mut question = Question::<C>::begin(&mut pooled);
        let conn = question.conn();
        // Reads would see the rows of the moment at which it began.
        if AnsiTransactionManager::transaction_manager_status_mut(conn).transaction_depth()?.is_some() {
            return Err(DieselError::AlreadyInTransaction.into());
        }
        work(conn, deadline)
    }
}

impl<C: StoreConnection> fmt::Debug for DatabaseEngine<C> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("DatabaseEngine").field("capacity", &self.capacity).finish_non_exhaustive()
    }
}

impl<C: StoreConnection> Engine for DatabaseEngine<C> {
    fn set_timeout(&self, timeout: Duration) {
        let nanos = u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX / 4);
        self.timeout_nanos.store(nanos.min(u64::MAX / 4), Ordering::Relaxed);
    }

    fn read(&self, names: &[Name]) -> Result<View> {
        let view = self.carry(|conn, deadline| patiently(deadline, || look(conn, names)));
        view.map_err(|failure| failure.into_error(ErrorKind::Store, "reading rows"))
    }

    fn change(&self, names: &[Name], decide: &mut dyn FnMut(View) -> Changes) -> Result<()> {
        let done = self.carry(|conn, deadline| {
            alone(conn, deadline, |conn| {
                let changes = decide(look(conn, names)?);
                Ok(write(conn, &changes.rows)?)
            })
        });
        done.map_err(|failure| failure.into_error(ErrorKind::Store, "changing rows"))
    }

    fn remove_all(&self, start: &str) -> Result<()> {
        let mut end = start.as_bytes().to_vec();
        end.push(u8::MAX);
        let remove = |conn: &mut C| {
            let statement = Statement::default()
                .sql(
                    "DELETE FROM cache_diesel_rows WHERE name IN (SELECT name FROM (SELECT name FROM cache_diesel_rows \
                     WHERE name >= ",
                )
                .bytes(start.as_bytes())
                .sql(" AND name < ")
                .bytes(&end)
                .sql(" LIMIT ")
                .number(BATCH)
                .sql(") AS some_of_them)");
            Ok(C::Backend::execute(conn, statement)?)
        };
        let done = self.carry(|conn, deadline| {
            let enough = Instant::now() + deadline.saturating_duration_since(Instant::now()) / 2;
            while Instant::now() < enough && alone(conn, deadline, remove)? > 0 {}
            Ok(())
        });
        done.map_err(|failure| failure.into_error(ErrorKind::Store, "removing rows"))
    }

    fn cull(&self) -> Result<()> {
        let cull = |conn: &mut C| {
            let now = micros_up(look(conn, &[])?.now);
            for is_spare in [0, 1] {
                let statement = Statement::default()
                    .sql(
                        "DELETE FROM cache_diesel_rows WHERE name IN (SELECT name FROM (SELECT name FROM \
                         cache_diesel_rows WHERE is_spare = ",
                    )
                    .number(is_spare)
                    .sql(" AND expires_at < ")
                    .number(now)
                    .sql(" LIMIT ")
                    .number(BATCH)
                    .sql(") AS expired)");
                C::Backend::execute(conn, statement)?;
            }
            shrink(conn, self.capacity)
        };
        let done = self.carry(|conn, deadline| alone(conn, deadline, cull));
        done.map_err(|failure| failure.into_error(ErrorKind::Store, "removing what has expired"))
    }

    fn usage(&self) -> Usage {
        self.carry(|conn, _| weight(conn)).map_or_else(|_| Usage::default(), |bytes| Usage::of(0, 0, bytes))
    }
}
