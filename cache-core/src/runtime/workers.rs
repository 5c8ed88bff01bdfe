//! Threads that do work which others give them. They are started when work waits, and end when there has been none for
//! a while.

use core::fmt;
use core::sync::atomic::{AtomicU32, Ordering};
use core::time::Duration;
use std::collections::VecDeque;
use std::process;
use std::sync::Arc;

use crate::sync::{Monitor, MutexGuard, thread};

/// What a thread is to do. It does not panic.
pub(crate) type Work = Box<dyn FnOnce() + Send>;

/// Threads of one kind. If this is dropped, they do what waits, and end.
#[derive(Debug)]
pub(crate) struct Workers {
    name: &'static str,
    most_threads: usize,
    shared: Arc<Shared>,
}

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

impl Workers {
    /// A thread that has had nothing to do for so long ends.
    const LONGEST_IDLE: Duration = Duration::from_secs(10);

    /// At most `most_threads`, each with this name.
    pub(crate) fn new(name: &'static str, most_threads: usize) -> Self {
        Self { name, most_threads, shared: Arc::default() }
    }

    /// Gives `work` to a thread. Back it comes if there is no thread, and none can be started.
    pub(crate) fn give(&self, work: Work) -> Result<(), Work> {
        self.add(self.shared.current(), work)
    }

    /// The same, and back comes also what finds `most_waiting` before it, or threads that were stopped.
    pub(crate) fn offer(&self, work: Work, most_waiting: usize) -> Result<(), Work> {
        let state = self.shared.current();
        if state.is_stopping || state.waiting.len() >= most_waiting { Err(work) } else { self.add(state, work) }
    }

    /// Lets the threads do what was taken, and end; waits for that, `timeout` at most. Work that is given afterwards is
    /// done by threads that do not wait for more.
    pub(crate) fn stop(&self, timeout: Duration) {
        let mut state = self.shared.current();
        state.is_stopping = true;
        self.shared.state.wake_all();
        // Work that runs on one of the threads would wait for itself.
        let is_own = thread::current().name() == Some(self.name);
        let timeout = if is_own { Duration::ZERO } else { timeout };
        drop(self.shared.state.wait_while(state, timeout, |state| state.threads > 0));
    }

    /// Drops the work that has not begun.
    pub(crate) fn drop_waiting(&self) {
        let waiting = core::mem::take(&mut self.shared.current().waiting);
        // What is dropped with it may come back here.
        drop(waiting);
    }

    fn add(&self, mut state: MutexGuard<'_, QueueState>, work: Work) -> Result<(), Work> {
        state.waiting.push_back(work);
        if state.idle < state.waiting.len() && state.threads < self.most_threads {
            let shared = Arc::clone(&self.shared);
            let run = move || shared.run();
            state.threads += usize::from(thread::Builder::new().name(self.name.to_owned()).spawn(run).is_ok());
        }
        // Without any thread nobody would ever come for it.
        let unheard = if state.threads == 0 { state.waiting.pop_back() } else { None };
        drop(state);
        self.shared.state.wake_one();
        unheard.map_or(Ok(()), Err)
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.shared.state.lock().is_stopping = true;
        self.shared.state.wake_all();
    }
}

impl Shared {
    fn run(&self) {
        while let Some(work) = self.next() {
            work();
        }
    }

    /// What is to be done next; `None`: the thread ends, and is not counted any more.
    fn next(&self) -> Option<Work> {
        let mut state = self.state.lock();
        state.idle += 1;
        let is_idle = |state: &mut QueueState| state.waiting.is_empty() && !state.is_stopping;
        let mut state = self.state.wait_while(state, Workers::LONGEST_IDLE, is_idle);
        state.idle -= 1;
        let next = state.waiting.pop_front();
        if next.is_none() {
            state.threads -= 1;
            drop(state);
            self.state.wake_all();
        }
        next
    }

    /// The state in this process: after a fork there are no threads, and nobody waits for anything.
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

#[cfg(test)]
impl Workers {
    /// Tells how many threads there are, also when this is gone.
    pub(crate) fn counter(&self) -> impl Fn() -> usize + use<> {
        let shared = Arc::clone(&self.shared);
        move || shared.state.lock().threads
    }

    /// Makes it as it is in a child process while `work` waits: its number is another one, and no thread is there.
    pub(crate) fn fork(&self, work: Work) {
        let mut state = self.shared.state.lock();
        state.threads = self.most_threads;
        state.waiting.push_back(work);
        self.shared.process.store(0, Ordering::SeqCst);
    }
}
