//! Has carried out what a session has decided: at once, or by whoever awaits it.

use cache_core::protocol::write::ChangeSet;

use super::Tracker;
use crate::catalogue;
use crate::identity::{Identity, seen};
use crate::track::candidates::Ended;
use crate::track::session::{Intents, Step};
use crate::track::stage::widen;
use crate::track::{carry_out, carry_out_watched};

impl Tracker {
    pub(super) fn carry_out(&mut self, step: Option<Step>) {
        self.carry_out_as(step, Ended::Open);
    }

    /// The same after an end that means this for the rows that writes have given back.
    pub(super) fn carry_out_as(&mut self, step: Option<Step>, ended: Ended) {
        let (Some(step), Some(identity)) = (step, self.identity) else { return };
        let (step, intents) = (self.widened(step, identity), self.session.intents());
        #[cfg(feature = "async")]
        if let Some(errands) = &self.errands {
            let given = if ended == Ended::Committed { self.candidates.take() } else { Vec::new() };
            return errands.add_step((step, given), identity.database, intents);
        }
        #[cfg(not(feature = "async"))]
        let _ = ended;
        let carry = if self.session.is_awaited() { carry_out_watched } else { carry_out };
        carry((step, self.candidates.released()), identity.database, &mut self.invalidation, intents);
    }

    /// Does what is left to whoever awaits it: a driver that blocks has an awaited connection, which its program blocks on.
    pub(crate) fn settle_at_once(&self) {
        #[cfg(feature = "async")]
        if let Some(errands) = &self.errands {
            errands.carry_out();
        }
    }

    /// What the step comes to with what else is known of the database.
    fn widened(&self, mut step: Step, identity: Identity) -> Step {
        let changes: &mut ChangeSet = match &mut step {
            Step::Place(changes) | Step::Release(changes, ..) => changes,
        };
        if changes.is_wide() {
            catalogue::forget(identity.database);
        }
        widen(changes, identity.database, self.stage.as_ref());
        step
    }
}

impl Drop for Tracker {
    fn drop(&mut self) {
        let step = self.session.close();
        match (self.stage.take(), step, self.identity) {
            // Nobody is going to commit a test transaction: other tests keep their entries.
            (Some(_), Some(step), Some(identity)) => {
                carry_out((step, &mut Vec::new()), identity.database, &mut self.invalidation, Intents::End);
            }
            (_, step, _) => self.carry_out(step),
        }
        if let Some(identity) = self.identity {
            seen::forget(identity);
        }
        #[cfg(feature = "async")]
        if let Some(errands) = &self.errands {
            errands.post();
        }
    }
}
