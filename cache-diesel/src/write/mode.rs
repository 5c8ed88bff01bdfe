//! Holds how a write is answered: at once, or by a future.

use core::fmt;

use cache_core::Fingerprint;
use cache_core::protocol::write::Change;

use crate::read::Blocking;
use crate::track::Hook;

/// How a write is answered on connections of a kind.
pub trait WriteMode: Sized + 'static {
    /// A result, or a future of it.
    type Reply<'conn, T: 'conn>;

    /// What is known already.
    #[doc(hidden)]
    fn ready<'conn, T: Send + 'conn>(value: T) -> Self::Reply<'conn, T>;

    /// Makes something else of the result.
    #[doc(hidden)]
    fn map<'conn, T: 'conn, U: 'conn>(
        reply: Self::Reply<'conn, T>,
        then: impl FnOnce(T) -> U + Send + 'conn,
    ) -> Self::Reply<'conn, U>;
}

impl WriteMode for Blocking {
    type Reply<'conn, T: 'conn> = T;

    fn ready<'conn, T: Send + 'conn>(value: T) -> T {
        value
    }

    fn map<'conn, T: 'conn, U: 'conn>(reply: T, then: impl FnOnce(T) -> U + Send + 'conn) -> U {
        then(reply)
    }
}

/// What a statement changes, given how to learn under what the contents of the database are kept.
type Announce<'conn, Statement> =
    Box<dyn FnOnce(&Statement, &mut dyn FnMut() -> Option<Fingerprint>) -> Change + Send + 'conn>;

/// What follows a write, given what came of it.
pub(crate) type Follow<'conn, T> = Box<dyn FnOnce(&T) -> Vec<Hook> + Send + 'conn>;

/// A statement with what it means for the cache.
pub struct Order<'conn, Statement> {
    pub(crate) statement: Statement,
    pub(crate) table: &'static str,
    pub(crate) change: Announce<'conn, Statement>,
    pub(crate) after: Follow<'conn, usize>,
}

impl<Statement> fmt::Debug for Order<'_, Statement> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Order").field("table", &self.table).finish_non_exhaustive()
    }
}
