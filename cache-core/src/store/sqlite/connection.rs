//! Reads and writes the rows of a file, before a deadline.

use core::array;
use core::cell::Cell;
use core::time::Duration;
use std::sync::{Arc, LazyLock};
use std::thread;
use std::time::Instant;

use rusqlite::types::ValueRef;
use rusqlite::{OpenFlags, Transaction, TransactionBehavior, params, params_from_iter};

use crate::clock::{Clock, Timestamp};
use crate::store::engine::{Changes, Row, View};
use crate::store::sqlite::boot;
use crate::store::sqlite::failure::Failure;
use crate::store::sqlite::file::{CacheFile, FileIdentity};
use crate::store::sqlite::room::Room;
use crate::store::{Name, Usage};

mod schema;

type Result<T> = core::result::Result<T, Failure>;

/// A connection to one file.
#[derive(Debug)]
pub(super) struct Connection {
    connection: rusqlite::Connection,
    identity: FileIdentity,
    log_identity: Option<FileIdentity>,
    incarnation: Arc<str>,
    clock: Time,
    writes_through: bool,
    is_writing_through: bool,
}

#[derive(Debug)]
enum Time {
    Given(Arc<dyn Clock>),
    /// The boot began at this moment.
    SinceBoot(Timestamp),
}

impl Connection {
    /// How many rows one statement removes.
    const BATCH: i64 = 256;
    const STATEMENTS: usize = 2 * MOST_NAMES;

    pub(super) fn open(
        file: &CacheFile,
        room: &Room,
        clock: Option<Arc<dyn Clock>>,
        deadline: Instant,
    ) -> Result<Self> {
        file.make()?;
        let identity = file.identity().ok_or_else(Failure::moved)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = rusqlite::Connection::open_with_flags(file.path(), flags)?;
        connection.set_prepared_statement_cache_capacity(Self::STATEMENTS);
        connection.busy_handler(Some(wait))?;
        BUSY_UNTIL.set(Some(deadline));
        let origin = schema::prepare(&mut connection, file, room)?;
        // Somebody may have put another file there since.
        if file.identity() != Some(identity) {
            return Err(Failure::moved());
        }
        let incarnation = file.incarnation(identity).into();
        let clock = clock.map_or(Time::SinceBoot(origin), Time::Given);
        let (log_identity, writes_through) = (file.log_identity(), file.writes_through());
        let is_writing_through = false;
        Ok(Self { connection, identity, log_identity, incarnation, clock, writes_through, is_writing_through })
    }

    /// Whether it leads to the file that is there now, and to its log.
    pub(super) fn leads_to(&self, file: &CacheFile) -> bool {
        file.identity() == Some(self.identity) && file.log_identity() == self.log_identity
    }

    pub(super) fn read(&mut self, names: &[Name], deadline: Instant) -> Result<View> {
        BUSY_UNTIL.set(Some(deadline));
        if names.len() <= MOST_NAMES {
            // One statement sees one moment.
            let rows = rows(&self.connection, names)?;
            return Ok(self.view(rows));
        }
        let transaction = self.connection.transaction()?;
        let rows = rows(&transaction, names)?;
        drop(transaction);
        Ok(self.view(rows))
    }

    pub(super) fn change(
        &mut self,
        names: &[Name],
        decide: &mut dyn FnMut(View) -> Changes,
        deadline: Instant,
    ) -> Result<()> {
        BUSY_UNTIL.set(Some(deadline));
        let transaction = Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)?;
        let view = self.view(rows(&transaction, names)?);
        let changes = decide(view);
        if changes.rows.is_empty() {
            return Ok(());
        }
        let writes_through = changes.has_to_last && self.writes_through;
        if writes_through != self.is_writing_through {
            // It cannot be said inside of a transaction. What is decided after it has begun anew is what counts.
            drop(transaction);
            schema::write_through(&self.connection, writes_through)?;
            self.is_writing_through = writes_through;
            let transaction = Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)?;
            let changes = decide(self.view(rows(&transaction, names)?));
            return write(transaction, changes);
        }
        write(transaction, changes)
    }

    pub(super) fn remove_all(&mut self, start: &str, deadline: Instant) -> Result<()> {
        BUSY_UNTIL.set(Some(deadline));
        let enough = Instant::now() + deadline.saturating_duration_since(Instant::now()) / 2;
        let mut end = start.as_bytes().to_vec();
        end.push(u8::MAX);
        let sql = "DELETE FROM cache WHERE rowid IN (SELECT rowid FROM cache WHERE name >= ?1 AND name < ?2 LIMIT ?3)";
        while Instant::now() < enough {
            if self.connection.prepare_cached(sql)?.execute(params![start.as_bytes(), end, Self::BATCH])? == 0 {
                break;
            }
        }
        Ok(())
    }

    /// Removes what has expired, and what there is too much of.
    pub(super) fn cull(&mut self, room: &Room, deadline: Instant) -> Result<()> {
        BUSY_UNTIL.set(Some(deadline));
        let now = self.now();
        let sql = "DELETE FROM cache WHERE rowid IN \
                   (SELECT rowid FROM cache WHERE is_spare = ?1 AND expires_at <= ?2 LIMIT ?3)";
        for is_spare in [false, true] {
            self.connection.prepare_cached(sql)?.execute(params![is_spare, nanos(now), Self::BATCH])?;
        }
        self.shrink(room.excess(self.used()?))
    }

    /// Removes a part of the entries: there is no room for another one.
    pub(super) fn make_room(&mut self, room: &Room, deadline: Instant) -> Result<()> {
        BUSY_UNTIL.set(Some(deadline));
        let used = self.used()?;
        self.shrink(room.excess(used).max(used / 8))
    }

    pub(super) fn usage(&mut self, deadline: Instant) -> Result<Usage> {
        BUSY_UNTIL.set(Some(deadline));
        Ok(Usage::of(0, 0, self.used()? * Room::PAGE))
    }

    /// Removes entries until so many pages are free: those first that end first.
    fn shrink(&self, pages: u64) -> Result<()> {
        let sql = "DELETE FROM cache WHERE rowid IN \
                   (SELECT rowid FROM cache WHERE is_spare = 1 ORDER BY expires_at LIMIT ?1)";
        let before = self.used()?;
        while before.saturating_sub(self.used()?) < pages {
            if self.connection.prepare_cached(sql)?.execute([Self::BATCH])? == 0 {
                break;
            }
        }
        Ok(())
    }

    /// How many pages hold anything.
    fn used(&self) -> Result<u64> {
        let ask = |sql: &str| self.connection.prepare_cached(sql)?.query_row([], |row| row.get::<_, i64>(0));
        let (all, free) = (ask("PRAGMA page_count")?, ask("PRAGMA freelist_count")?);
        Ok(u64::try_from(all - free).unwrap_or(0))
    }

    fn view(&self, rows: Vec<Option<Row>>) -> View {
        View { rows, now: self.now(), incarnation: Arc::clone(&self.incarnation) }
    }

    fn now(&self) -> Timestamp {
        match &self.clock {
            Time::Given(clock) => clock.now(),
            Time::SinceBoot(origin) => boot::now(*origin),
        }
    }
}

