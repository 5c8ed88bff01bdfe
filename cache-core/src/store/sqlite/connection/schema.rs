//! Makes the tables of a file, and tells a cache's file from others.

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use super::{Result, nanos, timestamp};
use crate::clock::Timestamp;
use crate::store::sqlite::boot;
use crate::store::sqlite::failure::Failure;
use crate::store::sqlite::file::CacheFile;
use crate::store::sqlite::room::Room;

/// Opens the file as a cache's. Gives the moment at which the present boot began, as all processes count it.
pub(super) fn prepare(connection: &mut Connection, file: &CacheFile, room: &Room) -> Result<Timestamp> {
    let number = |connection: &Connection, sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
    // The tables first: somebody who makes the file at this moment writes the mark before them.
    let is_empty = number(connection, "SELECT count(*) FROM sqlite_schema")? == 0;
    let application = number(connection, "PRAGMA application_id")?;
    if application != i64::from(CacheFile::APPLICATION) && !(application == 0 && is_empty) {
        return Err(Failure::foreign());
    }
    if is_empty {
        connection.pragma_update(None, "page_size", i64::try_from(Room::PAGE).unwrap_or(4096))?;
        // Before there is a log: so that the mark is in the file itself, whatever becomes of the log.
        connection.pragma_update(None, "application_id", CacheFile::APPLICATION)?;
    }
    connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    connection.query_row("PRAGMA journal_size_limit = 4194304", [], |_| Ok(()))?;
    write_through(connection, false)?;
    let pages = i64::try_from(room.most_pages()).unwrap_or(i64::MAX);
    connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))?;
    tables(connection, file)
}

/// Says whether the next writes reach the disk before they are acknowledged. What need not last may go when the machine
/// stops, in the order in which it was written.
pub(super) fn write_through(connection: &Connection, is_through: bool) -> Result<()> {
    Ok(connection.pragma_update(None, "synchronous", if is_through { "FULL" } else { "NORMAL" })?)
}

fn tables(connection: &mut Connection, file: &CacheFile) -> Result<Timestamp> {
    let boot = file.boot().unwrap_or_default();
    let sql = "SELECT origin FROM boot WHERE name = ?1";
    let is_made = connection.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'boot'")?.exists([])?;
    let known = if is_made { connection.query_row(sql, [boot], |row| row.get(0)).optional()? } else { None };
    if let Some(origin) = known {
        return Ok(timestamp(origin));
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(
        "CREATE TABLE IF NOT EXISTS cache \
             (name BLOB PRIMARY KEY NOT NULL, bytes BLOB NOT NULL, expires_at INTEGER NOT NULL, is_spare INTEGER NOT NULL);\
         CREATE INDEX IF NOT EXISTS cache_end ON cache (is_spare, expires_at);\
         CREATE TABLE IF NOT EXISTS boot (name TEXT PRIMARY KEY NOT NULL, origin INTEGER NOT NULL)",
    )?;
    let known = transaction.query_row(sql, [boot], |row| row.get(0)).optional()?;
    let origin = if let Some(origin) = known {
        timestamp(origin)
    } else {
        let origin = boot::origin();
        transaction.execute("DELETE FROM boot", [])?;
        transaction.execute("INSERT INTO boot (name, origin) VALUES (?1, ?2)", params![boot, nanos(origin)])?;
        origin
    };
    transaction.commit()?;
    Ok(origin)
}
