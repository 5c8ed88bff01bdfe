//! What sits on every connection beside the tracker: runs something amid a statement, when it is told to.

use std::cell::RefCell;

use diesel::connection::{Instrumentation, InstrumentationEvent};

/// When something runs amid a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// The tracker has seen the statement, the database has not.
    Start,
    /// The tracker has seen the end of the statement, the caller has not.
    Finish,
}

type Work = Box<dyn FnOnce()>;

thread_local! {
    static ARMED: RefCell<Option<(Moment, Work)>> = const { RefCell::new(None) };
}

/// Runs `work` amid the next statement of this thread.
pub fn arm(moment: Moment, work: impl FnOnce() + 'static) {
    ARMED.set(Some((moment, Box::new(work))));
}

/// What was not run.
pub fn disarm() -> Option<Work> {
    ARMED.take().map(|(_, work)| work)
}

#[derive(Debug)]
pub struct Probe;

impl Instrumentation for Probe {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        let moment = match event {
            InstrumentationEvent::StartQuery { .. } => Moment::Start,
            InstrumentationEvent::FinishQuery { .. } => Moment::Finish,
            _ => return,
        };
        let is_now = ARMED.with_borrow(|armed| armed.as_ref().is_some_and(|(armed, _)| *armed == moment));
        if is_now && let Some(work) = disarm() {
            work();
        }
    }
}
