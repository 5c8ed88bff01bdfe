//! Keeps the open connections that wait for their next call.

use core::time::Duration;
use std::time::Instant;

use crate::store::redis::command::connection::Connection;
use crate::store::redis::wire::failure::Deadline;
use crate::sync::Mutex;

/// Connections that nobody uses at present; the one that was used last is used next.
#[derive(Debug)]
pub(super) struct Pool {
    idle: Mutex<Vec<(Connection, Instant)>>,
    most: usize,
}

impl Pool {
    /// Servers, and what stands between, cut connections off that are silent for long, and do not always say so.
    const LONGEST_IDLE: Duration = Duration::from_secs(60);

    /// Keeps up to `most` connections.
    pub(super) const fn of(most: usize) -> Self {
        Self { idle: Mutex::new(Vec::new()), most }
    }

    /// A connection that is open, as far as is known.
    pub(super) fn take(&self) -> Option<Connection> {
        let (connection, since) = self.idle.lock().pop()?;
        // All others are idle for longer still. They end when the next one is put back.
        if since.elapsed() < Self::LONGEST_IDLE {
            return Some(connection);
        }
        end(connection);
        None
    }

    /// The connections that owe replies.
    pub(super) fn take_owing(&self) -> Vec<Connection> {
        self.idle.lock().extract_if(.., |(connection, _)| connection.owes()).map(|(connection, _)| connection).collect()
    }

    /// Keeps a connection whose last call was answered, or has left its replies.
    pub(super) fn put(&self, connection: Connection) {
        let now = Instant::now();
        let mut idle = self.idle.lock();
        let old = idle.partition_point(|(_, since)| now.duration_since(*since) >= Self::LONGEST_IDLE);
        let mut ended: Vec<Connection> = idle.drain(..old).map(|(connection, _)| connection).collect();
        if idle.len() < self.most {
            idle.push((connection, now));
        } else {
            ended.push(connection);
        }
        drop(idle);
        // Closed without the lock.
        ended.into_iter().for_each(end);
    }

    /// Ends all connections that nobody uses.
    pub(super) fn clear(&self) {
        let ended = core::mem::take(&mut *self.idle.lock());
        drop(ended);
    }
}

/// Ends a connection that worked. What it owes has come long since, mostly.
fn end(mut connection: Connection) {
    _ = connection.settle(Deadline::after(Duration::from_millis(1)));
}
