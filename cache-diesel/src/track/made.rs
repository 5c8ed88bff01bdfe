//! Tells the tracker of a shared connection whose the statement is that is made now, or has it answer a question.
//!
//! A statement of diesel-async is told of on the thread that makes it, before it is sent. So the tracker, which nobody can
//! borrow while others use the connection, is asked by a statement that is made and dropped.

use core::cell::{Cell, RefCell};
use core::mem;
use std::rc::Rc;

use crate::track::Tracker;

/// What the tracker that is told next finds.
#[derive(Default)]
pub(crate) enum Made {
    #[default]
    Nothing,
    /// A question to the tracker: the statement is never sent.
    Question(Box<dyn FnOnce(&mut Tracker)>),
    /// A statement of the library's own, which only reads.
    Read,
}

thread_local! {
    static IS_ANYTHING: Cell<bool> = const { Cell::new(false) };
    static MADE: RefCell<Made> = const { RefCell::new(Made::Nothing) };
}

impl Made {
    /// What the statement is that starts now.
    #[inline]
    pub(super) fn take() -> Self {
        if IS_ANYTHING.get() { Self::taken() } else { Self::Nothing }
    }

    #[cold]
    fn taken() -> Self {
        IS_ANYTHING.set(false);
        MADE.with_borrow_mut(mem::take)
    }

    /// Has `make` make a statement that is this.
    fn by<T>(self, make: impl FnOnce() -> T) -> T {
        MADE.set(self);
        IS_ANYTHING.set(true);
        let _left = Left;
        make()
    }
}

/// Takes back what no tracker was told.
struct Left;

impl Drop for Left {
    fn drop(&mut self) {
        drop(Made::take());
    }
}

/// Has `make` make a statement; if it `is_own`, it is the library's own and only reads.
pub(crate) fn announced<T>(is_own: bool, make: impl FnOnce() -> T) -> T {
    if is_own { Made::Read.by(make) } else { make() }
}

/// Has the tracker do `work` that is told of the statement which `make` makes, and drops.
pub(super) fn asked<T: 'static>(make: impl FnOnce(), work: impl FnOnce(&mut Tracker) -> T + 'static) -> Option<T> {
    let answer = Rc::new(Cell::new(None));
    let kept = Rc::clone(&answer);
    Made::Question(Box::new(move |tracker| kept.set(Some(work(tracker))))).by(make);
    answer.take()
}
