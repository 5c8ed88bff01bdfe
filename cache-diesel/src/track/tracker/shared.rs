//! Answers for a connection that others use at the same time: nobody has it for himself.

use cache_core::Bypass;
#[cfg(feature = "async-postgres")]
use diesel::connection::InstrumentationEvent;

use super::Tracker;
#[cfg(feature = "async-postgres")]
use super::running::Own;
use super::shut::Shut;
use crate::identity::Identity;
use crate::identity::answer::ServerAnswer;
#[cfg(feature = "async-postgres")]
use crate::track::made::Made;

impl Tracker {
    /// As [`gate`](Self::gate). Whether a transaction is open nobody says but the statements that were seen;
    /// `may_be_inside`: of one that has written nothing.
    pub(crate) fn gate_shared(&mut self, may_be_inside: bool) -> Result<Identity, Shut> {
        if self.stage.is_some() {
            return Err(Bypass::Transaction.into());
        }
        match self.gate_at_first() {
            Err(Shut::Bypass(Bypass::Transaction)) if may_be_inside => Ok(self.gate_unwritten()?),
            answer => answer,
        }
    }

    /// As [`answered`](Self::answered), unless something is under way that counts for the database by its former name.
    pub(crate) fn answered_beside(&mut self, answer: &ServerAnswer) -> Result<Identity, Bypass> {
        if self.may_move() { self.answered(answer) } else { Err(Bypass::Unidentified) }
    }

    /// How many statements have begun that may have begun a transaction, or ended one. `None`: one is open, or such a
    /// statement is under way.
    pub(crate) fn turns(&self) -> Option<u64> {
        self.session.gate().ok()?;
        self.session.turns()
    }

    #[cfg(feature = "async-postgres")]
    pub(crate) fn is_in_transaction(&self) -> bool {
        !self.session.takes_effect_at_once()
    }

    /// Whether `event` is of a statement that is made for a question to the tracker, which is answered now. What a read
    /// makes is known as its own.
    #[cfg(feature = "async-postgres")]
    pub(super) fn is_asked_by(&mut self, event: &InstrumentationEvent<'_>) -> bool {
        let InstrumentationEvent::StartQuery { .. } = event else { return false };
        match Made::take() {
            Made::Nothing => false,
            Made::Question(work) => {
                work(self);
                true
            }
            Made::Read => {
                self.own = Own::Beside;
                false
            }
        }
    }

    /// The statement that is beside others was told of: the next one is another's.
    #[cfg(feature = "async-postgres")]
    pub(super) fn end_beside(&mut self) {
        if let Own::Beside = self.own {
            self.own = Own::Nothing;
        }
    }
}
