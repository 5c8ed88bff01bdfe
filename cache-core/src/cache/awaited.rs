//! Calls the store of a cache for tasks, which must not block.

use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;
use std::thread;
use std::time::Instant;

use crate::cache::Cache;
use crate::runtime::context::{self, Entered};
use crate::runtime::desk::{Answer, Nap};
use crate::runtime::flight::{Follower, Following, Waited};
use crate::runtime::queue::Calling;

/// What was done for a task: at once, or by a thread of the cache's desk.
#[derive(Debug)]
#[must_use = "nobody learns what came of it"]
pub struct Offloaded<T>(State<T>);

#[derive(Debug)]
enum State<T> {
    Done(Option<T>),
    Waiting(Answer<T>),
}

/// How a driver calls stores, and waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Manner {
    /// As a task: it holds no thread up.
    Awaited,
    /// On its own thread: what it awaits is there at once.
    Blocking,
}

impl Cache {
    /// Does `work` that calls the store for a read: in a [`Blocking`](Manner::Blocking) driver at once, in an awaited one as
    /// [`offload`](Self::offload) does.
    pub fn call_by<T: Send + 'static>(
        &self,
        manner: Manner,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Offloaded<T> {
        match manner {
            Manner::Awaited => self.offload(work),
            Manner::Blocking => Offloaded(State::Done(Some(work()))),
        }
    }

    /// Whether a driver may call the store itself: nobody is held up.
    #[must_use]
    pub fn is_called_at_once(&self, manner: Manner) -> bool {
        manner == Manner::Blocking || self.is_local()
    }

    /// Waits for somebody else's load, `budget` at most.
    pub async fn follow_by(&self, manner: Manner, follower: Follower, budget: Duration) -> Waited {
        match manner {
            Manner::Awaited => self.follow(follower, budget).await,
            Manner::Blocking => follower.wait(budget),
        }
    }

    /// Waits for `duration`.
    pub async fn nap_by(&self, manner: Manner, duration: Duration) {
        match manner {
            Manner::Awaited => self.nap(duration).await,
            Manner::Blocking => thread::sleep(duration),
        }
    }

    /// Does `work` that calls the store for a read, and blocks no thread that polls: what is kept in this process answers
    /// at once, and all else is called by a thread of the cache.
    ///
    /// Work waits in line for a thread, so that tasks which miss together ask the database once, however many they are. What has
    /// waited for longer than a call of the store [may take](crate::CacheBuilder::operation_timeout) finds that the store is
    /// avoided. If what is returned is dropped, the work is done all the same. What it reads counts for the computation that
    /// is under way here.
    pub fn offload<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Offloaded<T> {
        if self.is_local() {
            return Offloaded(State::Done(Some(work())));
        }
        let (cache, context, began) = (self.clone(), context::current(), Instant::now());
        Offloaded(State::Waiting(self.0.desk.call(move || {
            let _entered = context.map(|context| Entered::into(Some(context)));
            cache.in_line(cache.is_late(began), work)
        })))
    }

    /// Does `work` for tasks that have waited for a thread: as one of the readers, or without the store if they are late.
    pub(super) fn in_line<T>(&self, is_late: bool, work: impl FnOnce() -> T) -> T {
        let place = if is_late { None } else { self.store().reader_place() };
        let calling = if place.is_some() { Calling::InPlace } else { Calling::Never };
        calling.during(work)
    }

    /// Whether what has waited since `began` avoids the store.
    pub(super) fn is_late(&self, began: Instant) -> bool {
        began.elapsed() > self.policy().operation_timeout
    }

    /// Waits for somebody else's load without a thread, `budget` at most.
    pub fn follow(&self, follower: Follower, budget: Duration) -> Following {
        Following::new(follower, self.nap(budget))
    }

    /// Does `work` that calls the store on a thread of the cache, and tells nobody.
    pub(crate) fn post(&self, work: impl FnOnce() + Send + 'static) {
        self.0.desk.post(work);
    }

    /// Waits for `duration` without a thread.
    pub fn nap(&self, duration: Duration) -> Nap {
        self.0.desk.nap(duration)
    }
}

impl<T> Unpin for Offloaded<T> {}

impl<T> Future for Offloaded<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let value = match &mut self.0 {
            State::Done(value) => value.take().expect("it is awaited once"),
            State::Waiting(answer) => ready!(Pin::new(answer).poll(context)),
        };
        Poll::Ready(value)
    }
}

#[cfg(test)]
mod tests {
    use core::task::Waker;
    use std::sync::{Arc, mpsc};

    use super::*;
    use crate::observe::operation::Operation;
    use crate::runtime::guard::CallFailure;
    use crate::store::elsewhere::Elsewhere;
    use crate::sync::Mutex;

    fn poll<T>(offloaded: &mut Offloaded<T>) -> Poll<T> {
        Pin::new(offloaded).poll(&mut Context::from_waker(Waker::noop()))
    }

    /// Whether the store is called, or avoided.
    fn is_called(cache: &Cache, operation: Operation) -> bool {
        !matches!(cache.store().call(operation, |_| Ok(())), Err(CallFailure::Avoided))
    }

    #[test]
    fn a_store_in_this_process_is_called_at_once() {
        let mut done = Cache::memory().offload(|| thread::current().id());
        assert_eq!(poll(&mut done), Poll::Ready(thread::current().id()));
    }

    /// Holds every thread of the desk up until the sender is dropped.
    fn hold_up(cache: &Cache) -> mpsc::Sender<()> {
        let (open, is_open) = mpsc::channel::<()>();
        let (is_open, (told, is_told)) = (Arc::new(Mutex::new(is_open)), mpsc::channel());
        for _ in 0..16 {
            let (is_open, told) = (Arc::clone(&is_open), told.clone());
            drop(cache.offload(move || {
                told.send(()).unwrap();
                let _ = is_open.lock().recv();
            }));
        }
        is_told.iter().take(16).for_each(drop);
        open
    }

    fn wait<T>(mut offloaded: Offloaded<T>) -> T {
        loop {
            if let Poll::Ready(value) = poll(&mut offloaded) {
                return value;
            }
            thread::yield_now();
        }
    }

    #[test]
    fn reads_of_tasks_count_among_the_readers_and_wait_in_line_themselves() {
        let cache = Cache::builder().store(Elsewhere).most_readers(2).build().unwrap();
        let open = hold_up(&cache);
        assert!(!is_called(&cache, Operation::Get) && is_called(&cache, Operation::EndLease));
        let called = |operation| {
            let cache = cache.clone();
            cache.clone().offload(move || is_called(&cache, operation))
        };
        let waiting: Vec<_> = (0..100).map(|_| called(Operation::Get)).collect();
        drop(open);
        assert!(waiting.into_iter().all(wait));
        while !is_called(&cache, Operation::Get) {
            thread::yield_now();
        }
    }

    #[test]
    fn a_read_that_has_waited_for_longer_than_a_call_may_take_avoids_the_store() {
        let timeout = Duration::from_millis(1);
        let cache = Cache::builder().store(Elsewhere).operation_timeout(timeout).build().unwrap();
        let open = hold_up(&cache);
        let last = cache.clone();
        let avoided = cache.offload(move || Operation::ALL.map(|operation| is_called(&last, operation)));
        thread::sleep(timeout * 3);
        drop(open);
        assert_eq!(wait(avoided), [false; Operation::ALL.len()]);
    }
}
