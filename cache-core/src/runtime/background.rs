//! Runs the thread of a cache that sends pending releases and renews the intents of long writes.

use core::time::Duration;
use std::sync::{Arc, Weak};
use std::thread;

use crate::protocol::wait::Backoff;
use crate::sync::Monitor;

/// What the thread works at.
pub(crate) trait Chores: Send + Sync + 'static {
    /// Why something is left.
    type Failure;

    /// The longest pause after something was left.
    fn longest_pause(&self) -> Duration;

    /// Does what is due. Gives how long it is until something is due again; `None`: until something comes up.
    ///
    /// # Errors
    ///
    /// If something is left that has to be tried again.
    fn tend(&self) -> Result<Option<Duration>, Self::Failure>;

    /// Whether nothing is left that has to be tried again.
    fn is_done(&self) -> bool;

    /// Tries once more, whatever the state of the store.
    fn finish(&self);
}

/// The thread of one cache. It is started when it is needed first, and ends with the cache or at its shutdown.
#[derive(Debug, Default)]
pub(crate) struct Background(Arc<Monitor<WorkState>>);

#[derive(Debug, Default)]
struct WorkState {
    /// The thread sleeps until something comes up.
    is_idle: bool,
    is_running: bool,
    is_stopping: bool,
    /// Something came up since the thread looked last.
    is_woken: bool,
}

impl Background {
    /// There is something to do; it is done soon.
    pub(crate) fn wake(&self, chores: &Arc<impl Chores>) {
        let mut state = self.0.lock();
        state.is_woken = true;
        if !state.is_stopping {
            self.start(&mut state, chores);
        }
        self.0.wake_all();
    }

    /// There is something to do later: a thread that sleeps until some moment need not be told.
    pub(crate) fn expect(&self, chores: &Arc<impl Chores>) {
        let is_awake = {
            let mut state = self.0.lock();
            // The thread may have looked already and not sleep yet: it looks once more before it sleeps for long.
            state.is_woken = true;
            state.is_running && !state.is_idle
        };
        if !is_awake {
            self.wake(chores);
        }
    }

    /// Lets the thread try once more, and end; waits for that, `timeout` at most.
    pub(crate) fn stop(&self, chores: &Arc<impl Chores>, timeout: Duration) {
        let mut state = self.0.lock();
        state.is_stopping = true;
        // The last try may hang: it is not made on the caller's thread.
        if !chores.is_done() {
            self.start(&mut state, chores);
        }
        self.0.wake_all();
        drop(self.0.wait_while(state, timeout, |state| state.is_running));
    }

    /// Starts the thread, unless it runs. If there is none to be had, those who read do its work.
    fn start(&self, state: &mut WorkState, chores: &Arc<impl Chores>) {
        if state.is_running {
            return;
        }
        let (monitor, chores) = (Arc::clone(&self.0), Arc::downgrade(chores));
        let run = move || {
            let _end = ThreadEnd(&monitor);
            run(&monitor, &chores);
        };
        state.is_running = thread::Builder::new().name("cache background".to_owned()).spawn(run).is_ok();
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.0.lock().is_stopping = true;
        self.0.wake_all();
    }
}

fn run(monitor: &Monitor<WorkState>, chores: &Weak<impl Chores>) {
    let Some(longest) = chores.upgrade().map(|chores| chores.longest_pause()) else { return };
    let mut pauses = Backoff::new(Duration::from_millis(50).min(longest), longest);
    loop {
        let is_stopping = monitor.lock().is_stopping;
        let Some(chores) = chores.upgrade() else { return };
        if is_stopping {
            return chores.finish();
        }
        let tended = chores.tend();
        // While the thread sleeps it does not keep the cache alive.
        drop(chores);
        match tended {
            Ok(next) => {
                pauses.reset();
                sleep_until_woken(monitor, next);
            }
            // The store has just failed, whatever comes up.
            Err(_) => drop(monitor.wait_while(monitor.lock(), pauses.pause(), |state| !state.is_stopping)),
        }
    }
}

/// Sleeps until something comes up, for `longest` at most.
fn sleep_until_woken(monitor: &Monitor<WorkState>, longest: Option<Duration>) {
    let mut state = monitor.lock();
    state.is_idle = longest.is_none();
    let longest = longest.unwrap_or(Duration::MAX);
    let mut state = monitor.wait_while(state, longest, |state| !state.is_stopping && !state.is_woken);
    state.is_idle = false;
    state.is_woken = false;
}

/// Tells those who wait that the thread has ended, also by a panic.
struct ThreadEnd<'a>(&'a Monitor<WorkState>);

impl Drop for ThreadEnd<'_> {
    fn drop(&mut self) {
        self.0.lock().is_running = false;
        self.0.wake_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::Cache;
    use crate::store::elsewhere::Elsewhere;
    use std::time::Instant;

    fn cache() -> Cache {
        Cache::builder().store(Elsewhere).build().unwrap()
    }

    fn wait_for_end(monitor: &Monitor<WorkState>) {
        let until = Instant::now() + Duration::from_secs(20);
        while monitor.lock().is_running {
            assert!(Instant::now() < until, "the thread goes on");
            thread::yield_now();
        }
    }

    #[test]
    fn the_thread_starts_when_it_is_needed_and_ends_with_the_cache() {
        let cache = cache();
        let monitor = Arc::clone(&cache.0.background.0);
        assert!(!monitor.lock().is_running);
        cache.0.background.expect(&cache.0);
        assert!(monitor.lock().is_running);
        drop(cache);
        wait_for_end(&monitor);
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
