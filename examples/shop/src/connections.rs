//! Holds the connections: a handler takes one, and what it was used for goes into the trail of its request.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, PoisonError};

use cache_web::Failure;
use diesel::Connection as _;
use diesel::connection::SimpleConnection;
use diesel::sqlite::SqliteConnection;
use diesel_async::sync_connection_wrapper::SyncConnectionWrapper;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::statements::{self, Notes};
use crate::trail::Trail;
use crate::{Failed, database};

/// A connection that is awaited.
pub(crate) type Connection = SyncConnectionWrapper<SqliteConnection>;

const COUNT: usize = 4;

/// The connections of the shop.
#[derive(Clone)]
pub(crate) struct Connections(Arc<Free>);

struct Free {
    idle: Mutex<Vec<(Connection, Notes)>>,
    turns: Arc<Semaphore>,
}

impl Connections {
    /// Opens the database in `file`, and fills it if it is new.
    pub(crate) fn open(file: &str) -> Result<Self, Failed> {
        let mut idle = Vec::new();
        for number in 0..COUNT {
            let (opened, notes) = statements::noted(|| SqliteConnection::establish(file));
            let mut conn = opened?;
            conn.batch_execute(database::SETTINGS)?;
            if number == 0 {
                database::prepare(&mut conn)?;
            }
            idle.push((SyncConnectionWrapper::new(conn), notes));
        }
        Ok(Self(Arc::new(Free { idle: Mutex::new(idle), turns: Arc::new(Semaphore::new(COUNT)) })))
    }

    /// A connection, once one is free.
    pub(crate) async fn take(&self, trail: &Trail) -> Result<Taken, Failure> {
        let turn = Arc::clone(&self.0.turns).acquire_owned().await.map_err(Failure::unavailable)?;
        let held = self.0.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        if let Some((_, notes)) = &held {
            drop(notes.take());
        }
        Ok(Taken { held, free: Arc::clone(&self.0), trail: trail.clone(), _turn: turn })
    }
}

/// A connection that is given back when it is dropped.
pub(crate) struct Taken {
    held: Option<(Connection, Notes)>,
    free: Arc<Free>,
    trail: Trail,
    _turn: OwnedSemaphorePermit,
}

impl Taken {
    /// How many statements were sent since it was taken.
    pub(crate) fn statement_count(&self) -> usize {
        self.held.as_ref().map_or(0, |(_, notes)| notes.count())
    }
}

const HELD: &str = "there are as many connections as turns";

impl Deref for Taken {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.held.as_ref().expect(HELD).0
    }
}

impl DerefMut for Taken {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.held.as_mut().expect(HELD).0
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let Some(held) = self.held.take() else { return };
        self.trail.add(held.1.take());
        self.free.idle.lock().unwrap_or_else(PoisonError::into_inner).push(held);
    }
}
