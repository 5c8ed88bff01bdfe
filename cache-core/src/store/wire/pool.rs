//! Keeps the open connections that wait for their next call.

use core::time::Duration;
use std::time::Instant;

use crate::sync::Mutex;

/// A connection that a pool keeps.
pub(crate) trait Pooled {
    /// Ends a connection that worked.
    fn end(self);
}

/// Connections that nobody uses at present; the one that was used last is used next.
#[derive(Debug)]
pub(crate) struct Pool<C> {
    idle: Mutex<Vec<(C, Instant)>>,
    most: usize,
}

impl<C: Pooled> Pool<C> {
    /// Servers, and what stands between, cut connections off that are silent for long, and do not always say so.
    const LONGEST_IDLE: Duration = Duration::from_secs(60);

    /// Keeps up to `most` connections.
    pub(crate) const fn of(most: usize) -> Self {
        Self { idle: Mutex::new(Vec::new()), most }
    }

    /// A connection that is open, as far as is known.
    pub(crate) fn take(&self) -> Option<C> {
        let (connection, since) = self.idle.lock().pop()?;
        // All others are idle for longer still. They end when the next one is put back.
        if since.elapsed() < Self::LONGEST_IDLE {
            return Some(connection);
        }
        connection.end();
        None
    }

    /// The connections that are `chosen`.
    #[cfg(feature = "redis")]
    pub(crate) fn take_all(&self, chosen: impl Fn(&C) -> bool) -> Vec<C> {
        self.idle
            .lock()
            .extract_if(.., |(connection, _)| chosen(connection))
            .map(|(connection, _)| connection)
            .collect()
    }

    /// Keeps a connection whose last call was answered, or has left its replies.
    pub(crate) fn put(&self, connection: C) {
        let now = Instant::now();
        let mut idle = self.idle.lock();
        let old = idle.partition_point(|(_, since)| now.duration_since(*since) >= Self::LONGEST_IDLE);
        let mut ended: Vec<C> = idle.drain(..old).map(|(connection, _)| connection).collect();
        if idle.len() < self.most {
            idle.push((connection, now));
        } else {
            ended.push(connection);
        }
        drop(idle);
        // Closed without the lock.
        ended.into_iter().for_each(Pooled::end);
    }

    /// Ends all connections that nobody uses.
    pub(crate) fn clear(&self) {
        let ended = core::mem::take(&mut *self.idle.lock());
        drop(ended);
    }
}
