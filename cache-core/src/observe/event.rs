//! Holds the events of which a cache notifies its listeners.

use core::fmt;
use core::panic::Location;
use core::time::Duration;

use crate::error::Error;
use crate::name::key::{KeyBytes, Kind};
use crate::observe::operation::Operation;
use crate::protocol::breaker::BreakerState;
use crate::protocol::candidate::Unstored;
use crate::protocol::collect::Unkept;
use crate::protocol::miss::Miss;

/// Something that happened in a cache.
///
/// A `key` is [`KeyBytes::of`] the primary key, the unique value, or the key under which a value was set: `key.to_string()`
/// shows it, `KeyBytes::of(&1)` is what it is compared with.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The breaker between the cache and its store changed.
    BreakerChanged {
        /// What it is now.
        state: BreakerState,
    },
    /// A read went to the database without looking at the cache.
    Bypassed {
        /// The manager's name.
        manager: &'a str,
        /// The kind of read.
        kind: Kind,
        /// Why.
        reason: Bypass,
        /// Where the read was asked for.
        location: &'static Location<'static>,
    },
    /// Entries were cleared by hand.
    Cleared {
        /// The manager's name; `None`: the whole cache.
        manager: Option<&'a str>,
    },
    /// A value was computed, and stored.
    Computed {
        /// The function's label; [`Cache::COMPUTED`](crate::Cache::COMPUTED) for values that are computed under a key.
        manager: &'a str,
        /// The key, or the arguments.
        key: &'a str,
        /// Its size in bytes, as far as it is known.
        weight: usize,
        /// How long that took.
        took: Duration,
    },
    /// Connections that are opened from now on are not seen: the program has replaced what sees them. Told once, when it is
    /// noticed.
    DefaultReplaced,
    /// A value was deleted by hand.
    Deleted {
        /// The name that values are counted under.
        manager: &'a str,
        /// The kind of read that it was for.
        kind: Kind,
        /// What it was set under.
        key: KeyBytes,
    },
    /// An entry was found that is not what the database says, though nothing has changed that it depends on. The
    /// [auditor](crate::Cache::audit_counts) or shadow mode has compared the two.
    Differed {
        /// The manager's name.
        manager: &'a str,
        /// The kind of read.
        kind: Kind,
        /// What was read.
        key: KeyBytes,
    },
    /// A read was answered from the cache. Told to those who [ask for it](crate::Cache::listen_to_hits).
    Hit {
        /// The manager's name.
        manager: &'a str,
        /// The kind of read.
        kind: Kind,
        /// What was read.
        key: KeyBytes,
    },
    /// Entries became unreachable because something was written.
    Invalidated {
        /// The tables' SQL names, in order.
        tables: &'a [&'a str],
        /// The rows that the write named, by their tables. Of a table without any, each row may have been written.
        rows: &'a [(&'a str, KeyBytes)],
        /// Whether everything of the database was affected.
        is_wide: bool,
        /// What ended the write.
        cause: Cause,
    },
    /// A read found nothing of use.
    Missed {
        /// The manager's name.
        manager: &'a str,
        /// The kind of read.
        kind: Kind,
        /// What was read.
        key: KeyBytes,
        /// Why.
        cause: Miss,
    },
    /// What was pending has got through: the store is looked at again.
    ReleaseDelivered {
        /// The tables' SQL names, in order.
        tables: &'a [&'a str],
    },
    /// The store has not acknowledged that something was written. Until it has, this process does not look at it; other
    /// processes may serve what was there before.
    ReleasePending {
        /// The tables' SQL names, in order.
        tables: &'a [&'a str],
    },
    /// An entry was stored.
    Stored {
        /// The manager's name.
        manager: &'a str,
        /// The kind of read.
        kind: Kind,
        /// What it is stored for.
        key: KeyBytes,
    },
    /// The store failed; nobody's query did.
    StoreFailed {
        /// What it was asked to do.
        operation: Operation,
        /// What the store said.
        error: &'a Error,
    },
    /// A value was computed, given to whoever asked, and not stored.
    Unkept {
        /// The function's label; [`Cache::COMPUTED`](crate::Cache::COMPUTED) for values that are computed under a key.
        manager: &'a str,
        /// The key, or the arguments.
        key: &'a str,
        /// Why.
        reason: Unkept,
    },
    /// A row that a write gave back was not stored with it.
    Unstored {
        /// The manager's name.
        manager: &'a str,
        /// Why.
        reason: Unstored,
    },
}

/// Why a read did not look at the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Bypass {
    /// The call asked for it.
    Asked,
    /// An entry of the manager was found stale: none is served until the program trusts it again.
    Distrusted,
    /// The query could not be followed: it locks rows, or its tables cannot be told from its text.
    NotFollowed,
    /// No cache is installed under the manager's name.
    NotInstalled,
    /// The query calls a function that may give another result next time.
    NotDeterministic,
    /// The connection was opened before the cache was installed, or its instrumentation was replaced.
    NotTracked,
    /// The cache is switched off.
    Off,
    /// The connection was told something that may change what its queries return.
    ParticularSession,
    /// The connection leads to a replica, which may be behind: what it answered was not stored.
    Replica,
    /// The connection is in a transaction, or it cannot be told whether it is.
    Transaction,
    /// The connection was asked which database it is on, and did not say, or named another one than before.
    Unidentified,
}

/// What ended a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Cause {
    /// The outermost transaction was committed, or may have been.
    Commit,
    /// A transaction was rolled back in which something was not understood.
    Rollback,
    /// A statement outside of transactions returned.
    Statement,
}

impl fmt::Display for Bypass {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Asked => "the call asked for the database (`bypass`)",
            Self::Distrusted => "an entry of the manager was found stale; call `trust_again` once that is mended",
            Self::NotFollowed => "the tables of the query cannot be told from its text, or it locks rows",
            Self::NotInstalled => "no cache is installed under the manager's name",
            Self::NotDeterministic => "the query calls a function that may give another result next time",
            Self::NotTracked => {
                "the connection is not tracked: it was opened before `install`, or its instrumentation was replaced"
            }
            Self::Off => "the cache is switched off",
            Self::ParticularSession => "the connection was told something that may change what its queries return",
            Self::Replica => "the connection leads to a replica, which may be behind: its answer is not stored",
            Self::Transaction => "the connection is in a transaction, or it cannot be told whether it is",
            Self::Unidentified => "the connection did not say which database it is on",
        })
    }
}