/// The rows under `names`, in order.
fn rows(connection: &rusqlite::Connection, names: &[Name]) -> Result<Vec<Option<Row>>> {
    let mut found = vec![None; names.len()];
    for (names, found) in names.chunks(MOST_NAMES).zip(found.chunks_mut(MOST_NAMES)) {
        let mut statement = connection.prepare_cached(&SELECTS[names.len() - 1])?;
        let mut rows = statement.query(params_from_iter(names.iter().map(Name::as_bytes)))?;
        while let Some(row) = rows.next()? {
            let ValueRef::Blob(bytes) = row.get_ref(1)? else { continue };
            let place = usize::try_from(row.get::<_, i64>(0)?).ok().and_then(|place| found.get_mut(place));
            let expires_at = timestamp(row.get(2)?);
            let Some(place) = place else { continue };
            *place = Some(Row { bytes: bytes.to_vec(), expires_at, is_spare: row.get(3)? });
        }
    }
    Ok(found)
}

/// How many names one statement asks for.
const MOST_NAMES: usize = 16;

/// The statement for each number of names, from one on. SQLite copies what follows an `IN` into a table of its own, which takes
/// about as long as two look-ups: these do without.
static SELECTS: LazyLock<[String; MOST_NAMES]> = LazyLock::new(|| {
    let select = |place| format!("SELECT {place}, bytes, expires_at, is_spare FROM cache WHERE name = ?");
    array::from_fn(|last| (0..=last).map(select).collect::<Vec<_>>().join(" UNION ALL "))
});

fn write(transaction: Transaction<'_>, changes: Changes) -> Result<()> {
    {
        let mut put = transaction.prepare_cached(
            "INSERT INTO cache (name, bytes, expires_at, is_spare) VALUES (?1, ?2, ?3, ?4) \
             ON CONFLICT (name) DO UPDATE SET bytes = ?2, expires_at = ?3, is_spare = ?4",
        )?;
        let mut remove = transaction.prepare_cached("DELETE FROM cache WHERE name = ?1")?;
        for (name, row) in changes.rows {
            match row {
                Some(row) => put.execute(params![name.as_bytes(), row.bytes, nanos(row.expires_at), row.is_spare])?,
                None => remove.execute([name.as_bytes()])?,
            };
        }
    }
    transaction.commit()?;
    Ok(())
}

/// SQLite's numbers have a sign.
fn nanos(timestamp: Timestamp) -> i64 {
    i64::try_from(timestamp.as_nanos()).unwrap_or(i64::MAX)
}

fn timestamp(nanos: i64) -> Timestamp {
    if nanos == i64::MAX { Timestamp::NEVER } else { Timestamp::from_nanos(u64::try_from(nanos).unwrap_or(0)) }
}

thread_local! {
    /// Until when this thread waits for others that write.
    static BUSY_UNTIL: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Waits a little for who is writing: a write takes a fraction of a millisecond, so the pauses are short. Says whether it is
/// worth another try.
fn wait(attempt: i32) -> bool {
    let pause = Duration::from_micros(50 * u64::from(attempt.clamp(1, 20).unsigned_abs()));
    let is_left = BUSY_UNTIL.get().is_some_and(|until| Instant::now() + pause < until);
    if is_left {
        thread::sleep(pause);
    }
    is_left
}
