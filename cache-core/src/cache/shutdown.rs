//! Shuts a cache down: tries the pending releases once more.

use core::time::Duration;
use std::time::Instant;

use crate::cache::Cache;
use crate::error::{Error, ErrorKind, Result};
use crate::observe::listeners::is_telling;

impl Cache {
    /// Ends the refreshes of stale entries, tries once more to get through what the store has not acknowledged, and ends
    /// the cache's threads. Waits for `timeout` at most. The store is asked even if it failed too often of late.
    ///
    /// May be called again, by a program that wants to try again. Called by a listener it does not wait: the listener may
    /// be what it would wait for.
    ///
    /// # Consistency
    ///
    /// Afterwards reads go to the database and store nothing. Writes place and release as before, but nothing is tried
    /// again that the store refuses, and intents of long writes are not renewed.
    ///
    /// # Errors
    ///
    /// Returns an error of [`ErrorKind::Store`] that says how many changes are left. If the process ends now, other
    /// processes may serve what was there before until it expires.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// let cache = cache_core::Cache::memory();
    /// cache.shutdown(Duration::from_secs(5))?;
    /// # Ok::<(), cache_core::Error>(())
    /// ```
    pub fn shutdown(&self, timeout: Duration) -> Result<()> {
        let began = Instant::now();
        // What it would wait for may be what tells the listener.
        let timeout = if is_telling() { Duration::ZERO } else { timeout };
        // They store what they have asked for.
        self.0.refreshes.stop(timeout);
        // So do the loads of tasks.
        self.0.desk.stop(timeout.saturating_sub(began.elapsed()));
        self.0.dirty.shut_down();
        self.0.standing.stop_keeping();
        self.0.background.stop(&self.0, timeout.saturating_sub(began.elapsed()));
        if let Some(store) = self.store().shared() {
            store.shut_down();
        }
        match self.0.dirty.count() {
            0 => Ok(()),
            left => Err(Error::new(ErrorKind::Store, "shutting down")
                .with_source(format!("the change of {left} tags has not got through"))),
        }
    }
}
