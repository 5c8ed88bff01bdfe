//! Tracks every write of a connection by an instrumentation.

mod candidates;
mod carry;
#[cfg(feature = "async")]
#[cfg_attr(
    not(any(feature = "async-mysql", feature = "async-postgres")),
    allow(dead_code, reason = "connections of SQLite need no tracked ones")
)]
pub(crate) mod errands;
mod hooks;
#[cfg(feature = "async-postgres")]
mod made;
mod plain;
pub(crate) mod precision;
mod rehearsal;
mod session;
mod stage;
mod tracker;

pub(crate) use hooks::Hook;
#[cfg(feature = "async-postgres")]
pub(crate) use made::announced;
pub(crate) use session::{Manner, TransactionOrigin};
pub(crate) use stage::{is_rehearsed, widen};
pub(crate) use tracker::own;
pub(crate) use tracker::own::{OwnStatement, OwnText, WriteResult, writing};
pub(crate) use tracker::placed::Question;
pub(crate) use tracker::shut::Shut;
pub(crate) use tracker::{Tracker, tracker_of, tracker_on, with_tracker};

pub(crate) use carry::ensure;

use carry::{carry_out, carry_out_watched};
