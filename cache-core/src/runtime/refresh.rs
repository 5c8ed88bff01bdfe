//! Claims refreshes of stale entries, one for each entry, and runs them on a few threads.

use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use core::time::Duration;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process;
use std::sync::{Arc, MutexGuard};
use std::time::Instant;

use crate::name::key::CacheKey;
use crate::runtime::workers::Workers;
use crate::sync::Mutex;

/// A refresh, to be run on another thread.
pub type Refreshing = Box<dyn FnOnce() + Send>;

/// The refreshes of one cache.
#[derive(Debug)]
pub(crate) struct Refreshes {
    workers: Workers,
    /// The process that claimed: in a child after a fork nobody refreshes anything.
    process: AtomicU32,
    claims: Mutex<Claims>,
    failures: AtomicU64,
    panics: Arc<AtomicU64>,
}

/// The entries that are being refreshed, or of which a refresh failed: until when nobody tries again.
#[derive(Debug, Default)]
struct Claims(HashMap<CacheKey, Option<Instant>>);

/// The right to refresh one entry, for this process. Whoever else finds it stale serves it as it is.
///
/// If it is dropped without more, the refresh counts as failed, and nobody tries again for a moment.
#[derive(Debug)]
pub struct Claim {
    refreshes: Arc<Refreshes>,
    key: CacheKey,
    end: RefreshEnd,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RefreshEnd {
    Done,
    Failed,
}

impl Claim {
    /// For so long nobody tries to refresh again what could not be refreshed.
    const PAUSE: Duration = Duration::from_secs(1);

    /// The entry.
    #[must_use]
    pub const fn key(&self) -> &CacheKey {
        &self.key
    }

    /// The entry was refreshed, by whomever, or need not be: whoever finds it stale may try.
    pub fn done(mut self) {
        self.end = RefreshEnd::Done;
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let mut claims = self.refreshes.claims.lock();
        match self.end {
            RefreshEnd::Done => drop(claims.0.remove(&self.key)),
            RefreshEnd::Failed => {
                self.refreshes.failures.fetch_add(1, Ordering::Relaxed);
                claims.0.insert(self.key, Instant::now().checked_add(Self::PAUSE));
            }
        }
    }
}

impl Default for Refreshes {
    fn default() -> Self {
        Self {
            workers: Workers::new("cache refresh", Self::MOST_THREADS),
            process: AtomicU32::default(),
            claims: Mutex::default(),
            failures: AtomicU64::default(),
            panics: Arc::default(),
        }
    }
}

impl Refreshes {
    /// At most so many are run at once: each takes a connection of the program's pool.
    const MOST_THREADS: usize = 4;
    /// At most so many wait. What finds no room is served stale a little longer.
    const MOST_WAITING: usize = 1_024;

    /// The right to refresh the entry of `key`; `None`: somebody else is at it, or has failed a moment ago.
    pub(crate) fn claim(self: &Arc<Self>, key: CacheKey) -> Option<Claim> {
        let is_claimed = self.claims().claim(key, Instant::now());
        is_claimed.then(|| Claim { refreshes: Arc::clone(self), key, end: RefreshEnd::Failed })
    }

    pub(crate) fn failure_count(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }

    pub(crate) fn panic_count(&self) -> u64 {
        self.panics.load(Ordering::Relaxed)
    }

    /// Takes nothing more, and waits for what was taken, `timeout` at most; what has not begun by then is dropped.
    pub(crate) fn stop(&self, timeout: Duration) {
        self.workers.stop(timeout);
        self.workers.drop_waiting();
    }

    /// Runs `refreshing` on another thread, unless too much waits already, or the refreshes were stopped. Says whether it
    /// will be run.
    pub(crate) fn add(&self, refreshing: Refreshing) -> bool {
        let panics = Arc::clone(&self.panics);
        let counted = move || {
            if catch_unwind(AssertUnwindSafe(refreshing)).is_err() {
                panics.fetch_add(1, Ordering::Relaxed);
            }
        };
        self.workers.offer(Box::new(counted), Self::MOST_WAITING).is_ok()
    }

    /// The claims of this process.
    fn claims(&self) -> MutexGuard<'_, Claims> {
        let process = process::id();
        let mut claims = self.claims.lock();
        if self.process.swap(process, Ordering::SeqCst) != process {
            claims.0.clear();
        }
        claims
    }
}

impl Claims {
    /// What failed is forgotten once there is so much of it.
    const MOST_CLAIMS: usize = 1_024;

    fn claim(&mut self, key: CacheKey, now: Instant) -> bool {
        let is_over = |until: &Option<Instant>| until.is_some_and(|until| until <= now);
        if self.0.len() >= Self::MOST_CLAIMS {
            self.0.retain(|_, until| !is_over(until));
        }
        let is_free = self.0.get(&key).is_none_or(is_over);
        if is_free {
            self.0.insert(key, None);
        }
        is_free
    }
}

#[cfg(test)]
mod tests;
