//! Calls the store of a cache for tasks, which must not block.

use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;
use std::thread;

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
    /// If as many readers call the store, or wait for that, as [may](crate::CacheBuilder::most_readers), the work is done at
    /// once, and finds that the store is avoided. If what is returned is dropped, the work is done all the same. What it
    /// reads counts for the computation that is under way here.
    pub fn offload<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Offloaded<T> {
        if self.is_local() {
            return Offloaded(State::Done(Some(work())));
        }
        let Some(place) = self.store().queue() else {
            return Offloaded(State::Done(Some(Calling::Never.during(work))));
        };
        let context = context::current();
        Offloaded(State::Waiting(self.0.desk.call(move || {
            let _place = place;
            let _entered = context.map(|context| Entered::into(Some(context)));
            Calling::InPlace.during(work)
        })))
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
    use std::sync::mpsc;
    use std::thread;
    use std::time::Instant;

    use super::*;
    use crate::observe::operation::Operation;
    use crate::runtime::guard::CallFailure;
    use crate::store::elsewhere::Elsewhere;

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

    #[test]
    fn reads_that_wait_count_among_the_readers_and_one_more_avoids_the_store() {
        let cache = Cache::builder().store(Elsewhere).most_readers(2).build().unwrap();
        let (open, is_open) = mpsc::channel::<()>();
        let (told, is_told) = mpsc::channel();
        let first = cache.clone();
        drop(cache.offload(move || {
            let _ = is_open.recv();
            told.send([Operation::Get, Operation::Seed].map(|operation| is_called(&first, operation))).unwrap();
        }));
        let (second, last) = (cache.clone(), cache.clone());
        let mut waiting = cache.offload(move || is_called(&second, Operation::Get));
        while poll(&mut waiting).is_pending() {
            thread::yield_now();
        }
        // The first call still has its place, this thread takes the other one.
        assert!(is_called(&cache, Operation::Get));
        let place = cache.store().queue().unwrap();
        assert!(!is_called(&cache, Operation::Get) && is_called(&cache, Operation::EndLease));
        let mut avoided = cache.offload(move || Operation::ALL.map(|operation| is_called(&last, operation)));
        assert_eq!(poll(&mut avoided), Poll::Ready([false; Operation::ALL.len()]));
        drop((place, open));
        assert_eq!(is_told.recv().unwrap(), [true; 2]);
        let until = Instant::now() + Duration::from_secs(20);
        let places = || [cache.store().queue(), cache.store().queue()].into_iter().flatten().count();
        while places() < 2 {
            assert!(Instant::now() < until, "a place is not free again");
            thread::yield_now();
        }
    }
}
