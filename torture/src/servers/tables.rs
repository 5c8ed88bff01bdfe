//! The tables in which a run without a Redis keeps its entries: they can be emptied, and kept from being written.

use std::sync::{Mutex, PoisonError};

use cache_diesel::create_cache_tables;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use super::{Database, Problem};

/// The tables, in the database of the run.
#[derive(Debug)]
pub(crate) struct Tables {
    url: String,
    lock: Mutex<Option<Session>>,
}

/// A session that holds the lock.
struct Session {
    /// It lets go when it ends.
    _conn: PgConnection,
}

impl core::fmt::Debug for Session {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str("Session")
    }
}

impl Tables {
    pub(super) fn make(database: &Database) -> Result<Self, Problem> {
        create_cache_tables(&mut database.connect()?)?;
        Ok(Self { url: database.url(), lock: Mutex::default() })
    }

    /// Keeps others from writing, as a process does that stands still in the middle of a write, or lets them go on.
    pub(super) fn lock(&self, is_locked: bool) -> Result<(), Problem> {
        let mut lock = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        *lock = None;
        if is_locked {
            let mut session = PgConnection::establish(&self.url)?;
            // Whoever does not get through leaves the others alone.
            let take = "SET lock_timeout = 1000; BEGIN; LOCK TABLE cache_diesel_lives IN SHARE UPDATE EXCLUSIVE MODE";
            if session.batch_execute(take).is_ok() {
                *lock = Some(Session { _conn: session });
            }
        }
        Ok(())
    }

    /// Empties them, unless somebody holds them for too long. Says whether it has.
    pub(super) fn empty(&self) -> Result<bool, Problem> {
        let mut session = PgConnection::establish(&self.url)?;
        let empty = "SET lock_timeout = 500; TRUNCATE cache_diesel_rows, cache_diesel_lives";
        Ok(session.batch_execute(empty).is_ok())
    }
}
