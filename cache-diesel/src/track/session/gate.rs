//! Decides whether reads on a connection may use the cache.

use cache_core::Bypass;

use super::{Manner, Session, Ticket};
use crate::scan::Dialect;

impl Session {
    /// Whether reads may use the cache, and if not, why.
    #[inline]
    pub(crate) fn gate(&self) -> Result<(), Bypass> {
        if !self.takes_effect_at_once() || self.boundary.is_some() {
            return Err(Bypass::Transaction);
        }
        self.gate_setting()
    }

    /// Whether reads that ask for it may be answered from the cache in the open transaction, and if not, why: it must have
    /// written nothing, and nobody may be in doubt of that.
    pub(crate) fn gate_unwritten(&self) -> Result<(), Bypass> {
        let is_in_doubt = !self.transaction.is_clear() || self.boundary.is_some();
        let has_written = !self.pending.is_empty() || !self.under_way.is_settled(self.manner) || self.held.is_some();
        if is_in_doubt || has_written || self.is_declared() {
            return Err(Bypass::Transaction);
        }
        self.gate_setting()
    }

    /// Whether a row that a manager's next statement gives back may be stored once it is committed, and if not, why: it must
    /// be known when that is, and that nothing else is under way.
    pub(crate) fn gate_storing(&self) -> Result<(), Bypass> {
        let is_under_way = self.boundary.is_some() || !self.under_way.is_empty() || self.held.is_some();
        if self.transaction.is_uncertain() || self.is_declared() || is_under_way {
            return Err(Bypass::Transaction);
        }
        self.gate_setting()
    }

    #[inline]
    fn gate_setting(&self) -> Result<(), Bypass> {
        let is_usual = !self.setting.is_particular() && !self.setting.is_nameless();
        if is_usual { Ok(()) } else { Err(Bypass::ParticularSession) }
    }

    /// Whether reads might use the cache if anybody knew which database it is.
    pub(crate) fn lacks_only_a_name(&self) -> bool {
        !self.setting.is_particular() && self.gate() == Err(Bypass::ParticularSession)
    }

    pub(crate) fn is_particular(&self) -> bool {
        self.setting.is_particular()
    }

    #[inline]
    pub(crate) fn is_in_transaction(&self) -> bool {
        self.transaction.is_open()
    }

    /// Whether what is written now counts when its statement returns.
    pub(crate) fn takes_effect_at_once(&self) -> bool {
        !self.transaction.is_open() && !self.transaction.is_uncertain()
    }

    /// Whether nothing is under way: no transaction, no statement, nothing that waits to be told.
    pub(crate) fn is_idle(&self) -> bool {
        let is_open = !self.takes_effect_at_once() || self.boundary.is_some() || self.is_declared();
        !is_open && self.pending.is_empty() && self.under_way.is_settled(self.manner) && self.held.is_none()
    }

    /// Whether statements may be awaited: then nobody may tell their ends.
    pub(crate) fn is_awaited(&self) -> bool {
        self.manner != Manner::Blocking
    }

    /// Whether the end of a statement that gives rows back may be told before it is over. The server of PostgreSQL sends
    /// the first rows of a large answer before it commits.
    pub(crate) fn may_answer_early(&self) -> bool {
        self.manner == Manner::Awaited && self.dialect == Dialect::Postgres
    }

    /// Whether the statement that is under way may fail without anybody being told.
    pub(crate) fn may_have_failed_unseen(&self, ticket: Ticket) -> bool {
        self.dialect == Dialect::Sqlite && self.under_way.get(ticket).is_some_and(|statement| statement.is_returning)
    }
}
