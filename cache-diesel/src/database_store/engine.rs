//! Does what a store asks of its rows, in the tables.

use core::fmt;
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;

use cache_core::store::engine::{Changes, Engine, View};
use cache_core::store::{Name, Usage};
use cache_core::{Error, ErrorKind, MIB, Result};
use diesel::r2d2::ConnectionManager;
use diesel::result::Error as DieselError;
use r2d2::Pool;

use super::StoreConnection;
use super::attempts::{Span, alone, patiently};
use super::calls::Calls;
use super::failure::Failure;
use super::rows::{look, remove_expired, remove_some, shrink, weight};

/// The tables of a cache, as the rows of a store.
///
/// One transaction changes them at a time. What reads is one SELECT, and waits for nobody. The time is the database's.
pub struct DatabaseEngine<C: StoreConnection> {
    calls: Calls<C>,
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
        let calls = Calls::over(pool);
        let engine = Self { calls, capacity: Self::DEFAULT_CAPACITY, timeout_nanos: AtomicU64::new(0) };
        engine.set_timeout(Duration::from_secs(5));
        match engine.calls.carry(engine.span(), |conn, span| see(conn, span, &[])) {
            Ok(_) => {}
            Err(Failure::Database(error) | Failure::Closed(error))
                if !matches!(error, DieselError::AlreadyInTransaction) =>
            {
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

    fn span(&self) -> Span {
        Span::of(Duration::from_nanos(self.timeout_nanos.load(Ordering::Relaxed)))
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
        let names = names.to_vec();
        let view = self.calls.carry(self.span(), move |conn, span| see(conn, span, &names));
        view.map_err(|failure| failure.into_error(ErrorKind::Store, "reading rows"))
    }

    fn change(&self, names: &[Name], decide: &mut dyn FnMut(View) -> Changes) -> Result<()> {
        let done = self.calls.change(self.span(), names, decide);
        done.map_err(|failure| failure.into_error(ErrorKind::Store, "changing rows"))
    }

    fn remove_all(&self, start: &str) -> Result<()> {
        let start = start.as_bytes().to_vec();
        let done = self.calls.carry(self.span(), move |conn, span| {
            let enough = span.half();
            while !enough.is_over() && alone(conn, span, |conn| remove_some(conn, &start))? > 0 {}
            Ok(())
        });
        done.map_err(|failure| failure.into_error(ErrorKind::Store, "removing rows"))
    }

    fn cull(&self) -> Result<()> {
        let capacity = self.capacity;
        let done = self.calls.carry(self.span(), move |conn, span| {
            alone(conn, span, |conn| {
                remove_expired(conn)?;
                shrink(conn, capacity)
            })
        });
        done.map_err(|failure| failure.into_error(ErrorKind::Store, "removing what has expired"))
    }

    fn usage(&self) -> Usage {
        let bytes = self.calls.carry(self.span(), |conn, _| weight(conn));
        bytes.map_or_else(|_| Usage::default(), |bytes| Usage::of(0, 0, bytes))
    }
}

/// Reads rows, and says of a connection that was closed that nothing was done.
fn see<C: StoreConnection>(conn: &mut C, span: Span, names: &[Name]) -> core::result::Result<View, Failure> {
    patiently(span, || look(conn, names)).map_err(Failure::before_anything)
}
