//! Reads and writes the rows of the tables.

use std::sync::Arc;

use cache_core::store::Name;
use cache_core::store::engine::{Row, View};
use cache_core::{Timestamp, Token};
use diesel::result::QueryResult;

use super::StoreConnection;
use super::failure::Failure;
use crate::backend::rows::{FoundRow, RowsBackend, Statement};

/// How many rows one statement removes.
const BATCH: i64 = 256;
/// How many rows one statement puts.
const MOST_PUT: usize = 16;

/// Reads rows, and begins a life where there is none.
pub(super) fn look<C: StoreConnection>(conn: &mut C, names: &[Name]) -> core::result::Result<View, Failure> {
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

/// Puts rows, and removes those of which there is nothing.
pub(super) fn write<C: StoreConnection>(conn: &mut C, rows: &[(Name, Option<Row>)]) -> QueryResult<()> {
    let put: Vec<_> = rows.iter().filter_map(|(name, row)| Some((name, row.as_ref()?))).collect();
    let removed: Vec<&[u8]> = rows.iter().filter(|(_, row)| row.is_none()).map(|(name, _)| name.as_bytes()).collect();
    for rows in put.chunks(MOST_PUT) {
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

/// Removes some of the rows whose names begin with `start`; says how many.
pub(super) fn remove_some<C: StoreConnection>(conn: &mut C, start: &[u8]) -> core::result::Result<usize, Failure> {
    let mut end = start.to_vec();
    end.push(u8::MAX);
    let statement = Statement::default()
        .sql(
            "DELETE FROM cache_diesel_rows WHERE name IN (SELECT name FROM (SELECT name FROM cache_diesel_rows \
             WHERE name >= ",
        )
        .bytes(start)
        .sql(" AND name < ")
        .bytes(&end)
        .sql(" LIMIT ")
        .number(BATCH)
        .sql(") AS some_of_them)");
    Ok(C::Backend::execute(conn, statement)?)
}

/// Removes some of the rows that have expired.
pub(super) fn remove_expired<C: StoreConnection>(conn: &mut C) -> core::result::Result<(), Failure> {
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
    Ok(())
}

/// Removes entries that end first until there are no more bytes than the capacity.
pub(super) fn shrink<C: StoreConnection>(conn: &mut C, capacity: u64) -> core::result::Result<(), Failure> {
    while weight(conn)? > capacity {
        let statement = Statement::default()
            .sql(
                "DELETE FROM cache_diesel_rows WHERE name IN (SELECT name FROM (SELECT name FROM cache_diesel_rows \
                 WHERE is_spare = 1 ORDER BY expires_at LIMIT ",
            )
            .number(BATCH)
            .sql(") AS first_to_end)");
        if C::Backend::execute(conn, statement)? == 0 {
            break;
        }
    }
    Ok(())
}

/// How many bytes entries hold.
pub(super) fn weight<C: StoreConnection>(conn: &mut C) -> core::result::Result<u64, Failure> {
    let statement = Statement::default().sql(
        "SELECT '', COALESCE(SUM(LENGTH(bytes)), 0), NULL, NULL, NULL, NULL FROM \
         cache_diesel_rows WHERE is_spare = 1",
    );
    let found = C::Backend::load(conn, statement.sql(""))?;
    Ok(found.first().map_or(0, |(_, bytes, ..)| u64::try_from(*bytes).unwrap_or(0)))
}

/// Databases count microseconds: no row is gone before its end.
fn micros_up(timestamp: Timestamp) -> i64 {
    i64::try_from(timestamp.as_nanos().div_ceil(1000)).unwrap_or(i64::MAX)
}

fn timestamp(micros: i64) -> Timestamp {
    Timestamp::from_nanos(u64::try_from(micros).unwrap_or(0).saturating_mul(1000))
}
