//! Keeps entries and tags in tables of a database that the program has anyway.

use core::fmt;
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use cache_core::store::engine::{Changes, Engine, EngineLink, Row, View};
use cache_core::store::{Name, Names, RemoteStore, Usage};
use cache_core::{Error, ErrorKind, MIB, Result, Timestamp, Token};
use diesel::connection::{AnsiTransactionManager, LoadConnection, TransactionManager};
use diesel::r2d2::{ConnectionManager, PooledConnection, R2D2Connection};
use diesel::result::{DatabaseErrorKind, Error as DieselError, QueryResult};
use r2d2::Pool;

use crate::backend::rows::{FoundRow, RowsBackend, Statement};
use crate::track::Question;

/// A store in tables of a database.
pub type DatabaseStore<C> = RemoteStore<EngineLink<DatabaseEngine<C>>>;

/// A connection to a database in which tables of a cache can be.
pub trait StoreConnection:
    R2D2Connection + LoadConnection<Backend: RowsBackend, TransactionManager = AnsiTransactionManager> + 'static
{
}

impl<C> StoreConnection for C where
    C: R2D2Connection + LoadConnection<Backend: RowsBackend, TransactionManager = AnsiTransactionManager> + 'static
{
}

/// Makes the tables of a cache where they are missing.
///
/// # Errors
///
/// As the database: a user who may not make tables, or a server that is read-only.
///
/// # Examples
///
/// ```
/// use diesel::prelude::*;
///
/// let mut conn = SqliteConnection::establish(":memory:").unwrap();
/// cache_diesel::create_cache_tables(&mut conn)?;
/// cache_diesel::create_cache_tables(&mut conn)?;
/// # Ok::<(), diesel::result::Error>(())
/// ```
pub fn create_cache_tables<C: StoreConnection>(conn: &mut C) -> QueryResult<()> {
    let mut question = Question::<C>::begin(conn);
    C::Backend::TABLES.iter().try_for_each(|sql| question.conn().batch_execute(sql))
}

/// A store in the [tables of a cache](create_cache_tables), over `pool`. All names in them begin with `prefix`. For
/// [`CacheBuilder::store`](crate::CacheBuilder::store).
///
/// # Errors
///
/// Returns an error of [`ErrorKind::Configuration`] for a wrong prefix, a database that cannot be reached, a server that
/// follows another one, and tables that are missing or of another shape.
pub fn database_store<C: StoreConnection>(pool: Pool<ConnectionManager<C>>, prefix: &str) -> Result<DatabaseStore<C>> {
    let names = Names::starting_with(prefix)?;
    Ok(RemoteStore::new(EngineLink::new(DatabaseEngine::new(pool)?, names)))
}

/// The tables of a cache, as the rows of a store.
///
/// One transaction changes them at a time. What reads is one SELECT, and waits for nobody. The time is the database's.
pub struct DatabaseEngine<C: StoreConnection> {
    pool: Pool<ConnectionManager<C>>,
    capacity: u64,
    timeout_nanos: AtomicU64,
}

impl<C: StoreConnection> DatabaseEngine<C> {
    const BATCH: i64 = 256;
    const DEFAULT_CAPACITY: u64 = 64 * MIB;
    /// How many rows one statement puts.
    const MOST_PUT: usize = 16;

    /// The tables of the database that `pool` leads to.
    ///
    /// # Errors
    ///
    /// As [`database_store`].
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

    /// Carries out `work` in a transaction that is alone with the rows; what others were in the way of is tried again.
    fn alone<T>(
        conn: &mut C,
        deadline: Instant,
        mut work: impl FnMut(&mut C) -> core::result::Result<T, Failure>,
    ) -> core::result::Result<T, Failure> {
        patiently(deadline, || Self::attempt(conn, &mut work))
    }

