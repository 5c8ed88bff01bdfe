//! Hands the result of work to the task that awaits it.

use core::any::Any;
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

use crate::sync::Mutex;

/// The result of work that is done elsewhere.
#[must_use = "the work is done all the same, but nobody learns its result"]
pub struct Answer<T>(Arc<Mutex<AnswerState<T>>>);

/// The duty to give a result.
pub(crate) struct Promise<T>(Arc<Mutex<AnswerState<T>>>);

enum AnswerState<T> {
    /// Nobody awaits it any more, or it was given.
    Over,
    Ready(Result<T, Box<dyn Any + Send>>),
    Waiting(Option<Waker>),
}

/// A result to be, on its two sides.
pub(crate) fn pair<T>() -> (Promise<T>, Answer<T>) {
    let state = Arc::new(Mutex::new(AnswerState::Waiting(None)));
    (Promise(Arc::clone(&state)), Answer(state))
}

impl<T> Promise<T> {
    /// Whether somebody awaits the result.
    pub(crate) fn is_awaited(&self) -> bool {
        matches!(*self.0.lock(), AnswerState::Waiting(_))
    }

    /// Does the work, and wakes whoever awaits its result.
    pub(crate) fn keep_by(self, work: impl FnOnce() -> T) {
        let result = catch_unwind(AssertUnwindSafe(work));
        let mut state = self.0.lock();
        let AnswerState::Waiting(waker) = &mut *state else {
            drop(state);
            // Nobody wants it: it is dropped here, and a panic of that is nobody's either.
            drop(catch_unwind(AssertUnwindSafe(|| drop(result))));
            return;
        };
        let waker = waker.take();
        *state = AnswerState::Ready(result);
        drop(state);
        waker.into_iter().for_each(Waker::wake);
    }
}

impl<T> Future for Answer<T> {
    type Output = T;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let mut state = self.0.lock();
        match &mut *state {
            AnswerState::Waiting(waker) => {
                match waker {
                    Some(waker) => waker.clone_from(context.waker()),
                    None => *waker = Some(context.waker().clone()),
                }
                return Poll::Pending;
            }
            AnswerState::Over | AnswerState::Ready(_) => {}
        }
        let former = core::mem::replace(&mut *state, AnswerState::Over);
        drop(state);
        match former {
            AnswerState::Ready(Ok(value)) => Poll::Ready(value),
            AnswerState::Ready(Err(panic)) => resume_unwind(panic),
            AnswerState::Over | AnswerState::Waiting(_) => panic!("an answer is polled after it was given"),
        }
    }
}

impl<T> Drop for Answer<T> {
    fn drop(&mut self) {
        let former = core::mem::replace(&mut *self.0.lock(), AnswerState::Over);
        drop(former);
    }
}

impl<T> fmt::Debug for Answer<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match &*self.0.lock() {
            AnswerState::Over => "over",
            AnswerState::Ready(_) => "ready",
            AnswerState::Waiting(_) => "waiting",
        };
        formatter.debug_tuple("Answer").field(&state).finish()
    }
}
