//! Seeing every write of a connection: an instrumentation that reads along, and what it makes of it.

mod carry;
mod hooks;
mod plain;
mod rehearsal;
mod session;
mod stage;
mod tracker;

pub(crate) use hooks::Hook;
pub(crate) use session::Begun;
pub(crate) use stage::{is_rehearsed, widen};
pub(crate) use tracker::{Shut, Text, Told, Tracker, asking, questioning, tracker_of, writing};

pub(crate) use carry::ensure;

use carry::carry_out;