    fn attempt<T>(
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

    fn write(conn: &mut C, rows: &[(Name, Option<Row>)]) -> QueryResult<()> {
        let put: Vec<_> = rows.iter().filter_map(|(name, row)| Some((name, row.as_ref()?))).collect();
        let removed: Vec<&[u8]> =
            rows.iter().filter(|(_, row)| row.is_none()).map(|(name, _)| name.as_bytes()).collect();
        for rows in put.chunks(Self::MOST_PUT) {
            let insert = "INSERT INTO cache_diesel_rows (name, bytes, expires_at, is_spare) VALUES (";
            let mut statement = Statement::default();
            for (index, (name, row)) in rows.iter().enumerate() {
                statement = statement.sql(if index == 0 { insert } else { "), (" }).bytes(name.as_bytes());
                statement = statement.sql(", ").bytes(&row.bytes).sql(", ").number(micros_up(row.expires_at));
                statement = statement.sql(", ").number(i64::from(row.is_spare));
            }
            C::Backend::execute(conn, statement.sql(")").sql(C::Backend::OR_REPLACE))?;
        }
        for names in removed.chunks(256) {
            let delete = Statement::default().sql("DELETE FROM cache_diesel_rows WHERE name IN (");
            C::Backend::execute(conn, delete.names(names).sql(")"))?;
        }
        Ok(())
    }

    /// Removes entries that end first until there are no more bytes than the capacity.
    fn shrink(&self, conn: &mut C) -> core::result::Result<(), Failure> {
        while weight(conn)? > self.capacity {
            let statement = Statement::default()
                .sql(
                    "DELETE FROM cache_diesel_rows WHERE name IN (SELECT name FROM (SELECT name FROM cache_diesel_rows \
                     WHERE is_spare = 1 ORDER BY expires_at LIMIT ",
                )
                .number(Self::BATCH)
                .sql(") AS first_to_end)");
            if C::Backend::execute(conn, statement)? == 0 {
                break;
            }
        }
        Ok(())
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
            Self::alone(conn, deadline, |conn| {
                let changes = decide(look(conn, names)?);
                Ok(Self::write(conn, &changes.rows)?)
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
                .number(Self::BATCH)
                .sql(") AS some_of_them)");
            Ok(C::Backend::execute(conn, statement)?)
        };
        let done = self.carry(|conn, deadline| {
            let enough = Instant::now() + deadline.saturating_duration_since(Instant::now()) / 2;
            while Instant::now() < enough && Self::alone(conn, deadline, remove)? > 0 {}
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
                    .number(Self::BATCH)
                    .sql(") AS expired)");
                C::Backend::execute(conn, statement)?;
            }
            self.shrink(conn)
        };
        let done = self.carry(|conn, deadline| Self::alone(conn, deadline, cull));
        done.map_err(|failure| failure.into_error(ErrorKind::Store, "removing what has expired"))
    }

    fn usage(&self) -> Usage {
        self.carry(|conn, _| weight(conn)).map_or_else(|_| Usage::default(), |bytes| Usage::of(0, 0, bytes))
    }
}

/// Carries out `work`, and again after a pause if others were in the way, until `deadline`.
fn patiently<T>(
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

/// Reads rows, and begins a life where there is none.
fn look<C: StoreConnection>(conn: &mut C, names: &[Name]) -> core::result::Result<View, Failure> {
    let asked: Vec<&[u8]> = names.iter().map(Name::as_bytes).collect();
    for _ in 0..2 {
        let statement = Statement::default().sql("SELECT ").sql(C::Backend::LIFE).sql(", ").sql(C::Backend::NOW);
        let statement = statement.sql(
            ", r.name, r.bytes, r.expires_at, r.is_spare FROM cache_diesel_lives l LEFT JOIN cache_diesel_rows r \
             ON r.name IN (",
        );
        let found = C::Backend::load(conn, statement.names(&asked).sql(") WHERE l.id = 1"))?;
        if let Some(view) = view(names, found)? {
            return Ok(view);
        }
        let life = i64::from_le_bytes((Token::fresh().bits() >> 1).to_le_bytes());
        let [before, after] = C::Backend::BEGIN_LIFE;
        C::Backend::execute(conn, Statement::default().sql(before).number(life).sql(after))?;
    }
    Err(Failure::Lifeless)
}

fn view(names: &[Name], found: Vec<FoundRow>) -> core::result::Result<Option<View>, Failure> {
    let Some((life, now, ..)) = found.first() else { return Ok(None) };
    if life.is_empty() {
        return Err(Failure::Follower);
    }
    let (incarnation, now) = (Arc::from(life.as_str()), timestamp(*now));
    let mut rows = vec![None; names.len()];
    for (_, _, name, bytes, expires_at, is_spare) in found {
        let (Some(name), Some(bytes), Some(expires_at)) = (name, bytes, expires_at) else { continue };
        let row = Row { bytes, expires_at: timestamp(expires_at), is_spare: is_spare == Some(1) };
        // A name may be asked for twice.
        for (_, place) in names.iter().zip(&mut rows).filter(|(asked, _)| asked.as_bytes() == name) {
            *place = Some(row.clone());
        }
    }
    Ok(Some(View { rows, now, incarnation }))
}

/// How many bytes entries hold.
fn weight<C: StoreConnection>(conn: &mut C) -> core::result::Result<u64, Failure> {
    let statement = Statement::default().sql(
        "SELECT '', COALESCE(SUM(LENGTH(bytes)), 0), NULL, NULL, NULL, NULL FROM \
         cache_diesel_rows WHERE is_spare = 1",
    );
    let found = C::Backend::load(conn, statement.sql(""))?;
    Ok(found.first().map_or(0, |(_, bytes, ..)| u64::try_from(*bytes).unwrap_or(0)))
}

/// Why a call has failed.
#[derive(Debug)]
enum Failure {
    Database(DieselError),
    Follower,
    Lifeless,
    Pool(r2d2::Error),
}

impl Failure {
    /// Whether somebody else was in the way, who will be gone.
    fn is_passing(&self) -> bool {
        match self {
            Self::Database(DieselError::DatabaseError(DatabaseErrorKind::SerializationFailure, _)) => true,
            Self::Database(DieselError::DatabaseError(_, about)) => {
                let message = about.message().to_ascii_lowercase();
                message.contains("lock") || message.contains("record has changed")
            }
            _ => false,
        }
    }

    fn into_error(self, kind: ErrorKind, doing: &'static str) -> Error {
        let error = Error::new(kind, doing);
        match self {
            Self::Database(source) => error.with_source(source),
            Self::Follower => {
                error.with_source("the server is read-only, or `autocommit` is off: a cache is kept on a primary")
            }
            Self::Lifeless => error.with_source("no life can be begun"),
            Self::Pool(source) => error.with_source(source),
        }
    }
}

impl From<DieselError> for Failure {
    fn from(error: DieselError) -> Self {
        Self::Database(error)
    }
}

/// Databases count microseconds: no row is gone before its end.
fn micros_up(timestamp: Timestamp) -> i64 {
    i64::try_from(timestamp.as_nanos().div_ceil(1000)).unwrap_or(i64::MAX)
}

fn timestamp(micros: i64) -> Timestamp {
    Timestamp::from_nanos(u64::try_from(micros).unwrap_or(0).saturating_mul(1000))
}
