//! Seeing every write of a connection: an instrumentation that reads along, and what it makes of it.

mod session;
mod tracker;

pub(crate) use session::Begun;
pub(crate) use tracker::{Tracker, asking, tracker_of, writing};
