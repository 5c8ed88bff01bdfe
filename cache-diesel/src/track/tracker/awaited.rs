//! Leaves what a statement means for the stores to the connection that awaits it.

use std::sync::Arc;

use diesel::connection::InstrumentationEvent;

use super::Tracker;
use super::opening::Opening;
use crate::track::errands::Errands;
use crate::track::plain;

impl Tracker {
    /// From now on what is to be done in the stores goes to `errands`, and somebody awaits that around each statement.
    pub(crate) fn leave_to(&mut self, errands: Arc<Errands>) {
        self.session.note_settled();
        self.errands = Some(errands);
    }

    /// Whether it is known where the connection leads.
    pub(crate) fn knows_its_place(&self) -> bool {
        self.opening == Opening::Open && self.whereabouts.has_name()
    }

    /// Whether `event` is the start of a statement that was told of before it was sent.
    pub(super) fn is_foretold(&self, event: &InstrumentationEvent<'_>) -> bool {
        // A read's own statement, which is known as such, is none of others'.
        #[cfg(feature = "async-postgres")]
        if let super::running::Own::Beside = self.own {
            return false;
        }
        let (InstrumentationEvent::StartQuery { query, .. }, Some(errands)) = (event, &self.errands) else {
            return false;
        };
        errands.take_foretold(|| plain::words_of(*query))
    }
}
