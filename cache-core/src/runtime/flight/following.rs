//! Waits for somebody else's load as a task.

use core::pin::Pin;
use core::sync::atomic::{AtomicU64, Ordering};
use core::task::{Context, Poll};

use super::{FlightState, Follower, Waited};
use crate::runtime::desk::Nap;

/// Waits for somebody else's load without a thread, until its nap ends at the latest.
#[derive(Debug)]
#[must_use = "nobody waits until it is awaited"]
pub struct Following {
    follower: Follower,
    nap: Nap,
    /// What the task is called among those that wait.
    id: u64,
}

impl Following {
    pub(crate) fn new(follower: Follower, nap: Nap) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self { follower, nap, id: NEXT.fetch_add(1, Ordering::Relaxed) }
    }
}

impl Future for Following {
    type Output = Waited;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Waited> {
        let id = self.id;
        let mut state = self.follower.0.state.lock();
        let FlightState::Running(tasks) = &mut *state else { return Poll::Ready(state.brought()) };
        let former = tasks.insert(id, context.waker().clone());
        drop(state);
        drop(former);
        Pin::new(&mut self.nap).poll(context).map(|()| Waited::InVain)
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        let mut state = self.follower.0.state.lock();
        let FlightState::Running(tasks) = &mut *state else { return };
        let waker = tasks.remove(&self.id);
        drop(state);
        drop(waker);
    }
}
