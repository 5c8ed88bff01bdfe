//! Runs calls that block on threads of the cache, for tasks that must not block, and keeps the time for them.
//!
//! It needs no runtime: a task is woken by its `Waker`.

mod answer;
mod timer;

#[cfg(test)]
mod tests;

use core::fmt;
use core::sync::atomic::{AtomicU32, Ordering};
use core::time::Duration;
use std::cell::Cell;
use std::collections::VecDeque;
use std::sync::{Arc, LazyLock, MutexGuard};
use std::{process, thread};

pub use answer::Answer;
pub use timer::Nap;

use self::timer::Timer;
use crate::sync::Monitor;

/// The threads that do blocking work for tasks.
///
/// Threads are started when work waits, and end when there has been none for a while. A desk that is dropped does what
/// it has taken, and its threads end then.
#[derive(Debug, Default)]
pub struct Desk {
    shared: Arc<Shared>,
    timer: Timer,
}

type Work = Box<dyn FnOnce() + Send>;

#[derive(Debug, Default)]
struct Shared {
    /// The process whose threads are counted in `state`: a fork takes the numbers along, and no threads.
    process: AtomicU32,
    state: Monitor<QueueState>,
}

#[derive(Default)]
struct QueueState {
    waiting: VecDeque<Work>,
    /// Threads that there are, and those of them that do nothing.
    threads: usize,
    idle: usize,
    /// No thread waits for work that may come.
    is_stopping: bool,
}

thread_local! {
    static IS_AT_DESK: Cell<bool> = const { Cell::new(false) };
}

impl Desk {
    /// A store's calls wait for its server: more threads than cores are of use.
    const MOST_THREADS: usize = 16;
    /// A thread that has had nothing to do for so long ends.
    const LONGEST_IDLE: Duration = Duration::from_secs(10);

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

    /// Whether the present thread is one of a desk.
    #[must_use]
    pub fn is_here() -> bool {
        IS_AT_DESK.get()
    }

    /// Lets the threads do what was taken, and end; waits for that, `timeout` at most. Work that comes afterwards is done
    /// by threads that do not wait for more.
    pub fn stop(&self, timeout: Duration) {
        let mut state = self.shared.current();
        state.is_stopping = true;
        self.shared.state.wake_all();
        // Work that runs on one of the threads would wait for itself.
        let timeout = if Self::is_here() { Duration::ZERO } else { timeout };
        drop(self.shared.state.wait_while(state, timeout, |state| state.threads > 0));
    }

    fn add(&self, work: Work) {
        let mut state = self.shared.current();
        state.waiting.push_back(work);
        if state.idle < state.waiting.len() && state.threads < Self::MOST_THREADS {
            let shared = Arc::clone(&self.shared);
            let run = move || shared.run();
            state.threads += usize::from(thread::Builder::new().name("cache desk".to_owned()).spawn(run).is_ok());
        }
        // Without any thread nobody would ever come for it.
        let unheard = if state.threads == 0 { state.waiting.pop_back() } else { None };
        drop(state);
        self.shared.state.wake_one();
        if let Some(work) = unheard {
            work();
        }
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.shared.state.lock().is_stopping = true;
        self.shared.state.wake_all();
    }
}

impl Shared {
    fn run(&self) {
        IS_AT_DESK.set(true);
        while let Some(work) = self.next() {
            work();
        }
    }

    /// What is to be done next; `None`: the thread ends, and is not counted any more.
    fn next(&self) -> Option<Work> {
        let mut state = self.state.lock();
        state.idle += 1;
        let is_idle = |state: &mut QueueState| state.waiting.is_empty() && !state.is_stopping;
        let mut state = self.state.wait_while(state, Desk::LONGEST_IDLE, is_idle);
        state.idle -= 1;
        let next = state.waiting.pop_front();
        if next.is_none() {
            state.threads -= 1;
            drop(state);
            self.state.wake_all();
        }
        next
    }

    /// The state in this process: after a fork there are no threads, and nobody awaits anything.
    fn current(&self) -> MutexGuard<'_, QueueState> {
        let process = process::id();
        let mut state = self.state.lock();
        if self.process.swap(process, Ordering::SeqCst) == process {
            return state;
        }
        let anew = QueueState { is_stopping: state.is_stopping, ..QueueState::default() };
        let former = core::mem::replace(&mut *state, anew);
        drop(state);
        // What is dropped with it may come back here.
        drop(former);
        self.state.lock()
    }
}

impl fmt::Debug for QueueState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("QueueState").field("threads", &self.threads).finish_non_exhaustive()
    }
}
