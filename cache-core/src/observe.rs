//! Counts what a cache does, and notifies its listeners.

pub(crate) mod audit;
pub(crate) mod event;
pub(crate) mod journal;
pub(crate) mod listeners;
pub(crate) mod operation;
pub mod report;
pub(crate) mod statistics;
