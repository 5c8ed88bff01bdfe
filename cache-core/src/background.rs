//! The thread of a cache that gets through what the store refused, and keeps the intents of long writes alive.

use core::time::Duration;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::Instant;

use crate::cache::Inner;
use crate::guard::{Entrance, Trouble};
use crate::protocol::wait::Backoff;

/// The thread of one cache. It is started when it is needed first, and ends with the cache or at its shutdown.
#[derive(Debug, Default)]
pub(crate) struct Background(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// The thread sleeps until something comes up.
    is_idle: bool,
    is_running: bool,
    is_stopping: bool,
    /// Something came up since the thread looked last.
    is_woken: bool,
}

impl Background {
    /// There is something to do; it is done soon.
    pub(crate) fn wake(&self, inner: &Arc<Inner>) {
        let mut state = self.0.lock();
        state.is_woken = true;
        if !state.is_stopping {
            self.0.start(&mut state, inner);
        }
        self.0.changed.notify_all();
    }

    /// There is something to do later: a thread that sleeps until some moment need not be told.
    pub(crate) fn expect(&self, inner: &Arc<Inner>) {
        let is_awake = {
            let mut state = self.0.lock();
            // The thread may have looked already and not sleep yet: it looks once more before it sleeps for long.
            state.is_woken = true;
            state.is_running && !state.is_idle
        };
        if !is_awake {
            self.wake(inner);
        }
    }

    /// Lets the thread try once more, and end; waits for that, `timeout` at most.
    pub(crate) fn stop(&self, inner: &Arc<Inner>, timeout: Duration) {
        let mut state = self.0.lock();
        state.is_stopping = true;
        // The last try may hang: it is not made on the caller's thread.
        if inner.dirty.count() > 0 {
            self.0.start(&mut state, inner);
        }
        self.0.changed.notify_all();
        let until = Instant::now().checked_add(timeout);
        while state.is_running {
            let left = until.map_or(timeout, |until| until.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                return;
            }
            state = self.0.nap(state, left);
        }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.0.lock().is_stopping = true;
        self.0.changed.notify_all();
    }
}

impl Shared {
    /// Some platforms cannot wait for centuries at once.
    const LONGEST_NAP: Duration = Duration::from_secs(3_600);

    /// Starts the thread, unless it runs. If there is none to be had, those who read do its work.
    fn start(self: &Arc<Self>, state: &mut State, inner: &Arc<Inner>) {
        if state.is_running {
            return;
        }
        let (shared, inner) = (Arc::clone(self), Arc::downgrade(inner));
        let run = move || {
            let _end = End(&shared);
            shared.run(&inner);
        };
        state.is_running = thread::Builder::new().name("cache background".to_owned()).spawn(run).is_ok();
    }

    fn run(&self, inner: &Weak<Inner>) {
        let Some(life) = inner.upgrade().map(|inner| inner.policy.intent_life) else { return };
        // Intents are renewed at half their life: a pause has to leave time for that.
        let longest = Duration::from_secs(5).min(life / 4);
        let mut pauses = Backoff::new(Duration::from_millis(50).min(longest), longest);
        loop {
            let is_stopping = self.lock().is_stopping;
            let Some(inner) = inner.upgrade() else { return };
            if is_stopping {
                // What is left is counted by whoever stops.
                let _ = inner.drain(Entrance::Forced);
                return;
            }
            let tended = inner.tend();
            // While the thread sleeps it does not keep the cache alive.
            drop(inner);
            match tended {
                Ok(next) => {
                    pauses.reset();
                    self.sleep_until_woken(next);
                }
                Err(_) => self.sleep(pauses.pause()),
            }
        }
    }

    /// Sleeps for `pause`: the store has just failed, whatever comes up.
    fn sleep(&self, pause: Duration) {
        let until = Instant::now() + pause;
        let mut state = self.lock();
        while !state.is_stopping {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            state = self.nap(state, left);
        }
    }

    /// Sleeps until something comes up, for `longest` at most.
    fn sleep_until_woken(&self, longest: Option<Duration>) {
        let until = longest.and_then(|longest| Instant::now().checked_add(longest));
        let mut state = self.lock();
        while !state.is_stopping && !state.is_woken {
            let left = until.map_or(Self::LONGEST_NAP, |until| until.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                break;
            }
            state.is_idle = until.is_none();
            state = self.nap(state, left);
        }
        state.is_idle = false;
        state.is_woken = false;
    }

    fn nap<'a>(&self, state: MutexGuard<'a, State>, pause: Duration) -> MutexGuard<'a, State> {
        let pause = pause.min(Self::LONGEST_NAP);
        self.changed.wait_timeout(state, pause).unwrap_or_else(PoisonError::into_inner).0
    }

    /// A panic under the lock leaves no half-made state.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells those who wait that the thread has ended, also by a panic.
struct End<'a>(&'a Shared);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.lock().is_running = false;
        self.0.changed.notify_all();
    }
}

impl Inner {
    /// Does what is due. Gives how long it is until something is due again; `None`: until something comes up.
    ///
    /// # Errors
    ///
    /// If something is left that has to be tried again.
    pub(crate) fn tend(&self) -> Result<Option<Duration>, Trouble> {
        let renewed = self.renew_intents();
        if self.dirty.count() > 0 {
            self.drain(Entrance::Guarded)?;
        }
        renewed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::Cache;
    use crate::store::elsewhere::Elsewhere;

    fn cache() -> Cache {
        Cache::builder().store(Elsewhere).build().unwrap()
    }

    fn wait_for_end(shared: &Shared) {
        let until = Instant::now() + Duration::from_secs(20);
        while shared.lock().is_running {
            assert!(Instant::now() < until, "the thread goes on");
            thread::yield_now();
        }
    }

    #[test]
    fn the_thread_starts_when_it_is_needed_and_ends_with_the_cache() {
        let cache = cache();
        let shared = Arc::clone(&cache.0.background.0);
        assert!(!shared.lock().is_running);
        cache.0.background.expect(&cache.0);
        assert!(shared.lock().is_running);
        drop(cache);
        wait_for_end(&shared);
    }

    #[test]
    fn the_thread_ends_at_a_shutdown_and_is_not_started_again() {
        let cache = cache();
        cache.0.background.wake(&cache.0);
        cache.shutdown(Duration::from_secs(20)).unwrap();
        assert!(!cache.0.background.0.lock().is_running);
        cache.0.background.wake(&cache.0);
        assert!(!cache.0.background.0.lock().is_running);
    }
}
