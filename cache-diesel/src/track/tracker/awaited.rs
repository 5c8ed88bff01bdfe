//! Leaves what a statement means for the stores to the connection that awaits it.

use std::sync::Arc;

use diesel::connection::InstrumentationEvent;

use super::Tracker;
use super::opening::Opening;
use crate::track::errands::Errands;

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
        let is_start = matches!(event, InstrumentationEvent::StartQuery { .. });
        is_start && self.errands.as_ref().is_some_and(|errands| errands.take_foretold())
    }
}
