//! Runs calls that block on threads of the cache, for tasks that must not block, and keeps the time for them.
//!
//! It needs no runtime: a task is woken by its `Waker`.

pub(crate) mod answer;
mod timer;

#[cfg(test)]
mod tests;

use core::time::Duration;
use std::sync::LazyLock;

pub use answer::Answer;
pub use timer::Nap;

use self::timer::Timer;
use crate::runtime::workers::{Work, Workers};

/// The threads that do blocking work for tasks. A desk that is dropped does what it has taken.
#[derive(Debug)]
pub struct Desk {
    workers: Workers,
    timer: Timer,
}

impl Default for Desk {
    fn default() -> Self {
        Self { workers: Workers::new("cache desk", Self::MOST_THREADS), timer: Timer::default() }
    }
}

impl Desk {
    /// A store's calls wait for its server: more threads than cores are of use.
    const MOST_THREADS: usize = 16;

    /// The desk of the process, for work that is not about one cache.
    #[must_use]
    pub fn of_process() -> &'static Self {
        static DESK: LazyLock<Desk> = LazyLock::new(Desk::new);
        &DESK
    }

    /// A desk without threads.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Does `work` on one of the threads. If the answer is dropped, the work is done all the same.
    ///
    /// A panic of the work goes on in the task that awaits the answer.
    pub fn call<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Answer<T> {
        let (promise, answer) = answer::pair();
        self.add(Box::new(move || promise.keep_by(work)));
        answer
    }

    /// Does `work` on one of the threads, and tells nobody. A panic of it is caught.
    pub fn post(&self, work: impl FnOnce() + Send + 'static) {
        drop(self.call(work));
    }

    /// Waits for `duration` without a thread.
    pub fn nap(&self, duration: Duration) -> Nap {
        self.timer.nap(duration)
    }

    /// Lets the threads do what was taken, and end; waits for that, `timeout` at most. Work that comes afterwards is done
    /// by threads that do not wait for more.
    pub fn stop(&self, timeout: Duration) {
        self.workers.stop(timeout);
    }

    /// Without any thread the work is done at once.
    fn add(&self, work: Work) {
        if let Err(work) = self.workers.give(work) {
            work();
        }
    }
}
