//! Claims refreshes of stale entries, one for each entry, and runs them on a few threads.

use core::fmt;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use core::time::Duration;
use std::cell::Cell;
use std::collections::{HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, MutexGuard};
use std::time::Instant;
use std::{process, thread};

use crate::name::key::CacheKey;
use crate::sync::Monitor;

/// A refresh, to be run on another thread.
pub type Refreshing = Box<dyn FnOnce() + Send>;

/// The refreshes of one cache.
#[derive(Debug, Default)]
pub(crate) struct Refreshes {
    shared: Arc<Shared>,
    failures: AtomicU64,
    panics: Arc<AtomicU64>,
}

#[derive(Debug, Default)]
struct Shared {
    /// The process whose threads are counted in `state`: a fork takes the numbers along, and no threads.
    process: AtomicU32,
    state: Monitor<QueueState>,
}

#[derive(Default)]
struct QueueState {
    /// The entries that are being refreshed, or of which a refresh failed: until when nobody tries again.
    claims: HashMap<CacheKey, Option<Instant>>,
    waiting: VecDeque<Refreshing>,
    /// Threads that there are, and those of them that do nothing.
    threads: usize,
    idle: usize,
    is_stopping: bool,
}

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
        let mut state = self.refreshes.shared.state.lock();
        match self.end {
            RefreshEnd::Done => drop(state.claims.remove(&self.key)),
            RefreshEnd::Failed => {
                self.refreshes.failures.fetch_add(1, Ordering::Relaxed);
                state.claims.insert(self.key, Instant::now().checked_add(Self::PAUSE));
            }
        }
    }
}

impl Refreshes {
    /// At most so many are run at once: each takes a connection of the program's pool.
    const MOST_THREADS: usize = 4;
    /// At most so many wait. What finds no room is served stale a little longer.
    const MOST_WAITING: usize = 1_024;
    /// A thread that has had nothing to do for so long ends.
    const LONGEST_IDLE: Duration = Duration::from_secs(10);

    /// The right to refresh the entry of `key`; `None`: somebody else is at it, or has failed a moment ago.
    pub(crate) fn claim(self: &Arc<Self>, key: CacheKey) -> Option<Claim> {
        let is_claimed = self.shared.current().claim(key, Instant::now());
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
        let mut state = self.shared.current();
        state.is_stopping = true;
        self.shared.state.wake_all();
        // What runs on one of the threads would wait for itself.
        let timeout = if IS_REFRESHING.get() { Duration::ZERO } else { timeout };
        let mut state = self.shared.state.wait_while(state, timeout, |state| state.threads > 0);
        let left = core::mem::take(&mut state.waiting);
        drop(state);
        drop(left);
    }

    /// Runs `refreshing` on another thread, unless too much waits already, or the refreshes were stopped. Says whether it
    /// will be run.
    pub(crate) fn add(&self, refreshing: Refreshing) -> bool {
        let mut state = self.shared.current();
        if state.is_stopping || state.waiting.len() >= Self::MOST_WAITING {
            drop(state);
            return false;
        }
        state.waiting.push_back(refreshing);
        if state.idle < state.waiting.len() && state.threads < Self::MOST_THREADS {
            let (shared, panics) = (Arc::clone(&self.shared), Arc::clone(&self.panics));
            let run = move || shared.run(&panics);
            state.threads += usize::from(thread::Builder::new().name("cache refresh".to_owned()).spawn(run).is_ok());
        }
        // Without any thread nobody would ever come for it.
        let unheard = if state.threads == 0 { state.waiting.pop_back() } else { None };
        drop(state);
        self.shared.state.wake_one();
        unheard.is_none()
    }
}

impl Drop for Refreshes {
    fn drop(&mut self) {
        self.shared.state.lock().is_stopping = true;
        self.shared.state.wake_all();
    }
}

thread_local! {
    static IS_REFRESHING: Cell<bool> = const { Cell::new(false) };
}

impl Shared {
    fn run(&self, panics: &AtomicU64) {
        IS_REFRESHING.set(true);
        while let Some(refreshing) = self.next() {
            if catch_unwind(AssertUnwindSafe(refreshing)).is_err() {
                panics.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// What is to be done next; `None`: the thread ends, and is not counted any more.
    fn next(&self) -> Option<Refreshing> {
        let mut state = self.state.lock();
        state.idle += 1;
        let is_idle = |state: &mut QueueState| state.waiting.is_empty() && !state.is_stopping;
        let mut state = self.state.wait_while(state, Refreshes::LONGEST_IDLE, is_idle);
        state.idle -= 1;
        let next = state.waiting.pop_front();
        if next.is_none() {
            state.threads -= 1;
            drop(state);
            self.state.wake_all();
        }
        next
    }

    /// The state in this process: after a fork there are no threads, and nobody refreshes anything.
    fn current(&self) -> MutexGuard<'_, QueueState> {
        let process = process::id();
        let mut state = self.state.lock();
        if self.process.swap(process, Ordering::SeqCst) == process {
            return state;
        }
        let anew = QueueState { is_stopping: state.is_stopping, ..QueueState::default() };
        let former = core::mem::replace(&mut *state, anew);
        drop(state);
        // The claims in it ask for the lock.
        drop(former);
        self.state.lock()
    }
}

impl QueueState {
    /// What failed is forgotten once there is so much of it.
    const MOST_CLAIMS: usize = 1_024;

    fn claim(&mut self, key: CacheKey, now: Instant) -> bool {
        let is_over = |until: &Option<Instant>| until.is_some_and(|until| until <= now);
        if self.claims.len() >= Self::MOST_CLAIMS {
            self.claims.retain(|_, until| !is_over(until));
        }
        let is_free = self.claims.get(&key).is_none_or(is_over);
        if is_free {
            self.claims.insert(key, None);
        }
        is_free
    }
}

impl fmt::Debug for QueueState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("QueueState").field("threads", &self.threads).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
