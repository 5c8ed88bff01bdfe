//! Wakes tasks at their moments, on one thread for all of them.

use core::fmt;
use core::pin::Pin;
use core::sync::atomic::{AtomicU64, Ordering};
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use crate::sync::{Monitor, thread};

/// Wakes tasks. Its thread is not one of those that call stores: all of these may be held up.
#[derive(Debug, Default)]
pub(super) struct Timer(Arc<Clockwork>);

#[derive(Debug, Default)]
struct Clockwork {
    state: Monitor<TimerState>,
    next_id: AtomicU64,
}

#[derive(Default)]
struct TimerState {
    /// Whom to wake, by when and by whom.
    naps: BTreeMap<(Instant, u64), Waker>,
    is_running: bool,
    is_stopping: bool,
}

/// Is over at a moment. It takes no thread meanwhile.
#[must_use = "nobody waits until it is awaited"]
#[derive(Debug)]
pub struct Nap {
    clockwork: Arc<Clockwork>,
    /// `None`: it never ends.
    until: Option<Instant>,
    id: u64,
}

impl Timer {
    pub(super) fn nap(&self, duration: Duration) -> Nap {
        let id = self.0.next_id.fetch_add(1, Ordering::Relaxed);
        Nap { clockwork: Arc::clone(&self.0), until: Instant::now().checked_add(duration), id }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.0.state.lock().is_stopping = true;
        self.0.state.wake_all();
    }
}

impl Future for Nap {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let Some(until) = self.until else { return Poll::Pending };
        if Instant::now() >= until {
            return Poll::Ready(());
        }
        Clockwork::expect(&self.clockwork, (until, self.id), context.waker());
        Poll::Pending
    }
}

impl Drop for Nap {
    fn drop(&mut self) {
        if let Some(until) = self.until {
            let waker = self.clockwork.state.lock().naps.remove(&(until, self.id));
            drop(waker);
        }
    }
}

impl Clockwork {
    /// Without naps the thread ends after so long.
    const LONGEST_IDLE: Duration = Duration::from_secs(10);

    /// Sees to it that `waker` is woken.
    fn expect(clockwork: &Arc<Self>, at: (Instant, u64), waker: &Waker) {
        let mut state = clockwork.state.lock();
        let is_next = state.naps.keys().next().is_none_or(|next| at < *next);
        let former = state.naps.insert(at, waker.clone());
        if !state.is_running {
            let thread = Arc::clone(clockwork);
            let run = move || thread.run();
            state.is_running = thread::Builder::new().name("cache timer".to_owned()).spawn(run).is_ok();
        }
        // Without a thread the task itself looks again, at once.
        let unheard = if state.is_running { None } else { state.naps.remove(&at) };
        drop(state);
        drop(former);
        if is_next {
            clockwork.state.wake_all();
        }
        unheard.into_iter().for_each(Waker::wake);
    }

    fn run(&self) {
        let mut state = self.state.lock();
        loop {
            let now = Instant::now();
            let later = state.naps.split_off(&(now, u64::MAX));
            let due = core::mem::replace(&mut state.naps, later);
            if !due.is_empty() {
                drop(state);
                due.into_values().for_each(Waker::wake);
                state = self.state.lock();
                continue;
            }
            let next = state.naps.keys().next().copied();
            if next.is_none() && state.is_stopping {
                break;
            }
            let pause = next.map_or(Self::LONGEST_IDLE, |(until, _)| until.saturating_duration_since(now));
            let is_idle = |state: &mut TimerState| {
                state.naps.keys().next().copied() == next && !(state.naps.is_empty() && state.is_stopping)
            };
            state = self.state.wait_while(state, pause, is_idle);
            if next.is_none() && state.naps.is_empty() {
                break;
            }
        }
        state.is_running = false;
    }
}

impl fmt::Debug for TimerState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("TimerState").field("naps", &self.naps.len()).finish_non_exhaustive()
    }
}
